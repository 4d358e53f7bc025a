import { expect, it } from 'vitest';

import { deed, readable, tokenOf } from './link';

it('reads a whole token and nothing else', () => {
  const token = 'A'.repeat(42) + '-';
  expect(tokenOf(`#${token}`)).toBe(token);
  for (const hash of ['', '#', '#abc', token, `#${token}x`, `#${token.slice(1)}%`]) expect(tokenOf(hash)).toBeUndefined();
});

it('tells the deed apart from who did it', () => {
  expect(deed('dmw-gent las iets.', 'dmw-gent')).toBe('las iets.');
  expect(deed('De coördinatie van Gent las iets.', '')).toBe('De coördinatie van Gent las iets.');
});

it('makes an id readable', () => {
  expect(readable('dmw-oostende-bredene')).toBe('DMW Oostende Bredene');
});
