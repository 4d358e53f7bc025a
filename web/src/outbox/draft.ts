import { Consent, Observation } from '@knipperlicht/client/codes';

/** How to reach the carer, as typed. */
export interface Contact {
  firstName: string;
  familyName: string;
  phone: string;
  mail: string;
  address: string;
  birthYear: string;
  nationalNumber: string;
}

/** A signal as somebody fills it in. Codes are those of the contracts; 0 is not said. */
export interface Draft {
  observations: number[];
  postalCode: string;
  role: number;
  consent: number;
  vitalInterestReason: string;
  language: number;
  ageBand: number;
  contact: Contact;
  note: string;
}

export function emptyDraft(): Draft {
  return {
    observations: [],
    postalCode: '',
    role: 0,
    consent: 0,
    vitalInterestReason: '',
    language: 1,
    ageBand: 0,
    contact: { firstName: '', familyName: '', phone: '', mail: '', address: '', birthYear: '', nationalNumber: '' },
    note: '',
  };
}

/** Characters at most, as the server counts them. */
export const LONGEST = {
  firstName: 90,
  familyName: 100,
  phone: 40,
  mail: 200,
  address: 300,
  nationalNumber: 40,
  note: 2000,
  vitalInterestReason: 2000,
} as const;

/** Where in a draft something is wrong: the name of its control. */
export type FaultField =
  | 'observations'
  | 'postalCode'
  | 'role'
  | 'consent'
  | 'vitalInterestReason'
  | 'note'
  | keyof Contact;

/** What is wrong there: the name of a sentence. */
export type Fault =
  | 'nothing_noticed'
  | 'no_role'
  | 'no_consent'
  | 'no_reason'
  | 'too_long'
  | 'phone'
  | 'mail'
  | 'birth_year'
  | 'national_number';

/** A postal code says what is wrong with it itself (`judge`). */
export type Faults = Partial<Record<Exclude<FaultField, 'postalCode'>, Fault> & { postalCode: 'postal_code' }>;

/** What is wrong with who it is and how to reach them. Left out is fine. */
export function contactFaults(contact: Contact, thisYear: number): Faults {
  const faults: Faults = {};
  const lengths = ['firstName', 'familyName', 'phone', 'mail', 'address', 'nationalNumber'] as const;
  for (const field of lengths) if ([...contact[field]].length > LONGEST[field]) faults[field] = 'too_long';
  if (contact.phone.trim() !== '' && !isPhone(contact.phone)) faults.phone ??= 'phone';
  if (contact.mail.trim() !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(contact.mail.trim())) faults.mail ??= 'mail';
  const year = contact.birthYear.trim();
  if (year !== '' && !(/^\d{4}$/.test(year) && Number(year) >= 1900 && Number(year) <= thisYear)) faults.birthYear = 'birth_year';
  if (contact.nationalNumber.trim() !== '' && !isNationalNumber(contact.nationalNumber)) faults.nationalNumber ??= 'national_number';
  return faults;
}

/** Nine digits to fifteen, however they are written. */
function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '').length;
  return /^[\d\s+./()-]+$/.test(text) && digits >= 9 && digits <= 15;
}

/** The check digits of a national number: 97 less the rest of dividing the first nine digits by 97, with a
 * 2 before them for who was born from 2000 on. */
export function isNationalNumber(text: string): boolean {
  const digits = text.replace(/[\s.-]/g, '');
  if (!/^\d{11}$/.test(digits)) return false;
  const check = Number(digits.slice(9));
  return ['', '2'].some((century) => 97 - (Number(century + digits.slice(0, 9)) % 97) === check);
}

/** What is wrong with the answer to "may we". */
export function consentFaults(draft: Draft): Faults {
  if (draft.consent === 0) return { consent: 'no_consent' };
  if (draft.consent !== Consent.VITAL_INTEREST) return {};
  const reason = draft.vitalInterestReason.trim();
  if (reason === '') return { vitalInterestReason: 'no_reason' };
  return [...reason].length > LONGEST.vitalInterestReason ? { vitalInterestReason: 'too_long' } : {};
}

export function noteFaults(draft: Draft): Faults {
  return [...draft.note].length > LONGEST.note ? { note: 'too_long' } : {};
}

/** A vital interest is for what cannot wait: where nothing of that was noticed it is not offered. */
export function hasRedFlag(observations: readonly number[]): boolean {
  return observations.some((one) => RED_FLAGS.includes(one));
}

const RED_FLAGS: readonly number[] = [
  Observation.SUSPECTED_ROUGH_CARE_OR_NEGLECT,
  Observation.FEAR_OF_VIOLENCE,
  Observation.SUICIDAL_TALK,
];

export interface Helpline {
  number: string;
  purpose: string;
}

/** Whom to call now, by what was noticed: the same list as the receipt's, for a phone without network. */
export function callNow(observations: readonly number[]): Helpline[] {
  const seen = (one: number): boolean => observations.includes(one);
  const lines: Helpline[] = [];
  const add = (number: string, purpose: string, isNeeded: boolean): void => {
    if (isNeeded) lines.push({ number, purpose });
  };
  add('112', 'life', seen(Observation.SUICIDAL_TALK) || seen(Observation.FEAR_OF_VIOLENCE));
  add('1813', 'suicide', seen(Observation.SUICIDAL_TALK));
  add('1712', 'violence', seen(Observation.FEAR_OF_VIOLENCE) || seen(Observation.SUSPECTED_ROUGH_CARE_OR_NEGLECT));
  add('106', 'listening', hasRedFlag(observations));
  return lines;
}

/** Whose name may be passed on, now or later: after a no it is not even kept on the way. */
export function mayCarryContact(consent: number): boolean {
  return consent !== Consent.REFUSED;
}
