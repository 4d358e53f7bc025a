import { expect, it } from 'vitest';

import { momentOf, onTheWall } from './wall-clock';

it('a visit is planned by the clock on the wall in Belgium, in winter and in summer', () => {
  expect(momentOf('2026-11-23T14:00')?.toISOString()).toBe('2026-11-23T13:00:00.000Z');
  expect(momentOf('2026-07-01T14:00')?.toISOString()).toBe('2026-07-01T12:00:00.000Z');
  expect(onTheWall(new Date('2026-11-23T13:00:00Z'))).toBe('2026-11-23T14:00');
});

it('an hour that is skipped, or no moment at all, is none; one that comes twice is the first', () => {
  expect(momentOf('2027-03-28T02:30')).toBeUndefined();
  expect(momentOf('2026-10-25T02:30')?.toISOString()).toBe('2026-10-25T00:30:00.000Z');
  for (const text of ['', 'morgen', '2026-13-01T10:00', '2026-11-23']) expect(momentOf(text)).toBeUndefined();
});
