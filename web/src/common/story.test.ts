import { create, timestampFromDate } from '@knipperlicht/client';
import { TimelineEntrySchema, type TimelineEntry } from '@knipperlicht/client/followup';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { happened, latestFirst, noticed, sentenceOf, toldBy } from './story';

const entry = (type: string, codes: Record<string, string> = {}, second = 0): TimelineEntry =>
  create(TimelineEntrySchema, { type: `knipperlicht.${type}.v1`, codes, at: timestampFromDate(new Date(second * 1000)) });

it('tells what happened by its codes', () => {
  expect(happened('knipperlicht.referral.accepted.v1')).toBe('referral_accepted');
  expect(toldBy(entry('followup.completed', { outcome: 'not_helped', reason: 'moved', late: 'true' }))).toEqual([
    { list: 'outcome_result', names: ['not_helped'] },
    { list: 'outcome_reason', names: ['moved'] },
  ]);
  expect(toldBy(entry('referral.declined', { reason: 'language' }))).toEqual([{ list: 'decline_reason', names: ['language'] }]);
});

it('tells an objection of the cared-for person as what it is', () => {
  const changed = (codes: Record<string, string>): string => sentenceOf(entry('situation.consent_changed', codes));
  expect(changed({ consent: 'given' })).toBe('situation_consent_changed');
  expect(changed({ cared_for_objects: 'true' })).toBe('objection');
  expect(changed({ cared_for_objects: 'false' })).toBe('objection_lifted');
});

it('collects what was noticed, each thing once', () => {
  const story = [entry('signal.flagged', { observations: 'exhausted,isolated' }), entry('signal.flagged', { observations: 'exhausted' })];
  expect(noticed(story)).toEqual(['exhausted', 'isolated']);
});

it('turns the story round, also within one moment', () => {
  const story = [entry('signal.flagged', {}, 1), entry('assessment.completed', {}, 2), entry('referral.requested', {}, 2)];
  expect(latestFirst(story).map((one) => happened(one.type))).toEqual(['referral_requested', 'assessment_completed', 'signal_flagged']);
});

it('every event of the catalogue has its sentence', () => {
  const catalogue = readFileSync(new URL('../../../crates/contracts/src/event.rs', import.meta.url), 'utf8');
  const texts = JSON.parse(readFileSync(new URL('../texts/nl/work.json', import.meta.url), 'utf8')) as Record<string, string>;
  const types = [...catalogue.matchAll(/^ {4}\w+ \w+ "(\w+)" "(\w+)"$/gm)].map(([, aggregate, event]) => `${aggregate}_${event}`);
  expect(types.length).toBeGreaterThan(30);
  expect(types.filter((type) => !(`did_${type}` in texts))).toEqual([]);
});
