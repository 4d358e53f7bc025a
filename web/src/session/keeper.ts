/** Where a session is kept between two starts of the app.
 *
 * A reporter's stays on the phone, sealed, so that what they flagged goes out by itself when the
 * network is back, also after the app was killed. Everybody else's lasts as long as their tab: desks are
 * shared. */
import { config } from '../api/config';
import { database, keyOf } from '../store/database';
import { ownerOf, seal, unseal } from '../store/vault';
import { demoSession } from './demo';
import { Refused } from './refused';
import type { Session } from './who';

/** Under which name it is kept, and the lock under which it changes: never held while anybody is asked. */
const KEPT_AS = 'knipperlicht.session';
/** The lock of whoever renews. */
const RENEWING = 'knipperlicht.renewing';

/** A session begins here, and whoever's was here ends. */
export async function keep(session: Session): Promise<void> {
  await navigator.locks.request(KEPT_AS, async () => {
    await remove();
    await put(session);
  });
}

/** The session that was here ends. */
export async function forget(): Promise<void> {
  await navigator.locks.request(KEPT_AS, remove);
}

/** Keeps a renewed session, where the one that was renewed still is the one here: who signed out
 * meanwhile is not brought back, and who signed in is not put out. */
async function keepInPlaceOf(before: Session, next: Session): Promise<boolean> {
  return navigator.locks.request(KEPT_AS, async () => {
    const isHere = JSON.stringify(await kept()) === JSON.stringify(before);
    if (isHere) await put(next);
    return isHere;
  });
}

async function put(session: Session): Promise<void> {
  if (session.who.role !== 'reporter') {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(session));
    return;
  }
  const owner = await ownerOf(session.who.subject);
  const sealed = await seal(await keyOf(owner), KEPT_AS, session);
  await (await database()).put('session', { owner, sealed }, 'current');
}

export async function kept(): Promise<Session | undefined> {
  const tab = typeof sessionStorage === 'undefined' ? null : sessionStorage.getItem(KEPT_AS);
  if (tab) return parsed(tab);
  const row = await (await database()).get('session', 'current');
  if (!row) return undefined;
  return (await unseal(await keyOf(row.owner), KEPT_AS, row.sealed)) as Session | undefined;
}

async function remove(): Promise<void> {
  if (typeof sessionStorage !== 'undefined') sessionStorage.removeItem(KEPT_AS);
  await (await database()).delete('session', 'current');
}

function parsed(text: string): Session | undefined {
  try {
    return JSON.parse(text) as Session;
  } catch {
    return undefined;
  }
}

/** The session with a token that is new enough: renewed where it is time, or where the server refused
 * the one that `refused` names. One at a time on this device, for a renewal may be used once only. */
export async function fresh(refused?: string): Promise<Session | undefined> {
  return navigator.locks.request(RENEWING, async () => {
    const session = await navigator.locks.request(KEPT_AS, kept);
    if (!session) return undefined;
    const isRefused = refused !== undefined && session.token === refused;
    if (session.token && !isRefused && Date.now() < session.renewAt) return session;
    const next = await renewal(session, isRefused);
    if (!next) return session;
    return (await keepInPlaceOf(session, next)) ? next : navigator.locks.request(KEPT_AS, kept);
  });
}

/** A new session; the same person without a token where they have to sign in again; nothing where it
 * could not be found out now and the old token may still do. */
async function renewal(session: Session, isRefused: boolean): Promise<Session | undefined> {
  const spent: Session = { ...session, token: undefined, renewal: { by: 'signing_in' } };
  try {
    if (session.renewal.by === 'demo') return await demoSession(session.who.name);
    if (session.renewal.by === 'refresh') {
      const { renewed } = await import('./oidc');
      const next = await renewed(await config(), session.renewal.token);
      // Somebody else's token is no renewal of this one's.
      return next.who.subject === session.who.subject ? { ...next, who: { ...next.who, name: session.who.name } } : spent;
    }
  } catch (error) {
    // The issuer said no, or could not be asked: only the first ends the session.
    return isRefused && error instanceof Refused ? spent : undefined;
  }
  return isRefused ? spent : undefined;
}
