import 'fake-indexeddb/auto';

import { Step } from '@knipperlicht/client/codes';
import { expect, it } from 'vitest';

import { database } from '../store/database';
import { ownerOf } from '../store/vault';
import type { Known } from '../signals/status';
import { emptyDraft } from './draft';
import { forgetKnown, knownOf, putKnown, putWaiting, received, waitingOf, waitingOfOthers } from './queue';
import type { Waiting } from './waiting';

const waiting = (id: string, noticedAt: number): Waiting => ({
  id,
  draft: { ...emptyDraft(), note: 'Maria Peeters' },
  noticedAt,
  traceparent: 't',
  state: { is: 'waiting' },
});
const known: Known = {
  id: 'b',
  situationId: 's',
  zoneName: 'Gent',
  receivedAt: '',
  observations: [1],
  consent: 1,
  step: 1,
  progress: [],
  callNow: [],
  advice: [],
};

it('keeps what waits in its order, sealed, for its own account', async () => {
  const [els, jan] = [await ownerOf('els'), await ownerOf('jan')];
  await putWaiting(els, waiting('b', 2));
  await putWaiting(els, waiting('a', 1));
  await putWaiting(jan, waiting('c', 3));

  expect((await waitingOf(els)).map((one) => one.id)).toEqual(['a', 'b']);
  expect((await waitingOf(jan)).map((one) => one.id)).toEqual(['c']);
  expect(await waitingOfOthers(els)).toBe(1);
  const rows = await (await database()).getAll('waiting');
  for (const row of rows) expect(new TextDecoder().decode(row.sealed.bytes)).not.toContain('Maria');
});

it('gives nobody what is another account’s, also where it is put under their name', async () => {
  const [els, jan] = [await ownerOf('els'), await ownerOf('jan')];
  const row = await (await database()).get('waiting', 'c');
  await (await database()).put('waiting', { ...row!, owner: els });
  expect((await waitingOf(els)).map((one) => one.id)).toEqual(['a', 'b']);
  await (await database()).put('waiting', { ...row!, owner: jan });
});

it('moves what was received out of the queue, and keeps no name of it', async () => {
  const els = await ownerOf('els');
  await received(els, known, 'b');
  expect((await waitingOf(els)).map((one) => one.id)).toEqual(['a']);
  expect(await knownOf(els)).toEqual([known]);
});

it('keeps what goes on, and what ended for half a year', async () => {
  const jan = await ownerOf('jan');
  const step = (id: string, step: number, at: string): Known => ({ ...known, id, step, progress: [{ step, at, nanos: 0, outcome: 0, seen: true }] });
  const now = new Date('2026-11-23T12:00:00Z');
  const [open, ended] = [step('o', Step.REFERRED, '2020-01-01T12:00:00Z'), step('e', Step.CLOSED, '2026-06-01T12:00:00Z')];
  await putKnown(jan, [open, ended], now);
  expect(await knownOf(jan)).toEqual([ended, open]);

  await putKnown(jan, [open, ended], new Date('2026-12-23T12:00:00Z'));
  expect(await knownOf(jan)).toEqual([open]);
  await forgetKnown(jan, ['o']);
  expect(await knownOf(jan)).toEqual([]);
});

it('keeps of two things that were said of one signal the later', async () => {
  const jan = await ownerOf('jan');
  const [closed, reopened] = [Step.CLOSED, Step.REOPENED].map((step) => ({ ...known, id: 'r', step, receivedAt: '2020-01-01T12:00:00Z' }));
  await putKnown(jan, [closed!, reopened!], new Date('2026-11-23T12:00:00Z'));
  expect((await knownOf(jan)).map((one) => one.step)).toEqual([Step.REOPENED]);
});
