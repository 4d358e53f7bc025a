import type { Problem } from '@knipperlicht/client';
import type { Task } from '@knipperlicht/client/followup';
import type { Duplicate, ErasureRequest } from '@knipperlicht/client/intake';
import type { Item, Referral } from '@knipperlicht/client/routing';

import { ask, followup, intake, routing } from '../api/calls';
import { caught } from '../api/problem';
import { MOST_REFERRALS } from './matters';

/** A coordinator's lists have no stream: they are looked at again so often while somebody looks. */
const OFTEN = 20_000;
const PAGE = 200;

/** What waits in a coordinator's zones. */
export class Waiting {
  items: readonly Item[] = $state.raw([]);
  tasks: readonly Task[] = $state.raw([]);
  erasures: readonly ErasureRequest[] = $state.raw([]);
  referrals: readonly Referral[] = $state.raw([]);
  duplicates: readonly Duplicate[] = $state.raw([]);
  problem: Problem | undefined = $state.raw();
  isLoaded = $state(false);
  #again: Promise<void> | undefined;

  begin(): () => void {
    const look = (): void => {
      if (document.visibilityState === 'visible') void this.load();
    };
    const timer = setInterval(look, OFTEN);
    document.addEventListener('visibilitychange', look);
    void this.load();
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }

  /** Everything anew; asked twice at once, it is looked up once. */
  load(): Promise<void> {
    this.#again ??= this.#load().finally(() => (this.#again = undefined));
    return this.#again;
  }

  async #load(): Promise<void> {
    try {
      const [items, tasks, erasures, duplicates, referrals] = await Promise.all([
        ask(async () => (await routing()).listItems({})),
        ask(async () => (await followup()).listTasks({ openOnly: true })),
        ask(async () => (await intake()).listErasureRequests({})),
        ask(async () => (await intake()).listDuplicates({ includeResolved: true })),
        openReferrals(),
      ]);
      this.items = items.items;
      this.tasks = tasks.tasks;
      this.erasures = erasures.requests;
      this.duplicates = duplicates.duplicates;
      this.referrals = referrals;
      this.problem = undefined;
    } catch (thrown) {
      this.problem = caught(thrown);
    } finally {
      this.isLoaded = true;
    }
  }
}

async function openReferrals(): Promise<Referral[]> {
  const found: Referral[] = [];
  let pageToken = '';
  do {
    const page = await ask(async () => (await routing()).listReferrals({ openOnly: true, pageSize: PAGE, pageToken }));
    found.push(...page.referrals);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < MOST_REFERRALS);
  return found;
}
