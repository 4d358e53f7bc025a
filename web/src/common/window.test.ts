import { describe, expect, it } from 'vitest';

import { drawn, scrolledTo } from './window';

describe('a long list', () => {
  it('draws what is in view and a few more', () => {
    expect(drawn(0, 500, 100, 1000, 2)).toEqual({ first: 0, end: 7 });
    expect(drawn(10_050, 500, 100, 1000, 2)).toEqual({ first: 98, end: 108 });
    expect(drawn(99_500, 500, 100, 1000, 2)).toEqual({ first: 993, end: 1000 });
  });

  it('never draws what is not there', () => {
    expect(drawn(0, 500, 100, 0)).toEqual({ first: 0, end: 0 });
    expect(drawn(50_000, 500, 100, 3)).toEqual({ first: 2, end: 3 });
    expect(drawn(-80, 500, 100, 3)).toEqual({ first: 0, end: 3 });
    expect(drawn(0, 500, 0, 3)).toEqual({ first: 0, end: 0 });
    for (let count = 0; count < 40; count += 1) {
      for (let scrolled = -200; scrolled < 5000; scrolled += 130) {
        const { first, end } = drawn(scrolled, 640, 96, count);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(count);
        expect(first).toBeLessThanOrEqual(end);
      }
    }
  });

  it('moves as little as can be to show a row', () => {
    expect(scrolledTo(3, 0, 500, 100)).toBe(0);
    expect(scrolledTo(5, 0, 500, 100)).toBe(100);
    expect(scrolledTo(2, 450, 500, 100)).toBe(200);
  });
});
