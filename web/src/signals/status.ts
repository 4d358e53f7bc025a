import { timestampDate, type Timestamp } from '@knipperlicht/client';
import { Consent, Step } from '@knipperlicht/client/codes';
import type { Receipt, SignalStatus } from '@knipperlicht/client/intake';

/** One step of a signal's way, as it is kept on the phone. */
export interface KnownStep {
  step: number;
  at: string;
  /** The part of a second, as the server says it: it knows a step again by its exact moment. */
  nanos: number;
  outcome: number;
  seen: boolean;
}

/** What the server said of a signal: nothing that says who it is about. */
export interface Known {
  id: string;
  situationId: string;
  zoneName: string;
  receivedAt: string;
  observations: number[];
  consent: number;
  step: number;
  progress: KnownStep[];
  callNow: { number: string; purpose: string }[];
  advice: { language: number; title: string; lines: string[] }[];
}

const iso = (time: Timestamp | undefined): string => (time ? timestampDate(time).toISOString() : '');

/** A signal whose receipt came just now: received, and nothing else is known yet. */
export function fromReceipt(receipt: Receipt, sent: { observations: number[]; consent: number }): Known {
  const receivedAt = iso(receipt.receivedAt);
  return {
    id: receipt.signalId,
    situationId: receipt.situationId,
    zoneName: receipt.zoneName,
    receivedAt,
    observations: sent.observations,
    consent: sent.consent,
    step: Step.RECEIVED,
    progress: [{ step: Step.RECEIVED, at: receivedAt, nanos: receipt.receivedAt?.nanos ?? 0, outcome: 0, seen: false }],
    callNow: receipt.callNow.map(({ number, purpose }) => ({ number, purpose })),
    advice: (receipt.advice?.texts ?? []).map(({ language, title, lines }) => ({ language, title, lines })),
  };
}

/** A signal as the server tells it, without advice: that goes with a receipt. */
export function fromStatus(status: SignalStatus): Known | undefined {
  const { receipt } = status;
  if (!receipt) return undefined;
  const told = fromReceipt(receipt, { observations: status.observations, consent: status.consent });
  return {
    ...told,
    step: status.step,
    progress: status.progress.map((one) => ({
      step: one.step,
      at: iso(one.at),
      nanos: one.at?.nanos ?? 0,
      outcome: one.outcome,
      seen: one.seenAt !== undefined,
    })),
  };
}

/** What is known now, of what was known and what was just heard. A receipt may come after steps that
 * followed it, and advice comes with a receipt alone. */
export function merged(before: Known | undefined, next: Known): Known {
  if (!before) return next;
  const isLate = next.progress.length < before.progress.length && next.step === Step.RECEIVED;
  const newer = isLate ? before : next;
  const advised = [next, before].find((one) => one.advice.length > 0 && one.consent === newer.consent);
  return { ...newer, advice: advised?.advice ?? [] };
}

const ENDED: readonly number[] = [Step.CLOSED, Step.CONFIRMED, Step.WITHDRAWN, Step.NOT_REFERRED, Step.NOT_SHARED, Step.ERASED];

/** Whether something may still happen. */
export function isOpen(known: Known): boolean {
  return !ENDED.includes(known.step);
}

/** What ended stays on the phone for so long, in days: the carer was asked by then whether it helped. */
const KEPT_AFTER_END = 180;

/** Whether the phone goes on showing it: nothing stays longer than somebody has use for it. */
export function isKept(known: Known, now: Date): boolean {
  const last = Date.parse(known.progress.at(-1)?.at ?? known.receivedAt);
  return isOpen(known) || !(now.getTime() - last > KEPT_AFTER_END * 86_400_000);
}

/** What a reporter may do with it now. The server decides; this spares them what it would refuse. */
export interface Possible {
  withdraw: boolean;
  notBetter: boolean;
  consents: readonly number[];
  /** Whether what the cared-for person says of it can be written down. */
  objection: boolean;
}

export function possible(known: Known): Possible {
  const steps = known.progress.map((one) => one.step);
  const isOver = steps.includes(Step.WITHDRAWN) || steps.includes(Step.ERASED);
  const turning = steps.filter((step) => [Step.CLOSED, Step.CONFIRMED, Step.REOPENED, Step.WITHDRAWN].includes(step)).at(-1);
  return {
    withdraw: !isOver && !steps.includes(Step.ACCEPTED),
    notBetter: !isOver && (turning === Step.CLOSED || turning === Step.CONFIRMED),
    consents: isOver ? [] : (CONSENTS.get(known.consent) ?? []),
    objection: !isOver,
  };
}

const CONSENTS: ReadonlyMap<number, readonly number[]> = new Map([
  [Consent.NOT_ASKED, [Consent.GIVEN, Consent.REFUSED]],
  [Consent.GIVEN, [Consent.WITHDRAWN]],
  [Consent.REFUSED, [Consent.GIVEN]],
  [Consent.WITHDRAWN, [Consent.GIVEN]],
  [Consent.VITAL_INTEREST, [Consent.GIVEN, Consent.WITHDRAWN]],
]);

/** The exact moment of a step, as the server said it. */
export function momentOf(step: KnownStep): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(Date.parse(step.at) / 1000)), nanos: step.nanos };
}

/** Steps that were told and not seen yet. */
export function unseen(known: Known): KnownStep[] {
  return known.progress.filter((one) => !one.seen);
}

/** How serious a step looks: what is done, what goes on, what somebody should look at. */
export function toneOf(step: number): 'ok' | 'info' | 'warn' | 'plain' {
  switch (step) {
    case Step.ACCEPTED:
    case Step.CONTACTED:
    case Step.CLOSED:
    case Step.CONFIRMED:
      return 'ok';
    case Step.WAITING_FOR_CONSENT:
    case Step.WAITING_LONGER:
    case Step.ESCALATED:
    case Step.REOPENED:
      return 'warn';
    case Step.WITHDRAWN:
    case Step.NOT_SHARED:
    case Step.NOT_REFERRED:
    case Step.ERASED:
      return 'plain';
    default:
      return 'info';
  }
}

/** Newest first. */
export function ordered(all: Iterable<Known>): Known[] {
  return [...all].sort((one, other) => other.receivedAt.localeCompare(one.receivedAt) || other.id.localeCompare(one.id));
}
