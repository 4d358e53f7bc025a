import type { CallOptions } from '@knipperlicht/client';
import type { SignalStatus, WatchMySignalsResponse } from '@knipperlicht/client/intake';
import { untrack } from 'svelte';

import { ask, intakeOf } from '../api/calls';
import { serverNow } from '../api/clock';
import { live, type LiveState } from '../api/live';
import { forgetKnown, knownOf, onChange, putKnown } from '../outbox/queue';
import { who } from '../session/session.svelte';
import { ownerOf } from '../store/vault';
import { turn } from '../turn';
import { fromStatus, ordered, type Known } from './status';

/** What comes within so many milliseconds is taken in at once: a stream begins with everything. */
const AT_ONCE = 30;
/** Signals in one page of the list. */
const PAGE = 200;
/** The whole list is looked through so often at most. */
const LOOK_THROUGH = 10 * 60_000;

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

/** What the server said and is not kept yet, by the account that it was said to. */
const heard: { subject: string; known: Known }[] = [];
let writing: Promise<void> = Promise.resolve();

/** One write after the other, so that what was said later is what stays; one that fails holds up none. */
function inTurn(write: () => Promise<void>): Promise<void> {
  writing = writing.catch(() => undefined).then(write);
  return writing;
}

/** Takes in what the server said of a signal. Done once it is kept. */
export function learn(status: SignalStatus): Promise<void> {
  const known = fromStatus(status);
  const subject = who()?.subject;
  if (known && subject !== undefined) {
    heard.push({ subject, known });
    toldSince.add(known.id);
  }
  return inTurn(keepHeard);
}

async function keepHeard(): Promise<void> {
  if (heard.length === 0) return;
  await new Promise((resolve) => setTimeout(resolve, AT_ONCE));
  const some = heard.splice(0);
  try {
    for (const subject of new Set(some.map((one) => one.subject))) {
      const known = some.filter((one) => one.subject === subject).map((one) => one.known);
      await putKnown(await ownerOf(subject), known, now());
    }
  } catch (thrown) {
    // A phone may close the database of an app that nobody looks at: it is kept with what is heard next.
    heard.unshift(...some);
    throw thrown;
  }
}

/** The time, by the server where it is known: a phone's clock may be wrong. */
const now = (): Date => serverNow() ?? new Date();

/** What was told one by one since the list is looked through: newer than what the list says. */
const toldSince = new Set<string>();
let lookedThrough: { whose: string; at: number } | undefined;

/** The stream tells the newest alone. What is older comes from the list, and what is in neither is at the
 * server no more. */
async function lookThrough(whose: string): Promise<void> {
  if (lookedThrough?.whose === whose && Date.now() - lookedThrough.at < LOOK_THROUGH) return;
  lookedThrough = { whose, at: Date.now() };
  try {
    const before = await knownOf(whose);
    const listed = new Set<string>();
    toldSince.clear();
    let pageToken = '';
    do {
      const request = { pageSize: PAGE, pageToken };
      const page = await ask(async () => (await intakeOf(whose)).listMySignals(request));
      const told = page.signals.map(fromStatus).filter((one) => one !== undefined);
      for (const { id } of told) listed.add(id);
      await inTurn(() => putKnown(whose, told.filter(({ id }) => !toldSince.has(id)), now()));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    await forgetKnown(whose, before.map(({ id }) => id).filter((id) => !listed.has(id)));
  } catch {
    // The next page that shows them looks again; until then the phone shows what it knew.
    lookedThrough = undefined;
  }
}

/** Watches the signals for as long as a page shows them. Returns what ends it. */
export function watchSignals(): () => void {
  const endLooking = onChange(() => void look());
  let endWatching: (() => void) | undefined;
  let isOver = false;
  const watch = async (): Promise<void> => {
    const whose = await owner();
    if (isOver || whose === undefined) return;
    endWatching = live<WatchMySignalsResponse>({
      open: async (options: CallOptions) => (await intakeOf(whose)).watchMySignals({}, options),
      take: ({ signal: status }) => void (status && learn(status).catch(() => undefined)),
      state: (next) => {
        state.live = next;
        if (next.is === 'live') void lookThrough(whose);
      },
    });
  };
  // What the phone knows is shown before anybody is asked for more. A token that is renewed is no reason to
  // begin anew.
  void untrack(look).catch(() => undefined).then(turn).then(watch);
  return () => {
    isOver = true;
    endLooking();
    endWatching?.();
  };
}
