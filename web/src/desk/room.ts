import { timestampDate } from '@knipperlicht/client';
import type { Service } from '@knipperlicht/client/routing';

const DAY = 86_400_000;
/** What was said so long ago counts no more (routing's rule); a little before that, it is asked again. */
const HOLDS = 14;
const ASK_FROM = 12;

/** How fresh what a service said of its room is. */
export type Freshness = 'never' | 'gone' | 'ageing' | 'fresh';

export function freshness(service: Service, now: Date): Freshness {
  const { capacity } = service;
  if (!capacity?.statedAt) return 'never';
  if (!capacity.holds) return 'gone';
  const days = (now.getTime() - timestampDate(capacity.statedAt).getTime()) / DAY;
  if (days >= HOLDS) return 'gone';
  return days >= ASK_FROM ? 'ageing' : 'fresh';
}

/** Those that should be said again before the others. */
export function askedFirst(services: readonly Service[], now: Date): Service[] {
  const order: Record<Freshness, number> = { gone: 0, never: 1, ageing: 2, fresh: 3 };
  return [...services].sort((one, other) => order[freshness(one, now)] - order[freshness(other, now)] || one.name.localeCompare(other.name));
}
