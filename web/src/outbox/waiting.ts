import { Consent } from '@knipperlicht/client/codes';

import { mayCarryContact, type Contact, type Draft } from './draft';

/** A signal that the server does not have yet. */
export interface Waiting {
  /** The signal's id, made on the phone: sent twice it is one signal. */
  id: string;
  draft: Draft;
  /** When it was noticed, by the phone's clock: good for how long it waited, not for what time it was. */
  noticedAt: number;
  /** What the server is told of when it was noticed. Once said it stays, for what is sent again must be
   * the same signal. */
  reportedAt?: string;
  /** Whether that was refused and said anew. */
  redated?: true;
  /** The trace that began with the tap. */
  traceparent: string;
  state: { is: 'waiting' } | { is: 'refused'; code: string; field: string };
}

const OLDEST = 89 * 86_400_000;

/** When something was noticed that waited on the phone: how long ago by the phone's own clock, counted
 * back from the server's. A phone whose clock was wrong all the time is right so; one whose clock was
 * set in between can be off by no more than the server takes for a signal. */
export function momentNoticed(noticedAt: number, phoneNow: number, serverNow: Date | undefined): Date {
  const waited = Math.min(Math.max(0, phoneNow - noticedAt), OLDEST);
  return new Date((serverNow?.getTime() ?? phoneNow) - waited);
}

/** The waiting signal as the first attempt sends it: from then on its content stays. */
export function dated(waiting: Waiting, phoneNow: number, serverNow: Date | undefined): Waiting {
  if (waiting.reportedAt !== undefined) return waiting;
  return { ...waiting, reportedAt: momentNoticed(waiting.noticedAt, phoneNow, serverNow).toISOString() };
}

/** Whether the server may have it: it was on its way once, and no answer came. */
export function mayBeThere(waiting: Waiting): boolean {
  return waiting.reportedAt !== undefined && waiting.state.is === 'waiting';
}

/** The fields of the message, without its times. */
export function fieldsOf(waiting: Waiting) {
  const { draft } = waiting;
  return {
    signalId: waiting.id,
    observations: draft.observations,
    postalCode: draft.postalCode.trim(),
    reporterRole: draft.role,
    consent: draft.consent,
    vitalInterestReason: draft.consent === Consent.VITAL_INTEREST ? draft.vitalInterestReason.trim() : '',
    language: draft.language,
    ageBand: draft.ageBand,
    note: draft.note.trim(),
    ...(mayCarryContact(draft.consent) && hasContact(draft.contact) ? { contact: contactOf(draft.contact) } : {}),
  };
}

function hasContact(contact: Contact): boolean {
  return Object.values(contact).some((value) => value.trim() !== '');
}

function contactOf(contact: Contact) {
  return {
    name: [contact.firstName, contact.familyName].map((part) => part.trim()).filter(Boolean).join(' '),
    familyName: contact.familyName.trim(),
    phone: contact.phone.trim(),
    mail: contact.mail.trim(),
    address: contact.address.trim(),
    nationalNumber: contact.nationalNumber.trim(),
    birthYear: Number(contact.birthYear.trim() || 0),
  };
}

/** Refusals that pass by themselves: too busy, or something is away. */
const PASSING = new Set(['KL0021', 'KL0022', 'KL1019', 'KL1020', 'KL1021', 'KL1022', 'KL6002', 'KL6007']);
/** The moment that was said cannot be: a clock that was set. Nothing was stored, so another one may be said. */
const WRONG_MOMENT = 'KL1010';

/** What becomes of a signal that the server refused. */
export function afterRefusal(waiting: Waiting, refusal: { code: string; field: string }): Waiting {
  if (PASSING.has(refusal.code)) return waiting;
  if (refusal.code === WRONG_MOMENT) {
    // By now the server's clock is known. Where it is not, somebody has to look at the phone's.
    const { reportedAt: _, ...undated } = waiting;
    if (!waiting.redated) return { ...undated, redated: true };
  }
  return { ...waiting, state: { is: 'refused', code: refusal.code, field: refusal.field } };
}

/** A refused signal that somebody mended. Nothing of it was stored, so it keeps its id, unless the id
 * itself was the fault. */
export function mended(waiting: Waiting, draft: Draft, newId: () => string): Waiting {
  const { reportedAt: _reported, redated: _redated, ...rest } = waiting;
  const isIdTaken = waiting.state.is === 'refused' && waiting.state.code === 'KL1012';
  return { ...rest, id: isIdTaken ? newId() : waiting.id, draft, state: { is: 'waiting' } };
}
