import { expect, it } from 'vitest';

import { scoreOf } from './score';

it('a score is read as it is written here, and only within the form', () => {
  const range = { rangeFrom: 0, rangeTo: 30 };
  expect(scoreOf(' 12,5 ', range)).toBe(12.5);
  expect(scoreOf('30', range)).toBe(30);
  for (const text of ['', '31', '-1', 'veel', '1e1', '12.', '1 2']) expect(scoreOf(text, range)).toBeUndefined();
});
