import 'fake-indexeddb/auto';

import { expect, it, vi } from 'vitest';

import { keep } from '../session/keeper';
import { resume } from '../session/session.svelte';
import { Locks } from '../testing/locks';
import { emptyDraft } from './draft';
import { removeWaiting, waitingOf } from './queue';
import { flag, waiting } from './sending.svelte';

/** What the phone does while its queue goes out. */
const sendAll = vi.hoisted(() => vi.fn());
vi.mock('./send', () => ({ sendAll }));

it('sends what is flagged while the last of the others goes out', async () => {
  vi.stubGlobal('navigator', { locks: new Locks() });
  await keep({
    who: { subject: 'els', name: '', role: 'reporter', organisation: '', zones: [] },
    token: 't',
    renewAt: Date.now() + 3_600_000,
    renewal: { by: 'signing_in' },
  });
  await resume();
  const send = async (owner: string): Promise<{ is: 'done' }> => {
    for (const { id } of await waitingOf(owner)) await removeWaiting(id);
    return { is: 'done' };
  };
  sendAll.mockImplementation(send);
  sendAll.mockImplementationOnce(async (owner: string) => {
    const done = await send(owner);
    await flag(emptyDraft());
    // What it began by itself found that something is under way, and is over.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return done;
  });
  await flag(emptyDraft());
  await vi.waitFor(() => expect(sendAll).toHaveBeenCalledTimes(2));
  await vi.waitFor(() => expect(waiting()).toEqual([]));
});
