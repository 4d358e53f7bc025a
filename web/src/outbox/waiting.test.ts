import { Consent } from '@knipperlicht/client/codes';
import { describe, expect, it } from 'vitest';

import { emptyDraft } from './draft';
import { afterRefusal, dated, fieldsOf, mended, momentNoticed, type Waiting } from './waiting';

const HOUR = 3_600_000;
const SERVER = new Date('2026-11-23T12:00:00Z');
const waiting: Waiting = {
  id: 'a',
  draft: { ...emptyDraft(), postalCode: ' 8400 ', consent: Consent.GIVEN },
  noticedAt: 1000 * HOUR,
  traceparent: 't',
  state: { is: 'waiting' },
};

describe('when it was noticed', () => {
  it('is counted back from the server, however wrong the phone is', () => {
    expect(momentNoticed(1000 * HOUR, 1003 * HOUR, SERVER).toISOString()).toBe('2026-11-23T09:00:00.000Z');
    const yearsAhead = SERVER.getTime() + 10_000 * 24 * HOUR;
    expect(momentNoticed(yearsAhead, yearsAhead + HOUR, SERVER).toISOString()).toBe('2026-11-23T11:00:00.000Z');
  });

  it('is never ahead, and never older than the server takes, when the clock was set in between', () => {
    expect(momentNoticed(2000 * HOUR, 1000 * HOUR, SERVER)).toEqual(SERVER);
    const oldest = momentNoticed(0, 99_999 * HOUR, SERVER);
    expect(SERVER.getTime() - oldest.getTime()).toBeLessThan(90 * 24 * HOUR);
  });

  it('stays as it was first said', () => {
    const first = dated(waiting, 1001 * HOUR, SERVER);
    expect(dated(first, 1009 * HOUR, new Date('2030-01-01'))).toBe(first);
  });
});

describe('what is sent', () => {
  it('is trimmed, and says nothing that was not filled in', () => {
    const fields = fieldsOf(waiting);
    expect(fields.postalCode).toBe('8400');
    expect(fields).not.toHaveProperty('contact');
  });

  it('joins the name and reads the year', () => {
    const contact = { ...emptyDraft().contact, firstName: ' Maria', familyName: 'Peeters ', birthYear: '1958' };
    expect(fieldsOf({ ...waiting, draft: { ...waiting.draft, contact } }).contact).toMatchObject({
      name: 'Maria Peeters',
      familyName: 'Peeters',
      birthYear: 1958,
    });
  });

  it('carries no name after a no, and no reason without danger', () => {
    const contact = { ...emptyDraft().contact, phone: '0470 12 34 56' };
    const draft = { ...waiting.draft, contact, consent: Consent.REFUSED, vitalInterestReason: 'x' };
    const fields = fieldsOf({ ...waiting, draft });
    expect(fields).not.toHaveProperty('contact');
    expect(fields.vitalInterestReason).toBe('');
  });
});

describe('a refusal', () => {
  it('that passes leaves it waiting', () => {
    expect(afterRefusal(waiting, { code: 'KL1019', field: '' })).toBe(waiting);
  });

  it('of its moment is said anew, once', () => {
    const sent = dated(waiting, 1001 * HOUR, undefined);
    const again = afterRefusal(sent, { code: 'KL1010', field: 'signal.reported_at' });
    expect(again).toEqual({ ...waiting, redated: true });
    const refused = afterRefusal(dated(again, 1002 * HOUR, undefined), { code: 'KL1010', field: '' });
    expect(refused.state).toMatchObject({ is: 'refused', code: 'KL1010' });
  });

  it('is kept with its reason until somebody mends it, under the same id', () => {
    const refused = afterRefusal(waiting, { code: 'KL1006', field: 'signal.postal_code' });
    expect(refused.state).toEqual({ is: 'refused', code: 'KL1006', field: 'signal.postal_code' });
    const again = mended(refused, { ...refused.draft, postalCode: '8400' }, () => 'b');
    expect(again).toMatchObject({ id: 'a', state: { is: 'waiting' }, draft: { postalCode: '8400' } });
    const taken = afterRefusal(waiting, { code: 'KL1012', field: 'signal.signal_id' });
    expect(mended(taken, waiting.draft, () => 'b').id).toBe('b');
  });
});
