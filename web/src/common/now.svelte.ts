import { serverNow } from '../api/clock';

const OFTEN = 20_000;

const clock = $state({ now: serverNow() ?? new Date() });
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** What time it is by the server's clock, as far as that is known: how long something may still take
 * is told anew as it passes. */
export function now(): Date {
  return clock.now;
}

/** Keeps the time going while somebody looks. Returns what ends it. */
export function keepTime(): () => void {
  clock.now = serverNow() ?? new Date();
  watchers += 1;
  timer ??= setInterval(() => (clock.now = serverNow() ?? new Date()), OFTEN);
  return () => {
    watchers -= 1;
    if (watchers > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
