import { expect, it } from 'vitest';

import { newId } from './ids';

it('is a UUID of version 7, ordered by time', () => {
  const ids = [newId(1), newId(2), newId(Date.now())];
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(newId()).not.toBe(newId());
});
