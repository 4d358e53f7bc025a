import { newTraceparent, type Problem } from '@knipperlicht/client';

import { Backoff } from '../api/backoff';
import { serverNow } from '../api/clock';
import { newId } from '../ids';
import { mustSignIn, who } from '../session/session.svelte';
import { ownerOf } from '../store/vault';
import { discardOf, type Discarded } from './discard';
import type { Draft } from './draft';
import { onChange, putWaiting, removeWaiting, waitingOf, waitingOfOthers } from './queue';
import { mended, type Waiting } from './waiting';
import { caught } from '../api/problem';

/** The name under which the browser wakes the service worker when the network is back. */
export const SYNC = 'knipperlicht.send';

const state = $state<{ waiting: readonly Waiting[]; others: number; isSending: boolean; problem: Problem | undefined }>({
  waiting: [],
  others: 0,
  isSending: false,
  problem: undefined,
});
const backoff = new Backoff(2_000, 5 * 60_000);
let timer: ReturnType<typeof setTimeout> | undefined;

export function waiting(): readonly Waiting[] {
  return state.waiting;
}

export function waitingCount(): number {
  return state.waiting.length;
}

/** Signals of other accounts on this phone. */
export function othersWaiting(): number {
  return state.others;
}

export function isSending(): boolean {
  return state.isSending;
}

/** Why the last attempt did not get through. */
export function sendingProblem(): Problem | undefined {
  return state.problem;
}

/** Whose queue it is. */
async function owner(): Promise<string | undefined> {
  const person = who();
  return person?.role === 'reporter' ? ownerOf(person.subject) : undefined;
}

async function look(): Promise<void> {
  const whose = await owner();
  state.waiting = whose ? await waitingOf(whose) : [];
  state.others = await waitingOfOthers(whose ?? '');
}

/** Sends whenever there is a reason to believe that it gets through. Called once. */
export async function startSending(): Promise<void> {
  onChange(() => void look());
  addEventListener('online', () => void send());
  addEventListener('focus', () => void send());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void send();
  });
  await send();
}

/** Flags a situation. When this is done it is safe on the phone; sending goes on by itself. */
export async function flag(draft: Draft): Promise<string> {
  const whose = await owner();
  if (!whose) throw new Error('nobody is signed in who can flag');
  const now = Date.now();
  const id = newId(serverNow(now)?.getTime() ?? now);
  await putWaiting(whose, {
    id,
    draft: $state.snapshot(draft) as Draft,
    noticedAt: now,
    traceparent: newTraceparent(),
    state: { is: 'waiting' },
  });
  void askToBeWoken();
  await look();
  void send();
  return id;
}

/** Puts a refused signal back, mended. */
export async function mend(before: Waiting, draft: Draft): Promise<string> {
  const whose = await owner();
  if (!whose) throw new Error('nobody is signed in who can flag');
  const next = mended($state.snapshot(before) as Waiting, $state.snapshot(draft) as Draft, newId);
  await putWaiting(whose, next);
  if (next.id !== before.id) await removeWaiting(before.id);
  await look();
  void send();
  return next.id;
}

/** Throws a signal away that the server does not have. */
export async function discard(id: string): Promise<Discarded> {
  const whose = await owner();
  if (!whose) throw new Error('nobody is signed in who can flag');
  try {
    return await discardOf(whose, id);
  } finally {
    await look();
  }
}

/** Sends now, if anything waits. */
export async function send(): Promise<void> {
  clearTimeout(timer);
  const whose = await owner();
  await look();
  const isReady = whose && !state.isSending && state.waiting.some((one) => one.state.is === 'waiting');
  if (!isReady) return;
  state.isSending = true;
  let isDone = false;
  try {
    const { sendAll } = await import('./send');
    const sent = await sendAll(whose);
    state.problem = sent.is === 'waiting' ? sent.problem : undefined;
    isDone = sent.is === 'done';
    if (sent.is === 'done') backoff.reset();
    else later(sent.problem);
  } catch (thrown) {
    state.problem = caught(thrown);
    later(undefined);
  } finally {
    state.isSending = false;
    await look();
  }
  // What was flagged while the last of the others went out.
  if (isDone && state.waiting.some((one) => one.state.is === 'waiting')) void send();
}

function later(problem: Problem | undefined): void {
  void askToBeWoken();
  // Who has to sign in again sends by doing so.
  if (problem?.kind === 'sign_in' && mustSignIn()) return;
  timer = setTimeout(() => void send(), backoff.next(problem?.retryAfter));
}

/** Where the browser can, it wakes the service worker when the network is back, also with the app
 * closed. */
async function askToBeWoken(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    const sync = (registration as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
    await sync?.register(SYNC);
  } catch {
    // Not every browser can, or may: the app sends at its next start.
  }
}
