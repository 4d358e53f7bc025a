import { Consent, Observation } from '@knipperlicht/client/codes';
import { describe, expect, it } from 'vitest';

import { callNow, consentFaults, contactFaults, emptyDraft, isNationalNumber, noteFaults } from './draft';

const contact = emptyDraft().contact;

describe('how to reach somebody', () => {
  it('may be left out, and is read however it is written', () => {
    expect(contactFaults(contact, 2026)).toEqual({});
    for (const phone of ['0470 12 34 56', '+32 (0)470/12.34.56', '0032470123456', '059 12 34 56']) {
      expect(contactFaults({ ...contact, phone }, 2026), phone).toEqual({});
    }
  });

  it('says what is wrong, each field by itself', () => {
    const wrong = { ...contact, phone: 'bij de buren', mail: 'maria', birthYear: '58', nationalNumber: '1', address: 'x'.repeat(301) };
    expect(contactFaults(wrong, 2026)).toEqual({
      phone: 'phone',
      mail: 'mail',
      birthYear: 'birth_year',
      nationalNumber: 'national_number',
      address: 'too_long',
    });
    for (const birthYear of ['1899', '2027', '19x8']) expect(contactFaults({ ...contact, birthYear }, 2026)).toHaveProperty('birthYear');
    expect(contactFaults({ ...contact, phone: '112' }, 2026)).toHaveProperty('phone');
  });

  it('knows a national number by its check digits', () => {
    expect(isNationalNumber('85.07.30-033.28')).toBe(true);
    expect(isNationalNumber('85.07.30-033.29')).toBe(false);
    expect(isNationalNumber('00012511148')).toBe(97 - (2000125111 % 97) === 48);
    expect(isNationalNumber('850730')).toBe(false);
  });
});

describe('what the carer said', () => {
  it('is asked for, and danger needs its reason', () => {
    const draft = emptyDraft();
    expect(consentFaults(draft)).toEqual({ consent: 'no_consent' });
    expect(consentFaults({ ...draft, consent: Consent.GIVEN })).toEqual({});
    expect(consentFaults({ ...draft, consent: Consent.VITAL_INTEREST, vitalInterestReason: ' ' })).toEqual({
      vitalInterestReason: 'no_reason',
    });
    expect(consentFaults({ ...draft, consent: Consent.VITAL_INTEREST, vitalInterestReason: 'ligt op de grond' })).toEqual({});
    expect(noteFaults({ ...draft, note: '€'.repeat(2000) })).toEqual({});
    expect(noteFaults({ ...draft, note: '€'.repeat(2001) })).toEqual({ note: 'too_long' });
  });
});

it('tells whom to call, as the receipt does', () => {
  const numbers = (...observations: number[]) => callNow(observations).map((line) => line.number);
  expect(numbers(Observation.EXHAUSTED)).toEqual([]);
  expect(numbers(Observation.SUICIDAL_TALK)).toEqual(['112', '1813', '106']);
  expect(numbers(Observation.SUSPECTED_ROUGH_CARE_OR_NEGLECT)).toEqual(['1712', '106']);
  expect(numbers(Observation.FEAR_OF_VIOLENCE, Observation.SUICIDAL_TALK)).toEqual(['112', '1813', '1712', '106']);
});
