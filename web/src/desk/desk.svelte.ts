import type { Problem } from '@knipperlicht/client';
import { ReferralState } from '@knipperlicht/client/codes';
import type { Clock, Task } from '@knipperlicht/client/followup';
import type { Referral } from '@knipperlicht/client/routing';

import { ask, followup, routing } from '../api/calls';
import { caught } from '../api/problem';
import { live, type LiveState } from '../api/live';
import { ordered, unlisted, workOf, type Work } from './inbox';

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
    await this.#lookUpOrForget(silent.map(({ referralId }) => referralId));
  }

  /** The follow-ups, and the referrals that they are of. */
  async reload(): Promise<void> {
    try {
      const { tasks } = await ask(async () => (await followup()).listTasks({ openOnly: true }));
      const listed = new Set(tasks.map((task) => task.referralId));
      // What a colleague closed is in the list no more, and neither is what was erased.
      const asked = unlisted(this, listed);
      const found = await this.#tasksOf(asked);
      if (this.#ended) return;
      const others = [...this.tasks].filter(([id]) => !asked.includes(id));
      this.tasks = new Map([...others, ...[...tasks, ...found].map((task): [string, Task] => [task.referralId, task])]);
      this.problem = undefined;
      this.#hasTasks = true;
      await this.#lookUp([...listed].filter((id) => !this.referrals.has(id)));
      await this.#lookUpOrForget(asked.filter((id) => !this.tasks.has(id)));
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

  /** The follow-ups of these, closed ones as well; none of what was erased. */
  async #tasksOf(ids: readonly string[]): Promise<Task[]> {
    const found: Task[] = [];
    for (let from = 0; from < ids.length && !this.#ended; from += PAGE) {
      const referralIds = ids.slice(from, from + PAGE);
      found.push(...(await ask(async () => (await followup()).listTasks({ referralIds }))).tasks);
    }
    return found;
  }

  async #lookUp(ids: readonly string[]): Promise<void> {
    for (const referral of (await this.#referralsOf(ids)) ?? []) this.take(referral);
  }

  /** The same for what should be here: what is nowhere any more was erased, and goes. */
  async #lookUpOrForget(ids: readonly string[]): Promise<void> {
    const there = await this.#referralsOf(ids);
    if (!there) return;
    for (const referral of there) if (referral.state !== this.referrals.get(referral.referralId)?.state) this.take(referral);
    const left = new Set(there.map(({ referralId }) => referralId));
    const gone = new Set(ids.filter((id) => !left.has(id)));
    if (gone.size === 0) return;
    for (const id of gone) this.#heard.delete(id);
    this.referrals = new Map([...this.referrals].filter(([id]) => !gone.has(id)));
  }

  /** These referrals as they stand now, as far as there are such; nothing where that cannot be found out. */
  async #referralsOf(ids: readonly string[]): Promise<Referral[] | undefined> {
    const found: Referral[] = [];
    try {
      for (let from = 0; from < ids.length; from += PAGE) {
        const referralIds = ids.slice(from, from + PAGE);
        found.push(...(await ask(async () => (await routing()).listReferrals({ referralIds }))).referrals);
      }
    } catch {
      // The lines stay with what is known of them; the next look fills them in.
      return undefined;
    }
    return this.#ended ? undefined : found;
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
