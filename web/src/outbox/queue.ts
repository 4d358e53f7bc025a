/** The queue on the phone, and what is known of what was sent. Sealed for whoever flagged it. */
import { database, keyOf } from '../store/database';
import { seal, unseal } from '../store/vault';
import { isKept, merged, type Known } from '../signals/status';
import type { Waiting } from './waiting';

const waitingPlace = (id: string): string => `waiting:${id}`;
const knownPlace = (id: string): string => `known:${id}`;

/** Tells this page, the others and the service worker that something changed. */
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('knipperlicht.outbox') : undefined;
const listeners = new Set<() => void>();
channel?.addEventListener('message', () => listeners.forEach((listener) => listener()));

/** Calls whenever something changed, until the function that it returns is called. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed(): void {
  channel?.postMessage('changed');
  listeners.forEach((listener) => listener());
}

/** Sends or throws away, one at a time, whichever window or worker it is. */
export async function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request('knipperlicht.sending', work);
}

/** Puts a signal into the queue, or a changed one back into its place. Once this is done it survives
 * whatever happens to the app. */
export async function putWaiting(owner: string, waiting: Waiting): Promise<void> {
  const sealed = await seal(await keyOf(owner), waitingPlace(waiting.id), waiting);
  const transaction = (await database()).transaction('waiting', 'readwrite', { durability: 'strict' });
  await Promise.all([
    transaction.store.put({ id: waiting.id, owner, place: waiting.noticedAt, sealed }),
    transaction.done,
  ]);
  changed();
}

export async function removeWaiting(id: string): Promise<void> {
  await (await database()).delete('waiting', id);
  changed();
}

/** What waits of this account, the first flagged first. What does not open is not theirs. */
export async function waitingOf(owner: string): Promise<Waiting[]> {
  const key = await keyOf(owner);
  const rows = await (await database()).getAllFromIndex('waiting', 'owner', owner);
  rows.sort((one, other) => one.place - other.place);
  const opened = await Promise.all(rows.map((row) => unseal(key, waitingPlace(row.id), row.sealed)));
  return opened.filter((one): one is Waiting => one !== undefined);
}

/** How many signals of other accounts wait on this phone: they go when those sign in. */
export async function waitingOfOthers(owner: string): Promise<number> {
  const all = await (await database()).getAll('waiting');
  return all.filter((row) => row.owner !== owner).length;
}

/** The server has it: out of the queue and among what is known, both or neither. */
export async function received(owner: string, known: Known, waitingId: string): Promise<void> {
  const before = (await knownOf(owner)).find((one) => one.id === known.id);
  const sealed = await seal(await keyOf(owner), knownPlace(known.id), merged(before, known));
  const transaction = (await database()).transaction(['waiting', 'known'], 'readwrite', { durability: 'strict' });
  await Promise.all([
    transaction.objectStore('known').put({ id: known.id, owner, sealed }),
    transaction.objectStore('waiting').delete(waitingId),
    transaction.done,
  ]);
  changed();
}

/** Keeps what the server said, to show without network; what ended long ago is kept no longer. */
export async function putKnown(owner: string, heard: readonly Known[], now: Date): Promise<void> {
  const key = await keyOf(owner);
  const before = new Map((await knownOf(owner)).map((one) => [one.id, one]));
  const next = [...new Map(heard.map((known) => [known.id, merged(before.get(known.id), known)])).values()];
  const rows = await Promise.all(
    next.filter((known) => isKept(known, now)).map(async (known) => ({ id: known.id, owner, sealed: await seal(key, knownPlace(known.id), known) })),
  );
  const transaction = (await database()).transaction('known', 'readwrite');
  const over = next.filter((known) => !isKept(known, now));
  await Promise.all([
    ...rows.map((row) => transaction.store.put(row)),
    ...over.map(({ id }) => transaction.store.delete([owner, id])),
    transaction.done,
  ]);
  changed();
}

/** Keeps these no longer: the server has them no more. */
export async function forgetKnown(owner: string, ids: readonly string[]): Promise<void> {
  const transaction = (await database()).transaction('known', 'readwrite');
  await Promise.all([...ids.map((id) => transaction.store.delete([owner, id])), transaction.done]);
  changed();
}

export async function knownOf(owner: string): Promise<Known[]> {
  const key = await keyOf(owner);
  const rows = await (await database()).getAllFromIndex('known', 'owner', owner);
  const opened = await Promise.all(rows.map((row) => unseal(key, knownPlace(row.id), row.sealed)));
  return opened.filter((one): one is Known => one !== undefined);
}
