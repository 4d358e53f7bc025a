import { timestampDate } from '@knipperlicht/client';
import { ReferralState } from '@knipperlicht/client/codes';
import type { Clock, Task } from '@knipperlicht/client/followup';
import type { Referral } from '@knipperlicht/client/routing';

import { standing, type Standing } from '../common/due';

/** What a piece of work asks of whoever looks at it. */
export type Stage =
  /** Somebody has to say yes or no. */
  | 'asked'
  /** Taken, and somebody has to go on with it. */
  | 'taken'
  /** The carer has to be asked whether it helped. */
  | 'question'
  /** It waits: on a list, or for the carer's agreement. */
  | 'waiting'
  /** Nothing more has to be done here. */
  | 'done';

/** One referral and its follow-up: one line of the inbox. */
export interface Work {
  /** The referral's id. */
  id: string;
  situationId: string;
  zoneId: string;
  urgency: number;
  stage: Stage;
  referral: Referral | undefined;
  task: Task | undefined;
  /** The promise that runs. */
  due: Date | undefined;
  dueKind: number;
  breached: boolean;
  /** Since when it is here, to tell equals apart. */
  since: number;
}

/** Everything a desk knows, by the id of the referral. */
export interface Known {
  referrals: ReadonlyMap<string, Referral>;
  tasks: ReadonlyMap<string, Task>;
  promises: ReadonlyMap<string, Clock>;
}

export function workOf(known: Known): Work[] {
  const ids = new Set([...known.referrals.keys(), ...known.tasks.keys()]);
  return [...ids].map((id) => pieceOf(id, known.referrals.get(id), known.tasks.get(id), known.promises.get(id)));
}

function pieceOf(id: string, referral: Referral | undefined, task: Task | undefined, promise: Clock | undefined): Work {
  const stage = stageOf(referral, task);
  const clock = task ? task.nextClock : promise;
  const visit = stage === 'taken' && task?.visitAt ? timestampDate(task.visitAt) : undefined;
  const runs = stage !== 'done' && clock?.dueAt ? timestampDate(clock.dueAt) : undefined;
  return {
    id,
    situationId: task?.situationId ?? referral?.situationId ?? '',
    zoneId: task?.zoneId ?? referral?.zoneId ?? '',
    urgency: task?.urgency ?? referral?.urgency ?? 0,
    stage,
    referral,
    task,
    due: earlier(visit, runs),
    dueKind: stage === 'done' ? 0 : (clock?.kind ?? 0),
    breached: stage !== 'done' && (clock?.breached ?? false),
    since: referral?.requestedAt ? timestampDate(referral.requestedAt).getTime() : 0,
  };
}

/** What asks for something still, though a list of what is open names it no more: it has to be asked after.
 * A referral that was accepted and has no follow-up yet is one of them. */
export function unlisted({ referrals, tasks }: Omit<Known, 'promises'>, listed: ReadonlySet<string>): string[] {
  const isOpen = (id: string): boolean => {
    const [referral, task] = [referrals.get(id), tasks.get(id)];
    return task ? stageOf(referral, task) !== 'done' : referral?.state === ReferralState.ACCEPTED;
  };
  return [...new Set([...referrals.keys(), ...tasks.keys()])].filter((id) => !listed.has(id) && isOpen(id));
}

function stageOf(referral: Referral | undefined, task: Task | undefined): Stage {
  if (task) {
    if (task.held) return 'waiting';
    if (task.carerQuestion) return 'question';
    // How it ended is said once it was closed, and taken back when it is opened again.
    return task.result !== 0 ? 'done' : 'taken';
  }
  switch (referral?.state) {
    case ReferralState.REQUESTED:
      return 'asked';
    case ReferralState.HELD:
      return 'waiting';
    case ReferralState.ACCEPTED:
      return 'taken';
    default:
      return 'done';
  }
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (!one || !other) return one ?? other;
  return one < other ? one : other;
}

/** What is due first before; what has no promise after; then what presses more, then what is here longer. */
export function ordered(work: readonly Work[]): Work[] {
  return [...work].sort(
    (one, other) =>
      Number(other.stage !== 'done') - Number(one.stage !== 'done') ||
      (one.due?.getTime() ?? Infinity) - (other.due?.getTime() ?? Infinity) ||
      other.urgency - one.urgency ||
      one.since - other.since ||
      one.id.localeCompare(other.id),
  );
}

/** The parts of the inbox. */
export const PARTS = ['todo', 'asked', 'taken', 'waiting', 'done'] as const;
export type Part = (typeof PARTS)[number];

export function isIn(part: Part, work: Work): boolean {
  switch (part) {
    case 'todo':
      return work.stage === 'asked' || work.stage === 'taken' || work.stage === 'question';
    case 'taken':
      return work.stage === 'taken' || work.stage === 'question';
    default:
      return work.stage === part;
  }
}

/** How much there is in each part. */
export function counted(work: readonly Work[]): Record<Part, number> {
  const count = (part: Part): number => work.filter((one) => isIn(part, one)).length;
  return Object.fromEntries(PARTS.map((part) => [part, count(part)])) as Record<Part, number>;
}

/** How many promises stand how, among what is to be done. */
export function standings(work: readonly Work[], now: Date): Record<Standing, number> {
  const found: Record<Standing, number> = { late: 0, now: 0, today: 0, later: 0, none: 0 };
  for (const one of work) if (isIn('todo', one)) found[standing(one.due, now, one.breached)] += 1;
  return found;
}
