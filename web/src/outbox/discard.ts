/** Throwing away what waits on the phone. Nobody is told that it is gone while the server has it. */
import type { SignalStatus } from '@knipperlicht/client/intake';

import { ask, intakeOf } from '../api/calls';
import { caught } from '../api/problem';
import { fromStatus } from '../signals/status';
import { alone, knownOf, received, removeWaiting, waitingOf } from './queue';
import { mayBeThere } from './waiting';

/** What became of it: it is nowhere any more, or the server has it, who alone can take it back. */
export type Discarded = 'gone' | 'received';

/** Throws it away, unless the server has it. Fails where that cannot be found out now. */
export async function discardOf(owner: string, id: string): Promise<Discarded> {
  return alone(async () => {
    const waiting = (await waitingOf(owner)).find((one) => one.id === id);
    // Until its turn came it may have been sent.
    if (!waiting) return (await knownOf(owner)).some((one) => one.id === id) ? 'received' : 'gone';
    const status = mayBeThere(waiting) ? await statusOf(owner, id) : undefined;
    const known = status && fromStatus(status);
    if (known) await received(owner, known, id);
    else await removeWaiting(id);
    return known ? 'received' : 'gone';
  });
}

async function statusOf(owner: string, signalId: string): Promise<SignalStatus | undefined> {
  try {
    return (await ask(async () => (await intakeOf(owner)).getSignal({ signalId }))).signal;
  } catch (thrown) {
    if (caught(thrown).kind === 'not_found') return undefined;
    throw thrown;
  }
}
