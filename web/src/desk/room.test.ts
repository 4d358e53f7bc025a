import { create, timestampFromDate } from '@knipperlicht/client';
import { CapacityState } from '@knipperlicht/client/codes';
import { CapacitySchema, ServiceSchema, type Service } from '@knipperlicht/client/routing';
import { expect, it } from 'vitest';

import { askedFirst, freshness } from './room';

const now = new Date('2026-11-23T09:00:00Z');
function service(name: string, days?: number, holds = true): Service {
  if (days === undefined) return create(ServiceSchema, { name });
  const statedAt = timestampFromDate(new Date(now.getTime() - days * 86_400_000));
  return create(ServiceSchema, { name, capacity: create(CapacitySchema, { state: CapacityState.FULL, statedAt, holds }) });
}

it('what was said of room is asked again before it counts no more', () => {
  expect(freshness(service('a', 3), now)).toBe('fresh');
  expect(freshness(service('a', 12.5), now)).toBe('ageing');
  expect(freshness(service('a', 14), now)).toBe('gone');
  expect(freshness(service('a', 2, false), now)).toBe('gone');
  expect(freshness(service('a'), now)).toBe('never');
});

it('services that have to say it again come first', () => {
  const all = [service('b', 1), service('a', 1), service('never'), service('old', 20, false)];
  expect(askedFirst(all, now).map((one) => one.name)).toEqual(['old', 'never', 'a', 'b']);
});
