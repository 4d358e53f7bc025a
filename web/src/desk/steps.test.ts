import { create } from '@knipperlicht/client';
import { FollowUpState } from '@knipperlicht/client/codes';
import { TaskSchema, type Task } from '@knipperlicht/client/followup';
import { expect, it } from 'vitest';

import { nextStep, stepsOf } from './steps';

const task = (state: number, held = false): Task => create(TaskSchema, { state, held });

it('a follow-up offers what the server would allow, and first what comes next', () => {
  expect(stepsOf(task(FollowUpState.OPEN))).toEqual(['contact', 'complete', 'assess', 'note', 'person']);
  expect(stepsOf(task(FollowUpState.SCHEDULED))).toContain('visit');
  expect(stepsOf(task(FollowUpState.CONTACT_ATTEMPTED))).not.toContain('schedule');
  expect(stepsOf(task(FollowUpState.COMPLETED))).toEqual(['assess', 'note', 'link', 'reopen']);
  expect(nextStep(task(FollowUpState.REOPENED))).toBe('contact');
  expect(nextStep(task(FollowUpState.SEEN))).toBe('complete');
  expect(nextStep(task(FollowUpState.CONFIRMED))).toBeUndefined();
});

it('nothing can be done while the carer does not agree', () => {
  for (const state of Object.values(FollowUpState).filter((one) => typeof one === 'number')) {
    expect(stepsOf(task(state, true))).toEqual([]);
    expect(nextStep(task(state, true))).toBeUndefined();
  }
  expect(stepsOf(undefined)).toEqual([]);
});
