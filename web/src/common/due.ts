import { dayOf } from '../texts/format';

/** How a promise stands. Each has a picture and words of its own; the colour only says it again. */
export type Standing = 'late' | 'now' | 'today' | 'later' | 'none';

const HOUR = 3_600_000;

/** How a promise that is due then stands now; without a promise, nothing waits. A broken one stays
 * broken, whatever the clock of this device says. */
export function standing(due: Date | undefined, now: Date, breached = false): Standing {
  if (breached) return 'late';
  if (!due) return 'none';
  const left = due.getTime() - now.getTime();
  if (left <= 0) return 'late';
  if (left <= 2 * HOUR) return 'now';
  return dayOf(due) === dayOf(now) ? 'today' : 'later';
}

/** A stretch of time in the unit that people would use: minutes under an hour, hours under two days,
 * then days. */
export interface Stretch {
  unit: 'minutes' | 'hours' | 'days';
  count: number;
}

export function stretch(milliseconds: number): Stretch {
  const whole = Math.max(0, milliseconds);
  if (whole < HOUR) return { unit: 'minutes', count: Math.max(1, Math.round(whole / 60_000)) };
  if (whole < 48 * HOUR) return { unit: 'hours', count: Math.round(whole / HOUR) };
  return { unit: 'days', count: Math.round(whole / (24 * HOUR)) };
}
