import type { TimelineEntry } from '@knipperlicht/client/followup';
import { timestampDate } from '@knipperlicht/client';

import type { IconName } from '../design/icons';
import type { List } from './codes';

/** What happened, without what all types begin and end with: `referral_accepted`. */
export function happened(type: string): string {
  return type.replace(/^knipperlicht\./, '').replace(/\.v\d+$/, '').replace('.', '_');
}

/** The name of the sentence that tells an entry. An objection of the cared-for person, and its end, come
 * as a change of consent. */
export function sentenceOf({ type, codes }: Pick<TimelineEntry, 'type' | 'codes'>): string {
  const objects = codes['cared_for_objects'];
  return objects === undefined ? happened(type) : objects === 'true' ? 'objection' : 'objection_lifted';
}

/** The lists that an entry's codes are of, in the order in which they are told. */
const TOLD: readonly [string, List][] = [
  ['reporter_role', 'reporter_role'],
  ['observations', 'observation'],
  ['red_flags', 'observation'],
  ['urgency', 'urgency'],
  ['needs', 'need'],
  ['item_kind', 'item_kind'],
  ['consent', 'consent'],
  ['channel', 'contact_channel'],
  ['result', 'contact_result'],
  ['outcome', 'outcome_result'],
  ['clock', 'clock_kind'],
  ['rung', 'rung'],
];

/** What an entry tells, as codes with their lists. */
export function toldBy(entry: TimelineEntry): { list: List; names: string[] }[] {
  const reason: readonly [string, List] = ['reason', entry.codes['outcome'] ? 'outcome_reason' : 'decline_reason'];
  return [...TOLD, reason]
    .map(([name, list]) => ({ list, names: (entry.codes[name] ?? '').split(',').filter(Boolean) }))
    .filter(({ names }) => names.length > 0);
}

/** What is drawn beside it. */
export function pictureOf(type: string): IconName {
  const what = happened(type);
  if (what.startsWith('signal')) return 'info';
  if (what === 'followup_clock_breached' || what === 'referral_expired') return 'warn';
  if (what === 'referral_accepted' || what === 'followup_completed' || what === 'followup_confirmed') return 'ok';
  if (what.startsWith('followup_contact')) return 'phone';
  if (what.startsWith('followup_visit')) return 'person';
  if (what.startsWith('assessment')) return 'search';
  return 'clock';
}

/** What was noticed in a situation, each thing once, as the story tells it. */
export function noticed(entries: readonly TimelineEntry[]): string[] {
  return [...new Set(entries.flatMap((entry) => (entry.codes['observations'] ?? '').split(',').filter(Boolean)))];
}

/** The days of a story, the latest first, each with what happened in the order in which it did. */
export function latestFirst(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const time = (entry: TimelineEntry): number => (entry.at ? timestampDate(entry.at).getTime() : 0);
  return entries
    .map((entry, at) => ({ entry, at }))
    .sort((one, other) => time(other.entry) - time(one.entry) || other.at - one.at)
    .map(({ entry }) => entry);
}
