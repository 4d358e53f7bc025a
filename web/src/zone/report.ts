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

/** What nobody would notice. */
const LITTLE = 0.1;

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

/** How the middle case went from one year to another. */
export type Trend =
  | { is: 'shorter' | 'longer' | 'same'; from: number; before: number; to: number; after: number }
  | { is: 'one'; to: number; after: number };

/** The last year of which something is known against the one before it; nothing where none is. What
 * differs by less than a tenth took as long. */
export function trendOf(years: readonly number[], values: readonly (number | null)[]): Trend | undefined {
  const known = years.flatMap((year, at) => {
    const days = values[at];
    return typeof days === 'number' ? [{ year, days }] : [];
  });
  const [last, first] = [known.at(-1), known.at(-2)];
  if (!last) return undefined;
  const now = { to: last.year, after: last.days };
  if (!first) return { is: 'one', ...now };
  const change = last.days - first.days;
  const is = Math.abs(change) <= first.days * LITTLE ? 'same' : change < 0 ? 'shorter' : 'longer';
  return { is, from: first.year, before: first.days, ...now };
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
