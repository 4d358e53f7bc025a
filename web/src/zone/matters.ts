import { timestampDate } from '@knipperlicht/client';
import { Urgency } from '@knipperlicht/client/codes';
import type { ErasureRequest } from '@knipperlicht/client/intake';
import type { Task } from '@knipperlicht/client/followup';
import type { Item, Referral } from '@knipperlicht/client/routing';

/** Something that waits for a coordinator's word. */
export type Matter = { id: string; situationId: string; zoneId: string; urgency: number; since: number } & (
  | { is: 'item'; item: Item }
  /** The carer was asked twice whether it helped, and does not answer. */
  | { is: 'silent'; task: Task }
  /** The carer asks to be forgotten. */
  | { is: 'erasure'; request: ErasureRequest }
  /** Asked in one zone, though its postal code may belong to another. */
  | { is: 'doubtful'; referral: Referral }
);

interface Told {
  items: readonly Item[];
  tasks: readonly Task[];
  erasures: readonly ErasureRequest[];
  referrals: readonly Referral[];
}

/** So many of each the services list at most, of all the zones of who asks: items, and follow-ups whose carer
 * is asked. Of the open referrals so many are gone through for doubtful postal codes. */
const MOST = { items: 1000, questions: 500 };
export const MOST_REFERRALS = 2_000;

/** Whether something waits that was not listed: what presses less, or waits less long. */
export function isCut({ items, tasks, referrals }: Omit<Told, 'erasures'>): boolean {
  const questions = tasks.filter((task) => task.carerQuestion !== undefined).length;
  return items.length >= MOST.items || questions >= MOST.questions || referrals.length >= MOST_REFERRALS;
}

/** Everything that waits, in the order in which it is looked at: what presses most, then what is here
 * longest. That a postal code is doubtful comes after what nobody has in hand. */
export function mattersOf({ items, tasks, erasures, referrals }: Told, zone: string): Matter[] {
  const time = (at: Parameters<typeof timestampDate>[0] | undefined): number => (at ? timestampDate(at).getTime() : 0);
  const all: Matter[] = [
    ...items.map((item): Matter => ({
      is: 'item',
      item,
      id: item.itemId,
      situationId: item.situationId,
      zoneId: item.zoneId,
      urgency: item.urgency,
      since: time(item.openedAt),
    })),
    ...tasks
      .filter((task) => task.carerQuestion?.withCoordinator)
      .map((task): Matter => ({
        is: 'silent',
        task,
        id: task.taskId,
        situationId: task.situationId,
        zoneId: task.zoneId,
        urgency: Urgency.ROUTINE,
        since: time(task.carerQuestion?.since),
      })),
    ...erasures.map((request): Matter => ({
      is: 'erasure',
      request,
      id: `erasure-${request.situationId}`,
      situationId: request.situationId,
      zoneId: request.zoneId,
      urgency: Urgency.SOON,
      since: time(request.askedAt),
    })),
    ...referrals
      .filter((referral) => referral.otherCandidates.length > 0)
      .map((referral): Matter => ({
        is: 'doubtful',
        referral,
        id: referral.referralId,
        situationId: referral.situationId,
        zoneId: referral.zoneId,
        urgency: referral.urgency,
        since: time(referral.requestedAt),
      })),
  ];
  return all
    .filter((matter) => zone === '' || matter.zoneId === zone)
    .sort(
      (one, other) =>
        Number(one.is === 'doubtful') - Number(other.is === 'doubtful') ||
        other.urgency - one.urgency ||
        one.since - other.since ||
        one.id.localeCompare(other.id),
    );
}
