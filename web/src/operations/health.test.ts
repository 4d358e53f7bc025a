import { expect, it } from 'vitest';

import { keptWith, wellnessOf, type Look } from './health';

it('a service that is not spoken of is unknown, and never taken for well', () => {
  expect(wellnessOf({ intake: true, routing: false, followup: 'yes' })).toEqual({
    intake: 'well',
    assessment: 'unknown',
    routing: 'away',
    followup: 'unknown',
    notification: 'unknown',
  });
  for (const said of [undefined, null, 'up', []]) expect(Object.values(wellnessOf(said)).every((one) => one === 'unknown')).toBe(true);
});

it('keeps the last looks only', () => {
  const one: Look = { at: new Date(0), took: 1, services: wellnessOf({}) };
  let kept: Look[] = [];
  for (let at = 0; at < 100; at += 1) kept = keptWith(kept, { ...one, took: at });
  expect(kept.length).toBe(60);
  expect(kept.at(-1)?.took).toBe(99);
});
