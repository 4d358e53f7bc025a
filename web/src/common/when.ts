import { t, when, type TextKey } from '../texts/index.svelte';
import { standing, stretch, type Standing } from './due';

const AGO = { minutes: 'work.minutes', hours: 'work.hours', days: 'work.days' } as const satisfies Record<string, TextKey>;

/** A stretch of time in words: `3 uur`. */
export function stretchText(milliseconds: number): string {
  const { unit, count } = stretch(milliseconds);
  return t(AGO[unit], { count });
}

/** How a promise stands, in words that are read without its colour. */
export function dueText(due: Date | undefined, now: Date, breached = false): string {
  const how: Standing = standing(due, now, breached);
  if (!due || how === 'none') return t('work.due_none');
  const left = due.getTime() - now.getTime();
  if (how === 'late') return left < 0 ? t('work.due_late', { time: stretchText(-left) }) : t('work.due_broken');
  if (how === 'now') return t('work.due_now', { time: stretchText(left) });
  return t(how === 'today' ? 'work.due_today' : 'work.due_later', { when: when(due, now) });
}
