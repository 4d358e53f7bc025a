/** Brings the queue to the server. Used by the page and by the service worker, one at a time. */
import { create, timestampFromDate, type Problem } from '@knipperlicht/client';
import { SignalSchema } from '@knipperlicht/client/intake';

import { ask, intakeOf } from '../api/calls';
import { caught } from '../api/problem';
import { serverNow } from '../api/clock';
import { fromReceipt } from '../signals/status';
import { alone, putWaiting, received, waitingOf } from './queue';
import { afterRefusal, dated, fieldsOf, type Waiting } from './waiting';

/** Signals in one call: with the longest notes still far below what the server takes at once. */
const AT_ONCE = 20;
/** Rounds in one go: a queue that does not get shorter waits for the next one. */
const ROUNDS = 50;

/** How it went. */
export type Sent =
  /** Nothing waits any more but what has to be mended. */
  | { is: 'done' }
  /** Something waits, and why. */
  | { is: 'waiting'; problem: Problem | undefined };

/** Sends what waits. Sending the same twice is harmless, so whatever went wrong is sent again. */
export async function sendAll(owner: string): Promise<Sent> {
  return alone(async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const all = await waitingOf(owner);
      const next = all.filter((one) => one.state.is === 'waiting').slice(0, AT_ONCE);
      if (next.length === 0) return { is: 'done' };
      try {
        const gone = await sendSome(owner, next);
        if (gone === 0) return { is: 'waiting', problem: undefined };
      } catch (thrown) {
        return { is: 'waiting', problem: caught(thrown) };
      }
    }
    return { is: 'waiting', problem: undefined };
  });
}

/** Sends these. Returns how many of them wait no longer. */
async function sendSome(owner: string, next: readonly Waiting[]): Promise<number> {
  const now = Date.now();
  const ready = await Promise.all(
    next.map(async (one) => {
      const sent = dated(one, now, serverNow(now));
      // What is said of its moment is kept before it is said.
      if (sent !== one) await putWaiting(owner, sent);
      return sent;
    }),
  );
  const signals = ready.map((one) =>
    create(SignalSchema, { ...fieldsOf(one), reportedAt: timestampFromDate(new Date(one.reportedAt ?? now)) }),
  );
  // Alone, a signal goes on in the trace that began with the tap.
  const headers = ready.length === 1 && ready[0] ? { traceparent: ready[0].traceparent } : {};
  const { results } = await ask(async () => (await intakeOf(owner)).submitSignals({ signals }, { headers }));

  let gone = 0;
  for (const [at, one] of ready.entries()) {
    const result = results[at]?.result;
    if (result?.case === 'receipt') {
      await received(owner, fromReceipt(result.value, one.draft), one.id);
      gone += 1;
    } else if (result?.case === 'refusal') {
      const after = afterRefusal(one, result.value);
      if (after !== one) await putWaiting(owner, after);
      if (after.state.is === 'refused') gone += 1;
    }
  }
  return gone;
}
