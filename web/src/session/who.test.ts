import { describe, expect, it } from 'vitest';

import { nameIn, whoHolds } from './who';

function token(claims: unknown): string {
  const part = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `e30.${part}.x`;
}

describe('a token', () => {
  it('says who holds it', () => {
    const who = whoHolds(token({ sub: 'a-1', role: 'partner', organisation: 'dmw', zones: ['gent', 4], name: 'Zoë' }));
    expect(who).toEqual({ subject: 'a-1', name: 'Zoë', role: 'partner', organisation: 'dmw', zones: ['gent'] });
  });

  it('of an identity says a name without a role', () => {
    expect(nameIn(token({ sub: 'a', name: 'Els Maes' }))).toBe('Els Maes');
    expect(nameIn(token({ sub: 'a', name: '' }))).toBeUndefined();
  });

  it('without a role of ours is nobody', () => {
    expect(whoHolds(token({ sub: 'a', role: 'service' }))).toBeUndefined();
    expect(whoHolds(token({ role: 'reporter' }))).toBeUndefined();
    for (const text of ['', 'a.b.c', 'a.%%%.c', token(null), token('x')]) expect(whoHolds(text)).toBeUndefined();
  });
});
