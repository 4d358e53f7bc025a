import type { CallOptions } from '@knipperlicht/client';
import type { SignalStatus, WatchMySignalsResponse } from '@knipperlicht/client/intake';

import { intake } from '../api/calls';
import { live, type LiveState } from '../api/live';
import { knownOf, onChange, putKnown } from '../outbox/queue';
import { who } from '../session/session.svelte';
import { ownerOf } from '../store/vault';
import { turn } from '../turn';
import { fromStatus, ordered, type Known } from './status';

/** What comes within so many milliseconds is taken in at once: a stream begins with everything. */
const AT_ONCE = 30;

const state = $state<{ all: ReadonlyMap<string, Known>; live: LiveState; isLooked: boolean }>({
  all: new Map(),
  live: { is: 'connecting' },
  isLooked: false,
});

/** The signals that the server has, as far as this phone knows, newest first. */
export function signals(): Known[] {
  return ordered(state.all.values());
}

export function signal(id: string): Known | undefined {
  return state.all.get(id);
}

export function liveState(): LiveState {
  return state.live;
}

/** Whether what the phone knows was looked up. */
export function isLooked(): boolean {
  return state.isLooked;
}

async function owner(): Promise<string | undefined> {
  const person = who();
  return person && ownerOf(person.subject);
}

let looks = 0;

/** What is shown is what is kept: whoever wrote it, this page or the service worker. */
async function look(): Promise<void> {
  const turn = (looks += 1);
  const whose = await owner();
  const known = whose ? await knownOf(whose) : [];
  // A later look knows better.
  if (turn !== looks) return;
  state.all = new Map(known.map((one) => [one.id, one]));
  state.isLooked = true;
}

const heard: Known[] = [];
let writing: Promise<void> = Promise.resolve();

/** Takes in what the server said of a signal. Done once it is kept. */
export function learn(status: SignalStatus): Promise<void> {
  const known = fromStatus(status);
  if (known) heard.push(known);
  writing = writing.then(async () => {
    if (heard.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, AT_ONCE));
    const whose = await owner();
    const some = heard.splice(0);
    if (whose) await putKnown(whose, some);
  });
  return writing;
}

/** Watches the signals for as long as a page shows them. Returns what ends it. */
export function watchSignals(): () => void {
  const endLooking = onChange(() => void look());
  let endWatching: (() => void) | undefined;
  let isOver = false;
  const watch = (): void => {
    if (isOver) return;
    endWatching = live<WatchMySignalsResponse>({
      open: async (options: CallOptions) => (await intake()).watchMySignals({}, options),
      take: ({ signal: status }) => void (status && learn(status)),
      state: (next) => (state.live = next),
    });
  };
  // What the phone knows is shown before anybody is asked for more.
  void look().catch(() => undefined).then(turn).then(watch);
  return () => {
    isOver = true;
    endLooking();
    endWatching?.();
  };
}
