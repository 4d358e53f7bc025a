import { describe, expect, it } from 'vitest';

import { match } from './match';

describe('a path', () => {
  it('goes with its own pattern only', () => {
    expect(match('/', '/')).toEqual({});
    expect(match('/flag', '/flag/')).toEqual({});
    expect(match('/flag', '/flags')).toBeUndefined();
    expect(match('/signals/:id', '/signals')).toBeUndefined();
    expect(match('/signals/:id', '/signals/a%20b')).toEqual({ id: 'a b' });
    expect(match('/signals/:id', '/signals/a/b')).toBeUndefined();
    expect(match('/desk/*', '/desk')).toEqual({ rest: '' });
    expect(match('/desk/*', '/desk/a/b')).toEqual({ rest: 'a/b' });
  });

  it('that is no path at all is nowhere', () => {
    expect(match('/signals/:id', '/signals/%E0%A4%A')).toBeUndefined();
  });
});
