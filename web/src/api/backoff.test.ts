import { expect, it } from 'vitest';

import { Backoff } from './backoff';

it('waits longer each time, bounded, and begins anew after success', () => {
  const backoff = new Backoff(1000, 10_000, () => 1);
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  for (let failure = 0; failure < 2000; failure += 1) expect(backoff.next()).toBe(10_000);
  expect(backoff.next(25_000)).toBe(25_000);
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});
