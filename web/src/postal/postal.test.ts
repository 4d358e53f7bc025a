import lines from 'virtual:postal-codes';
import { expect, it } from 'vitest';

import { judge, placesOf } from './postal';

const PLACES = placesOf(lines);

it('knows every place of Flanders and Brussels, and its zone', () => {
  expect(PLACES.size).toBeGreaterThan(500);
  expect(judge('8400', PLACES)).toEqual({ is: 'known', code: '8400', municipality: 'Oostende', zone: 'Oostende-Bredene' });
  expect(judge(' 1000\n', PLACES)).toMatchObject({ is: 'known', municipality: 'Brussel' });
});

it('says what is wrong with the rest', () => {
  for (const text of ['', '840', '84000', 'B-8400', '0999', '84 00', '８４００', 'Maria']) {
    expect(judge(text, PLACES)).toEqual({ is: 'malformed' });
  }
  expect(judge('4000', PLACES)).toEqual({ is: 'wallonia' });
  expect(judge('1300', PLACES)).toEqual({ is: 'wallonia' });
  expect(judge('9999', PLACES)).toEqual({ is: 'unknown' });
});
