import { create } from '@knipperlicht/client';
import { Consent, Step } from '@knipperlicht/client/codes';
import { SignalStatusSchema } from '@knipperlicht/client/intake';
import { describe, expect, it } from 'vitest';

import { fromStatus, isKept, isOpen, merged, momentOf, ordered, possible, unseen, type Known } from './status';

function known(consent: number, ...steps: number[]): Known {
  return {
    id: 'a',
    situationId: 's',
    zoneName: 'Gent',
    receivedAt: '2026-11-23T12:00:00.000Z',
    observations: [1],
    consent,
    step: steps.at(-1) ?? Step.RECEIVED,
    progress: [Step.RECEIVED, ...steps].map((step) => ({ step, at: '2026-11-23T12:00:00.000Z', nanos: 0, outcome: 0, seen: step === Step.RECEIVED })),
    callNow: [],
    advice: [],
  };
}

describe('what a reporter may do', () => {
  it('take it back, until somebody accepted', () => {
    expect(possible(known(Consent.GIVEN, Step.REFERRED)).withdraw).toBe(true);
    expect(possible(known(Consent.GIVEN, Step.REFERRED, Step.ACCEPTED, Step.CONTACTED)).withdraw).toBe(false);
    expect(possible(known(Consent.GIVEN, Step.WITHDRAWN))).toEqual({ withdraw: false, notBetter: false, consents: [], objection: false });
  });

  it('say that it is not better, once it was closed', () => {
    expect(possible(known(Consent.GIVEN, Step.ACCEPTED)).notBetter).toBe(false);
    expect(possible(known(Consent.GIVEN, Step.ACCEPTED, Step.CLOSED)).notBetter).toBe(true);
    expect(possible(known(Consent.GIVEN, Step.ACCEPTED, Step.CLOSED, Step.REOPENED)).notBetter).toBe(false);
  });

  it('write down that the cared-for person objects, for as long as it stands', () => {
    expect(possible(known(Consent.GIVEN, Step.REFERRED)).objection).toBe(true);
    expect(possible(known(Consent.GIVEN, Step.ERASED)).objection).toBe(false);
  });

  it('record what the carer says since, never that nobody asked', () => {
    expect(possible(known(Consent.NOT_ASKED)).consents).toEqual([Consent.GIVEN, Consent.REFUSED]);
    expect(possible(known(Consent.GIVEN)).consents).toEqual([Consent.WITHDRAWN]);
    expect(possible(known(Consent.REFUSED, Step.NOT_SHARED)).consents).toEqual([Consent.GIVEN]);
    expect(possible(known(Consent.GIVEN, Step.ERASED)).consents).toEqual([]);
  });
});

it('is open until nothing more happens, and says what was not seen', () => {
  expect(isOpen(known(Consent.GIVEN, Step.REFERRED))).toBe(true);
  expect(isOpen(known(Consent.REFUSED, Step.NOT_SHARED))).toBe(false);
  expect(unseen(known(Consent.GIVEN, Step.REFERRED)).map((one) => one.step)).toEqual([Step.REFERRED]);
});

it('stays on the phone for as long as it goes on, and half a year after', () => {
  const later = (days: number): Date => new Date(Date.parse('2026-11-23T12:00:00.000Z') + days * 86_400_000);
  expect(isKept(known(Consent.GIVEN, Step.REFERRED), later(2000))).toBe(true);
  expect(isKept(known(Consent.GIVEN, Step.CLOSED), later(179))).toBe(true);
  expect(isKept(known(Consent.GIVEN, Step.CLOSED), later(181))).toBe(false);
  expect(isKept(known(Consent.GIVEN, Step.ERASED), later(181))).toBe(false);
});

describe('what is known', () => {
  const advice = [{ language: 1, title: 'Vraag het', lines: ['Rustig.'] }];
  const receipt = { ...known(Consent.NOT_ASKED), advice };

  it('keeps the advice of the receipt, for as long as the carer says the same', () => {
    const step = known(Consent.NOT_ASKED, Step.WAITING_FOR_CONSENT);
    expect(merged(receipt, step)).toEqual({ ...step, advice });
    expect(merged(receipt, known(Consent.GIVEN, Step.REFERRED)).advice).toEqual([]);
  });

  it('goes no step back when the receipt comes last', () => {
    const step = known(Consent.NOT_ASKED, Step.WAITING_FOR_CONSENT);
    expect(merged(step, receipt)).toEqual({ ...step, advice });
    expect(merged(undefined, receipt)).toBe(receipt);
  });
});

it('knows a step again by its exact moment', () => {
  const at = { seconds: 1_795_000_000n, nanos: 123_456_789 };
  const status = create(SignalStatusSchema, { receipt: { signalId: 'a' }, progress: [{ step: Step.REFERRED, at }] });
  expect(momentOf(fromStatus(status)!.progress[0]!)).toEqual(at);
});

it('lists the newest first', () => {
  const earlier = { ...known(1), id: 'b', receivedAt: '2026-11-22T12:00:00.000Z' };
  expect(ordered([earlier, known(1)]).map((one) => one.id)).toEqual(['a', 'b']);
});
