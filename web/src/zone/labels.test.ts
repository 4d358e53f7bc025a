import { describe, expect, it } from 'vitest';

import { placed } from './labels';

const ROOM = { between: 18, beside: 16, top: 0, bottom: 200 };
const names = (...ends: number[]): number[] => placed(ends, ROOM);

describe('the names of lines', () => {
  it('stand above the ends of their lines', () => {
    expect(names(40, 100, 160)).toEqual([24, 84, 144]);
    expect(names(160, 40)).toEqual([144, 24]);
  });

  it('stand under it where another line ends above', () => {
    expect(names(100, 90)).toEqual([116, 74]);
    expect(names(100, 100)).toEqual([84, 116]);
  });

  it('stand on each other where there is no room under it', () => {
    expect(names(190, 195)).toEqual([156, 174]);
    expect(names(195, 190, 192)).toEqual([174, 138, 156]);
  });

  it('stand within the drawing', () => {
    expect(names(5)).toEqual([21]);
  });

  it('never stand on each other or on an end, wherever three lines end', () => {
    for (let one = 30; one <= 200; one += 7) {
      for (let other = 30; other <= 200; other += 7) {
        for (let third = 30; third <= 200; third += 7) {
          const ends = [one, other, third];
          const middles = placed(ends, ROOM);
          const sorted = [...middles].sort((a, b) => a - b);
          const isApart = sorted.every((middle, at) => at === 0 || middle - (sorted[at - 1] ?? 0) >= ROOM.between);
          const isClear = middles.every((middle) => ends.every((end) => Math.abs(end - middle) >= ROOM.beside));
          if (!isApart || !isClear) expect.fail(`${ends.join(' ')}: ${middles.join(' ')}`);
        }
      }
    }
  });
});
