import { expect, it } from 'vitest';

import { DIMENSIONS, goesOn, missing, noAnswers, stateOf, type QualityOfLife } from './answers';

const all = Object.fromEntries(DIMENSIONS.map((one) => [one, 2])) as QualityOfLife;

it('asks for what has to be known, and for the seven together', () => {
  expect(missing(noAnswers())).toEqual(['helped', 'call']);
  const answered = { ...noAnswers(), helped: 'yes', call: 'no' } as const;
  expect(missing(answered)).toEqual([]);
  expect(missing({ ...answered, quality: { ...answered.quality, support: 1 } })).toEqual(['quality']);
  expect(missing({ ...answered, quality: all })).toEqual([]);
});

it('goes on where it did not help, or they want to be called', () => {
  expect(goesOn({ ...noAnswers(), helped: 'yes', call: 'no' })).toBe(false);
  expect(goesOn({ ...noAnswers(), helped: 'yes', call: 'yes' })).toBe(true);
  expect(goesOn({ ...noAnswers(), helped: 'no', call: 'no' })).toBe(true);
});

it('sends how they are as far as they said it', () => {
  expect(stateOf(noAnswers())).toBeUndefined();
  expect(stateOf({ ...noAnswers(), perseverance: 3 })).toEqual({ perseverance: 3 });
  expect(stateOf({ ...noAnswers(), quality: all })).toEqual({ perseverance: 0, qualityOfLife: all });
});
