import { create, timestampFromDate } from '@knipperlicht/client';
import { ClockKind, FollowUpState, OutcomeResult, ReferralState, Urgency } from '@knipperlicht/client/codes';
import { CarerQuestionSchema, ClockSchema, TaskSchema, type Clock, type Task } from '@knipperlicht/client/followup';
import { ReferralSchema, type Referral } from '@knipperlicht/client/routing';
import { describe, expect, it } from 'vitest';

import { counted, isIn, ordered, standings, workOf, type Known } from './inbox';

const now = new Date('2026-11-23T09:00:00Z');
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
const clock = (kind: number, due: Date, breached = false): Clock => create(ClockSchema, { kind, dueAt: timestampFromDate(due), breached });
const referral = (referralId: string, state: number, urgency: number = Urgency.ROUTINE): Referral =>
  create(ReferralSchema, { referralId, situationId: `s-${referralId}`, state, urgency, requestedAt: timestampFromDate(now) });
const task = (referralId: string, fields: Partial<Task>): Task => create(TaskSchema, { referralId, taskId: `t-${referralId}`, ...fields } as never);

function known(referrals: Referral[], tasks: Task[] = [], promises: Record<string, Clock> = {}): Known {
  return {
    referrals: new Map(referrals.map((one) => [one.referralId, one])),
    tasks: new Map(tasks.map((one) => [one.referralId, one])),
    promises: new Map(Object.entries(promises)),
  };
}

describe('the inbox', () => {
  it('has what is due first on top, whether it has to be answered or gone on with', () => {
    const work = workOf(
      known(
        [referral('asked', ReferralState.REQUESTED), referral('late', ReferralState.REQUESTED), referral('taken', ReferralState.ACCEPTED), referral('unknown', ReferralState.REQUESTED)],
        [task('taken', { state: FollowUpState.OPEN, nextClock: clock(ClockKind.FIRST_CONTACT, hours(3)) })],
        { asked: clock(ClockKind.ACCEPT, hours(30)), late: clock(ClockKind.ACCEPT, hours(-1), true) },
      ),
    );
    expect(ordered(work).map((one) => one.id)).toEqual(['late', 'taken', 'asked', 'unknown']);
    expect(standings(work, now)).toEqual({ late: 1, now: 0, today: 1, later: 1, none: 1 });
  });

  it('tells equals apart by how much they press', () => {
    const due = clock(ClockKind.ACCEPT, hours(1));
    const both = known([referral('routine', ReferralState.REQUESTED), referral('urgent', ReferralState.REQUESTED, Urgency.URGENT)], [], { routine: due, urgent: due });
    expect(ordered(workOf(both)).map((one) => one.id)).toEqual(['urgent', 'routine']);
  });

  it('shows a planned visit when it is, if that is before the promise', () => {
    const visit = task('a', { state: FollowUpState.SCHEDULED, visitAt: timestampFromDate(hours(20)), nextClock: clock(ClockKind.OUTCOME, hours(400)) });
    expect(workOf(known([], [visit]))[0]?.due).toEqual(hours(20));
  });

  it('has each piece in the part where it belongs', () => {
    const work = workOf(
      known(
        ['asked', 'held', 'declined'].map((id, at) => referral(id, [ReferralState.REQUESTED, ReferralState.HELD, ReferralState.DECLINED][at] ?? 0)),
        [
          task('open', { state: FollowUpState.OPEN }),
          task('stopped', { state: FollowUpState.OPEN, held: true }),
          task('ask', { state: FollowUpState.COMPLETED, result: OutcomeResult.HELPED, carerQuestion: create(CarerQuestionSchema, { times: 1 }) }),
          task('over', { state: FollowUpState.CONFIRMED, result: OutcomeResult.HELPED }),
        ],
      ),
    );
    expect(counted(work)).toEqual({ todo: 3, asked: 1, taken: 2, waiting: 2, done: 2 });
    expect(work.filter((one) => isIn('done', one)).map((one) => one.id)).toEqual(['declined', 'over']);
  });

  it('promises nothing of what is over', () => {
    const over = task('over', { state: FollowUpState.COMPLETED, result: OutcomeResult.HELPED, nextClock: clock(ClockKind.CONFIRMATION, hours(1)) });
    expect(workOf(known([], [over]))[0]).toMatchObject({ stage: 'done', due: undefined, dueKind: 0, breached: false });
  });
});
