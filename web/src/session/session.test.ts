import 'fake-indexeddb/auto';

import { beforeEach, describe, expect, it, vi } from 'vitest';

import { ownerOf } from '../store/vault';
import { Locks } from '../testing/locks';
import { forget, keep } from './keeper';
import { mustSignIn, resume, signOut, token, who } from './session.svelte';
import type { Session } from './who';

const HOUR = 3_600_000;

/** A session of this account, whose token holds for so long. */
function session(subject: string, holds: number): Session {
  const who = { subject, name: subject, role: 'reporter', organisation: '', zones: [] } as const;
  return { who, token: `of ${subject}`, renewAt: Date.now() + holds, renewal: { by: 'signing_in' } };
}

/** Somebody has the app open in this window. */
async function sitDown(person: Session): Promise<void> {
  await keep(person);
  await resume();
}

beforeEach(() => vi.stubGlobal('navigator', { locks: new Locks() }));

describe('the token for a call', () => {
  it('is that of who uses this window', async () => {
    await sitDown(session('els', HOUR));
    expect(await token()).toBe('of els');
    expect(mustSignIn()).toBe(false);
  });

  it('is nobody’s once somebody else signed in in another window', async () => {
    await sitDown(session('els', -HOUR));
    await keep(session('jan', HOUR));
    expect(await token()).toBeUndefined();
    expect(who()?.subject).toBe('els');
    expect(mustSignIn()).toBe(true);
  });

  it('that was refused is not made good by somebody else’s', async () => {
    await sitDown(session('els', HOUR));
    await keep(session('jan', HOUR));
    expect(await token('of els')).toBeUndefined();
  });

  it('is nobody’s once who uses this window signed out in another one', async () => {
    await sitDown(session('els', -HOUR));
    await forget();
    expect(await token()).toBeUndefined();
    expect(mustSignIn()).toBe(true);
  });

  it('goes with nobody else’s queue', async () => {
    await sitDown(session('jan', HOUR));
    expect(await token(undefined, await ownerOf('els'))).toBeUndefined();
    expect(await token(undefined, await ownerOf('jan'))).toBe('of jan');
    expect(mustSignIn()).toBe(false);
  });

  it('is nobody’s after signing out', async () => {
    await sitDown(session('els', HOUR));
    await signOut();
    expect(await token()).toBeUndefined();
    expect(who()).toBeUndefined();
  });
});
