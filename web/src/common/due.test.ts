import { describe, expect, it } from 'vitest';

import { standing, stretch } from './due';

const at = (text: string): Date => new Date(`${text}+01:00`);
const now = at('2026-11-23T10:00:00');

describe('a promise', () => {
  it('is late, presses, is for today or for later', () => {
    expect(standing(at('2026-11-23T09:59:59'), now)).toBe('late');
    expect(standing(at('2026-11-23T11:30:00'), now)).toBe('now');
    expect(standing(at('2026-11-23T17:00:00'), now)).toBe('today');
    expect(standing(at('2026-11-24T09:00:00'), now)).toBe('later');
    expect(standing(undefined, now)).toBe('none');
  });

  it('that was broken stays broken, whatever the clock here says', () => {
    expect(standing(at('2026-11-24T09:00:00'), now, true)).toBe('late');
  });

  it('for tonight is for today in Belgium, where the day ends later than elsewhere', () => {
    expect(standing(at('2026-11-23T23:59:59'), now)).toBe('today');
    expect(standing(at('2026-11-24T00:00:01'), now)).toBe('later');
  });
});

it('time is told in the unit that people would use', () => {
  expect(stretch(0)).toEqual({ unit: 'minutes', count: 1 });
  expect(stretch(59 * 60_000)).toEqual({ unit: 'minutes', count: 59 });
  expect(stretch(3 * 3_600_000)).toEqual({ unit: 'hours', count: 3 });
  expect(stretch(50 * 3_600_000)).toEqual({ unit: 'days', count: 2 });
});
