import { Observation } from '@knipperlicht/client/codes';
import { expect, it } from 'vitest';

import { ICONS } from '../design/icons';
import { GROUPS } from './observations';

it('offers every observation once, at most twelve at first sight', () => {
  const first = GROUPS.flatMap((group) => group.first);
  const all = [...first, ...GROUPS.flatMap((group) => group.more)];
  const codes = Object.values(Observation).filter((code): code is number => typeof code === 'number' && code !== 0);
  expect([...all].sort((one, other) => one - other)).toEqual(codes);
  expect(first.length).toBeLessThanOrEqual(12);
});

it('has a picture for each', () => {
  for (const code of GROUPS.flatMap((group) => [...group.first, ...group.more])) {
    expect(ICONS).toHaveProperty(Observation[code]!.toLowerCase());
  }
});
