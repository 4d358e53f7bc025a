import { create } from '@knipperlicht/client';
import { ReportLineSchema, ReportTopic as T, ReportYearSchema } from '@knipperlicht/client/followup';
import { describe, expect, it } from 'vitest';

import { figureOf, isSilent, largestFirst, linesOf, medians, sparing, told, trendOf, yearsBefore } from './report';

const line = (topic: T, code: string, value: number, hidden = false) => create(ReportLineSchema, { topic, code, value: BigInt(value), hidden });
const year = create(ReportYearSchema, {
  year: 2025,
  lines: [line(T.SIGNALS, '', 120), line(T.UNMET_NEEDS, 'respite', 14), line(T.UNMET_NEEDS, 'safety', 0, true), line(T.UNMET_NEEDS, 'training', 30), line(T.MEDIAN_SECONDS, 'accept', 129_600)],
});

describe('a report', () => {
  it('tells a figure, that it is hidden, or nothing', () => {
    expect(figureOf(year.lines, T.SIGNALS)).toBe(120);
    expect(figureOf(year.lines, T.UNMET_NEEDS, 'safety')).toBe('hidden');
    expect(figureOf(year.lines, T.CONFIRMED)).toBeUndefined();
    expect(medians([year], 'accept')).toEqual([1.5]);
    expect(medians([year], 'outcome')).toEqual([null]);
  });

  it('shows the largest first, and never a hidden one as nought', () => {
    const { shown, hidden } = largestFirst(linesOf(year, T.UNMET_NEEDS));
    expect(shown.map(({ code }) => code)).toEqual(['training', 'respite']);
    expect(hidden.map(({ code }) => code)).toEqual(['safety']);
    expect(isSilent(year)).toBe(false);
    expect(isSilent(create(ReportYearSchema, { lines: [line(T.SIGNALS, '', 0, true)] }))).toBe(true);
  });

  it('goes into a file without what would say who', () => {
    expect(told('hidden')).toBe('*');
    expect(told(12)).toBe(12);
    expect([0, 9, 10].map((count) => sparing(count))).toEqual(['<10', '<10', 10]);
  });

  it('says in words whether it took shorter', () => {
    const trend = (...values: (number | null)[]): unknown => trendOf([2023, 2024, 2025], values);
    expect(trend(5, 4, 2)).toEqual({ is: 'shorter', from: 2024, before: 4, to: 2025, after: 2 });
    expect(trend(null, 2, 2.5)).toMatchObject({ is: 'longer' });
    expect(trend(null, 2, 2.1)).toMatchObject({ is: 'same' });
    // A year that is hidden in between is stepped over.
    expect(trend(5, null, 2)).toMatchObject({ is: 'shorter', from: 2023 });
    expect(trend(null, null, 2)).toEqual({ is: 'one', to: 2025, after: 2 });
    expect(trend(null, null, null)).toBeUndefined();
  });

  it('is of years that are over, in Belgium', () => {
    expect(yearsBefore(new Date('2026-12-31T22:30:00Z'))).toEqual([2021, 2022, 2023, 2024, 2025]);
    expect(yearsBefore(new Date('2026-12-31T23:30:00Z')).at(-1)).toBe(2026);
  });
});
