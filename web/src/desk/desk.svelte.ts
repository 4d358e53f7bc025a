import type { Problem } from '@knipperlicht/client';
import { ReferralState } from '@knipperlicht/client/codes';
import type { Clock, Task } from '@knipperlicht/client/followup';
import type { Referral } from '@knipperlicht/client/routing';

import { ask, followup, routing } from '../api/calls';
import { caught } from '../api/problem';
import { live, type LiveState } from '../api/live';
import { ordered, workOf, type Work } from './inbox';

/** What comes in at once is shown at once, not line by line. */
const GATHER = 120;
/** Follow-ups have no stream of their own: they are looked at again so often. */
const LOOK_AGAIN = 30_000;
/** So many ids go with one question. */
const PAGE = 200;
/** When to look again for what another service is about to hear: it takes milliseconds, or as long as
 * that service was away. */
const SOON = [150, 400, 1_000, 2_500, 6_000];

const OPEN: readonly number[] = [ReferralState.REQUESTED, ReferralState.HELD];

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Everything that a partner has on its desk, kept as it is on the server while the page is open. */
export class Desk {
  referrals: ReadonlyMap<string, Referral> = $state.raw(new Map());
  tasks: ReadonlyMap<string, Task> = $state.raw(new Map());
  promises: ReadonlyMap<string, Clock> = $state.raw(new Map());
  stream: LiveState = $state.raw({ is: 'connecting' });
  /** Why the follow-ups could not be had. */
  problem: Problem | undefined = $state.raw();
  /** Whether the list is whole, so that an empty one means that there is nothing. */
  isLoaded = $state(false);
  readonly work: readonly Work[] = $derived(ordered(workOf(this)));

  #heard = new Map<string, Referral>();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  /** What the stream said since it was opened. */
  #saidAgain = new Set<string>();
  #hasTasks = false;
  #ended = false;

  /** Begins to listen. Returns what ends it. */
  begin(): () => void {
    const stop = live({
      open: async (options) => (await routing()).watchReferrals({}, options),
      take: ({ referral }) => {
        if (referral) this.take(referral);
      },
      state: (state) => {
        this.stream = state;
        if (state.is === 'live') void this.#settle();
      },
    });
    const look = (): void => {
      if (document.visibilityState === 'visible') void this.reload();
    };
    const timer = setInterval(look, LOOK_AGAIN);
    document.addEventListener('visibilitychange', look);
    void this.reload();
    return () => {
      this.#ended = true;
      stop();
      clearInterval(timer);
      clearTimeout(this.#gathering);
      document.removeEventListener('visibilitychange', look);
    };
  }

  /** A referral as it stands now. */
  take(referral: Referral): void {
    this.#heard.set(referral.referralId, referral);
    this.#saidAgain.add(referral.referralId);
    this.#gathering ??= setTimeout(() => this.#show(), GATHER);
  }

  /** A follow-up as it stands now. */
  takeTask(task: Task | undefined): void {
    if (task) this.tasks = new Map(this.tasks).set(task.referralId, task);
  }

  #show(): void {
    this.#gathering = undefined;
    const heard = this.#heard;
    this.#heard = new Map();
    const isNewlyTaken = [...heard.values()].some(({ referralId, state }) => state === ReferralState.ACCEPTED && !this.tasks.has(referralId));
    this.referrals = new Map([...this.referrals, ...heard]);
    const open = [...heard.values()].filter(({ state }) => OPEN.includes(state)).map(({ referralId }) => referralId);
    void this.#askPromises(open);
    if (isNewlyTaken) void this.#awaitTasks([...heard.keys()]);
  }

  /** The stream begins with what is open; what was open here and is not said again was answered while
   * nobody listened, and is looked up. */
  async #settle(): Promise<void> {
    this.#saidAgain = new Set();
    await pause(1_500);
    if (this.#ended) return;
    this.isLoaded = this.#hasTasks || this.problem !== undefined;
    const silent = [...this.referrals.values()].filter(({ referralId, state }) => OPEN.includes(state) && !this.#saidAgain.has(referralId));
    await this.#lookUp(silent.map(({ referralId }) => referralId));
  }

  /** The follow-ups, and the referrals that they are of. */
  async reload(): Promise<void> {
    try {
      const { tasks } = await ask(async () => (await followup()).listTasks({ openOnly: true }));
      if (this.#ended) return;
      // What was closed since is in the list no more: it is kept as it was last known, unless it was
      // open then, which it cannot be.
      const listed = new Set(tasks.map((task) => task.referralId));
      const closed = [...this.tasks].filter(([id, task]) => !listed.has(id) && task.result !== 0);
      this.tasks = new Map([...closed, ...tasks.map((task): [string, Task] => [task.referralId, task])]);
      this.problem = undefined;
      this.#hasTasks = true;
      await this.#lookUp([...listed].filter((id) => !this.referrals.has(id)));
      if (this.stream.is === 'live') this.isLoaded = true;
    } catch (thrown) {
      this.problem = caught(thrown);
      if (this.stream.is === 'live') this.isLoaded = true;
    }
  }

  /** What was closed before, for whoever looks back. */
  async loadDone(): Promise<void> {
    const { tasks } = await ask(async () => (await followup()).listTasks({ openOnly: false }));
    this.tasks = new Map([...tasks.map((task): [string, Task] => [task.referralId, task]), ...this.tasks]);
    await this.#lookUp(tasks.map((task) => task.referralId).filter((id) => !this.referrals.has(id)));
  }

  async #lookUp(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length && !this.#ended; from += PAGE) {
      const referralIds = ids.slice(from, from + PAGE);
      try {
        const { referrals } = await ask(async () => (await routing()).listReferrals({ referralIds }));
        for (const referral of referrals) this.take(referral);
      } catch {
        // The line stays with what is known of it; the next look fills it in.
        return;
      }
    }
  }

  /** Until when somebody has to answer. Follow-up hears of a referral a moment after routing. */
  async #askPromises(ids: readonly string[]): Promise<void> {
    let missing = [...ids];
    for (const wait of [0, ...SOON]) {
      if (missing.length === 0 || this.#ended) return;
      if (wait > 0) await pause(wait);
      for (let from = 0; from < missing.length; from += PAGE) await this.#askPage(missing.slice(from, from + PAGE));
      missing = missing.filter((id) => !this.promises.has(id));
    }
  }

  async #askPage(referralIds: string[]): Promise<void> {
    try {
      const { promises } = await ask(async () => (await followup()).listPromises({ referralIds }));
      const next = new Map(this.promises);
      for (const id of referralIds) next.delete(id);
      for (const { referralId, clock } of promises) if (clock) next.set(referralId, clock);
      this.promises = next;
    } catch {
      // Without it a line says that no time is known.
    }
  }

  /** A follow-up begins a moment after somebody accepts. */
  async #awaitTasks(ids: readonly string[]): Promise<void> {
    for (const wait of SOON) {
      await pause(wait);
      if (this.#ended) return;
      await this.reload();
      const isMissing = ids.some((id) => this.referrals.get(id)?.state === ReferralState.ACCEPTED && !this.tasks.has(id));
      if (!isMissing) return;
    }
  }
}
