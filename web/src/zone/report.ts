import { ReportTopic as T, type ReportLine, type ReportYear } from '@knipperlicht/client/followup';

import type { List } from '../common/codes';

/** The parts of a report that are shown as tables with bars, and the list their codes are of. */
export const TABLES: readonly { topic: T; name: string; list?: List }[] = [
  { topic: T.SIGNALS_BY_ROLE, name: 'roles', list: 'reporter_role' },
  { topic: T.SIGNALS_BY_OBSERVATION, name: 'observations', list: 'observation' },
  { topic: T.UNMET_NEEDS, name: 'unmet', list: 'need' },
  { topic: T.OUTCOMES, name: 'outcomes' },
  { topic: T.NOT_SHARED, name: 'not_shared', list: 'consent' },
  { topic: T.REOPENED, name: 'reopened' },
];

/** What is promised, by the codes of the report. */
export const PROMISES = ['accept', 'first_contact', 'outcome'] as const;
export type Promised = (typeof PROMISES)[number];

/** A figure, or that it is hidden. */
export type Figure = number | 'hidden';

export function figureOf(lines: readonly ReportLine[], topic: T, code = ''): Figure | undefined {
  const line = lines.find((one) => one.topic === topic && one.code === code);
  if (!line) return undefined;
  return line.hidden ? 'hidden' : Number(line.value);
}

export function linesOf(year: ReportYear, topic: T): { code: string; figure: Figure }[] {
  return year.lines
    .filter((line) => line.topic === topic)
    .map((line) => ({ code: line.code, figure: line.hidden ? ('hidden' as const) : Number(line.value) }));
}

/** What is shown first: the largest, with the hidden ones together at the end. */
export function largestFirst<L extends { figure: Figure }>(lines: readonly L[]): { shown: L[]; hidden: L[] } {
  const shown = lines.filter((line): line is L & { figure: number } => line.figure !== 'hidden');
  return { shown: [...shown].sort((one, other) => other.figure - one.figure), hidden: lines.filter((line) => line.figure === 'hidden') };
}

/** Days, to one decimal. */
function daysOf(seconds: number): number {
  return Math.round((seconds / 86_400) * 10) / 10;
}

/** How long something took in the middle case, year by year, in days; nothing where it is hidden. */
export function medians(years: readonly ReportYear[], promised: Promised): (number | null)[] {
  return years.map((year) => {
    const figure = figureOf(year.lines, T.MEDIAN_SECONDS, promised);
    return typeof figure === 'number' ? daysOf(figure) : null;
  });
}

/** The years that can be reported: those that are over, five at most, the earliest first. */
export function yearsBefore(now: Date): number[] {
  const last = Number(new Intl.DateTimeFormat('en', { timeZone: 'Europe/Brussels', year: 'numeric' }).format(now)) - 1;
  return [4, 3, 2, 1, 0].map((ago) => last - ago);
}

/** A figure as it leaves this screen in a file. One that is hidden may be ten or more, where it would
 * give a smaller one away: a star, as everywhere else, and not `<10`. */
export function told(figure: Figure): string | number {
  return figure === 'hidden' ? '*' : figure;
}

/** Whether a year says nothing at all. */
export function isSilent(year: ReportYear): boolean {
  return year.lines.every((line) => line.hidden);
}

/** Counts that were not hidden yet are, before they leave for a file. */
export function sparing(count: number, threshold = 10): string | number {
  return count < threshold ? `<${threshold}` : count;
}
