import 'fake-indexeddb/auto';

import { create, Problem } from '@knipperlicht/client';
import { Step } from '@knipperlicht/client/codes';
import { SignalStatusSchema } from '@knipperlicht/client/intake';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { ownerOf } from '../store/vault';
import { Locks } from '../testing/locks';
import { discardOf } from './discard';
import { emptyDraft } from './draft';
import { alone, knownOf, putWaiting, received, waitingOf } from './queue';
import type { Waiting } from './waiting';

/** What the server says of a signal. */
const getSignal = vi.hoisted(() => vi.fn());
vi.mock('../api/calls', () => ({ ask: (call: () => Promise<unknown>) => call(), intakeOf: async () => ({ getSignal }) }));

const flagged: Waiting = { id: 'a', draft: emptyDraft(), noticedAt: 1, traceparent: 't', state: { is: 'waiting' } };
const sent: Waiting = { ...flagged, reportedAt: '2026-11-23T12:00:00.000Z' };

/** Each test is of an account of its own. */
let owner = '';
let people = 0;
beforeEach(async () => {
  vi.stubGlobal('navigator', { locks: new Locks() });
  getSignal.mockReset();
  people += 1;
  owner = await ownerOf(`person-${people}`);
});

const waits = async (): Promise<string[]> => (await waitingOf(owner)).map(({ id }) => id);

describe('throwing away', () => {
  it('what was never sent asks nobody', async () => {
    await putWaiting(owner, flagged);
    expect(await discardOf(owner, 'a')).toBe('gone');
    expect(await waits()).toEqual([]);
    expect(getSignal).not.toHaveBeenCalled();
  });

  it('what was sent and arrived is not said to be thrown away', async () => {
    await putWaiting(owner, sent);
    getSignal.mockResolvedValue({ signal: create(SignalStatusSchema, { receipt: { signalId: 'a' }, step: Step.REFERRED }) });
    expect(await discardOf(owner, 'a')).toBe('received');
    expect(await waits()).toEqual([]);
    expect(await knownOf(owner)).toMatchObject([{ id: 'a', step: Step.REFERRED }]);
  });

  it('what was sent and did not arrive goes', async () => {
    await putWaiting(owner, sent);
    getSignal.mockRejectedValue(new Problem('not_found', 'KL1015', ''));
    expect(await discardOf(owner, 'a')).toBe('gone');
    expect(await waits()).toEqual([]);
  });

  it('what was sent stays where nobody can say whether it arrived', async () => {
    await putWaiting(owner, sent);
    getSignal.mockRejectedValue(new Problem('offline', '', ''));
    await expect(discardOf(owner, 'a')).rejects.toMatchObject({ kind: 'offline' });
    expect(await waits()).toEqual(['a']);
  });

  it('waits for what is under way', async () => {
    await putWaiting(owner, flagged);
    let answer = (): void => undefined;
    const sending = alone(async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      const known = { id: 'a', situationId: '', zoneName: '', receivedAt: '', observations: [], consent: 0, step: 1, progress: [], callNow: [], advice: [] };
      await received(owner, known, 'a');
    });
    const discarding = discardOf(owner, 'a');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await waits()).toEqual(['a']);
    answer();
    await sending;
    expect(await discarding).toBe('received');
  });
});
