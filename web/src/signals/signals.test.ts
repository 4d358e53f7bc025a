import 'fake-indexeddb/auto';

import { create, timestampFromDate } from '@knipperlicht/client';
import { Step } from '@knipperlicht/client/codes';
import { SignalStatusSchema, type SignalStatus } from '@knipperlicht/client/intake';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { ownerOf } from '../store/vault';
import { Locks } from '../testing/locks';
import { knownOf, putKnown } from '../outbox/queue';
import { keep } from '../session/keeper';
import { resume } from '../session/session.svelte';
import { learn, watchSignals } from './signals.svelte';

/** What the server lists, page by page, and how often it was asked. */
const list = vi.hoisted(() => ({ pages: [] as unknown[][], asked: 0 }));
vi.mock('../api/calls', () => ({
  ask: (call: () => Promise<unknown>) => call(),
  intakeOf: async () => ({
    listMySignals: async ({ pageToken }: { pageToken: string }) => {
      list.asked += 1;
      const at = Number(pageToken);
      return { signals: list.pages[at] ?? [], nextPageToken: at + 1 < list.pages.length ? String(at + 1) : '' };
    },
  }),
}));
// A stream that is open, and says nothing.
vi.mock('../api/live', () => ({
  live: ({ state }: { state: (state: { is: string }) => void }) => {
    state({ is: 'live' });
    return () => undefined;
  },
}));
vi.mock('../outbox/queue', async (load) => {
  const queue = await load<typeof import('../outbox/queue')>();
  return { ...queue, putKnown: vi.fn(queue.putKnown) };
});
vi.mock('../turn', () => ({ turn: () => Promise.resolve() }));

const DAY = 86_400_000;

function status(signalId: string, step: number, daysAgo = 0): SignalStatus {
  const at = timestampFromDate(new Date(Date.now() - daysAgo * DAY));
  return create(SignalStatusSchema, { receipt: { signalId, receivedAt: at }, step, progress: [{ step, at }] });
}

/** Somebody uses the app: each test somebody else. */
let owner = '';
let people = 0;
beforeEach(async () => {
  vi.stubGlobal('navigator', { locks: new Locks() });
  people += 1;
  const subject = `person-${people}`;
  await keep({
    who: { subject, name: '', role: 'reporter', organisation: '', zones: [] },
    token: 't',
    renewAt: Date.now() + DAY,
    renewal: { by: 'signing_in' },
  });
  await resume();
  owner = await ownerOf(subject);
});

const ids = async (): Promise<string[]> => (await knownOf(owner)).map(({ id }) => id).sort();

describe('what the server says', () => {
  it('is kept although the phone closed its database in between', async () => {
    vi.mocked(putKnown).mockRejectedValueOnce(new DOMException('The database connection is closing.', 'InvalidStateError'));
    await expect(learn(status('a', Step.REFERRED))).rejects.toThrow('closing');
    await learn(status('b', Step.RECEIVED));
    expect(await ids()).toEqual(['a', 'b']);
  });

  it('of older signals comes from its list, and what it has no more goes', async () => {
    await learn(status('gone', Step.REFERRED, 300));
    await learn(status('newest', Step.REFERRED));
    list.pages = [[status('newest', Step.REFERRED), status('ended', Step.CLOSED, 200)], [status('older', Step.ACCEPTED, 300)]];
    list.asked = 0;
    const end = watchSignals();
    await vi.waitFor(async () => expect(await ids()).toEqual(['newest', 'older']));
    end();

    // Whoever looks again a moment later has the phone ask for no list anew.
    watchSignals()();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(list.asked).toBe(2);
  });
});
