import 'fake-indexeddb/auto';

import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Locks } from '../testing/locks';
import { forget, fresh, keep, kept } from './keeper';
import type { Session } from './who';

const ISSUER = 'https://provider.example';

function token(subject: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, role: 'reporter' })}.x`;
}

function session(subject: string, renewal: Session['renewal']): Session {
  return { who: { subject, name: subject, role: 'reporter', organisation: '', zones: [] }, token: token(subject), renewAt: 0, renewal };
}

/** A browser whose calls are answered so. */
function browse(answer: (url: URL) => Promise<Response>): void {
  vi.stubGlobal('navigator', { locks: new Locks() });
  vi.stubGlobal('fetch', async (to: string | URL) => answer(new URL(to, 'https://app.example')));
}

beforeEach(() => vi.unstubAllGlobals());

describe('a renewal under way', () => {
  const els = session('els', { by: 'demo' });

  /** A renewal that is asked, and answered once what happens meanwhile is over. */
  async function renewedWhile(happens: () => Promise<void>): Promise<Session | undefined> {
    let asked = (): void => undefined;
    let answer = (_: Response): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    browse(() => {
      asked();
      return new Promise((resolve) => (answer = resolve));
    });
    await keep(els);
    const renewal = fresh();
    await isAsked;
    await happens();
    answer(Response.json({ accessToken: token('els'), expiresIn: 300 }));
    return renewal;
  }

  it('is kept', async () => {
    const next = await renewedWhile(() => Promise.resolve());
    expect(next?.renewAt).toBeGreaterThan(Date.now());
    expect(await kept()).toEqual(next);
  });

  it('brings nobody back who signed out', async () => {
    expect(await renewedWhile(forget)).toBeUndefined();
    expect(await kept()).toBeUndefined();
  });

  it('puts nobody out who signed in', async () => {
    const jan = session('jan', { by: 'signing_in' });
    expect(await renewedWhile(() => keep(jan))).toEqual(jan);
    expect(await kept()).toEqual(jan);
  });
});

describe('a provider that is asked to renew what was refused', () => {
  const els = session('els', { by: 'refresh', token: 'r-1' });
  const metadata = { issuer: ISSUER, token_endpoint: `${ISSUER}/token` };

  /** The session after that, where each address answers so. */
  async function renewedBy(answers: Record<string, () => Response>): Promise<Session | undefined> {
    browse(async ({ pathname }) => {
      const answer = answers[pathname];
      if (answer) return answer();
      if (pathname === '/app/config.json') return Response.json({ issuer: ISSUER, clientId: 'app' });
      return Response.json(metadata);
    });
    await keep(els);
    return fresh(els.token);
  }

  it.each([
    ['/.well-known/openid-configuration', 503],
    ['/token', 502],
    ['/token', 429],
  ])('and is away (%s: %i) puts nobody out', async (path, status) => {
    expect(await renewedBy({ [path]: () => new Response('later', { status }) })).toEqual(els);
    expect(await kept()).toEqual(els);
  });

  it.each([400, 401, 403])('and says no (%i) has them sign in again', async (status) => {
    const next = await renewedBy({ '/token': () => Response.json({ error: 'invalid_grant' }, { status }) });
    expect(next).toMatchObject({ who: els.who, renewal: { by: 'signing_in' } });
    expect(next?.token).toBeUndefined();
  });

  it('and says yes gives the next token and what renews that', async () => {
    const answer = { access_token: token('els'), token_type: 'Bearer', expires_in: 300, refresh_token: 'r-2' };
    const next = await renewedBy({ '/token': () => Response.json(answer) });
    expect(next).toMatchObject({ token: answer.access_token, renewal: { by: 'refresh', token: 'r-2' } });
    expect(await kept()).toEqual(next);
  });
});
