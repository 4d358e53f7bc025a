import { create } from '@knipperlicht/client';
import { FollowUpState, OutcomeResult, ReferralState } from '@knipperlicht/client/codes';
import { CarerQuestionSchema, TaskSchema, type Task } from '@knipperlicht/client/followup';
import { ReferralSchema, type Referral } from '@knipperlicht/client/routing';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Desk } from './desk.svelte';
import { workOf } from './inbox';

/** What the server has, and what of it is listed as open. */
const server = vi.hoisted(() => ({ tasks: [] as unknown[], open: [] as unknown[], referrals: [] as unknown[], calls: 0 }));
vi.mock('../api/calls', () => {
  const named = (all: unknown[], ids: readonly string[]) => (all as { referralId: string }[]).filter(({ referralId }) => ids.includes(referralId));
  return {
    ask: (call: () => Promise<unknown>) => {
      server.calls += 1;
      return call();
    },
    followup: async () => ({
      listTasks: async ({ referralIds }: { referralIds?: string[] }) => ({ tasks: referralIds ? named(server.tasks, referralIds) : server.open }),
      listPromises: async () => ({ promises: [] }),
    }),
    routing: async () => ({
      listReferrals: async ({ referralIds }: { referralIds: string[] }) => ({ referrals: named(server.referrals, referralIds) }),
    }),
  };
});

const referral = (referralId: string, state: number): Referral => create(ReferralSchema, { referralId, state });
const task = (referralId: string, fields: Partial<Task> = {}): Task =>
  create(TaskSchema, { referralId, taskId: `t-${referralId}`, state: FollowUpState.OPEN, ...fields } as never);
const closed = { state: FollowUpState.COMPLETED, result: OutcomeResult.HELPED };

let desk: Desk;

/** The desk looks again, and shows what it found. */
async function look(): Promise<Record<string, string>> {
  await desk.reload();
  await new Promise((resolve) => setTimeout(resolve, 150));
  return Object.fromEntries(workOf(desk).map(({ id, stage }) => [id, stage]));
}

beforeEach(async () => {
  desk = new Desk();
  server.referrals = [referral('a', ReferralState.ACCEPTED), referral('b', ReferralState.ACCEPTED)];
  server.tasks = [task('a'), task('b')];
  server.open = server.tasks;
  expect(await look()).toEqual({ a: 'taken', b: 'taken' });
});

describe('what is in the list of open follow-ups no more', () => {
  it('is done, where a colleague closed it', async () => {
    server.tasks = [task('a', closed), task('b')];
    server.open = [task('b')];
    expect(await look()).toEqual({ a: 'done', b: 'taken' });
  });

  it('asks no question any more, once the carer answered', async () => {
    const asked = task('a', { ...closed, carerQuestion: create(CarerQuestionSchema, { times: 1 }) });
    server.tasks = [asked, task('b')];
    server.open = server.tasks;
    expect(await look()).toEqual({ a: 'question', b: 'taken' });
    server.tasks = [task('a', closed), task('b')];
    server.open = [task('b')];
    expect(await look()).toEqual({ a: 'done', b: 'taken' });
  });

  it('goes, where it was erased', async () => {
    server.referrals = [referral('b', ReferralState.ACCEPTED)];
    server.tasks = [task('b')];
    server.open = server.tasks;
    expect(await look()).toEqual({ b: 'taken' });
  });

  it('is done, where a colleague took and closed it between two looks', async () => {
    server.referrals.push(referral('c', ReferralState.ACCEPTED));
    server.tasks = [task('a'), task('b'), task('c', closed)];
    server.open = [task('a'), task('b')];
    desk.referrals = new Map([...desk.referrals, ['c', referral('c', ReferralState.ACCEPTED)]]);
    expect(await look()).toEqual({ a: 'taken', b: 'taken', c: 'done' });
  });

  it('stays, where its follow-up did not begin yet', async () => {
    server.referrals.push(referral('c', ReferralState.ACCEPTED));
    desk.referrals = new Map([...desk.referrals, ['c', referral('c', ReferralState.ACCEPTED)]]);
    server.calls = 0;
    expect(await look()).toEqual({ a: 'taken', b: 'taken', c: 'taken' });
    expect(server.calls).toBe(3);
  });
});
