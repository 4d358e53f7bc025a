import { config } from '../api/config';
import { ownerOf } from '../store/vault';
import { demoSession } from './demo';
import { forget, fresh, keep, kept } from './keeper';
import type { Session, Who } from './who';

const state = $state<{ session: Session | undefined; known: boolean }>({ session: undefined, known: false });

/** Who uses the app; nobody before they signed in once. */
export function who(): Who | undefined {
  return state.session?.who;
}

/** Whether they have to sign in again: what they flagged stays on the phone meanwhile. */
export function mustSignIn(): boolean {
  return state.session !== undefined && state.session.token === undefined;
}

/** Looks who was here before. */
export async function resume(): Promise<void> {
  try {
    state.session = await kept();
  } finally {
    state.known = true;
  }
}

export async function signInAsDemo(name: string): Promise<void> {
  await begin(await demoSession(name));
}

export async function signIn(back: string): Promise<void> {
  const { leaveToSignIn } = await import('./oidc');
  await leaveToSignIn(await config(), back);
}

/** Comes back from the identity provider: where to go on. */
export async function signedIn(): Promise<string> {
  const { comeBack } = await import('./oidc');
  const { session, back } = await comeBack(await config());
  await begin(session);
  return back;
}

async function begin(session: Session): Promise<void> {
  // Somebody else was here: their session ends, and what they flagged waits for them, sealed.
  await keep(session);
  state.session = session;
}

export async function signOut(): Promise<void> {
  await forget();
  state.session = undefined;
}

/** The token for the next call of whoever uses this window; where the call is of one owner's things, that
 * owner's or none. */
export async function token(refused?: string, owner?: string): Promise<string | undefined> {
  const session = state.session;
  if (!session || (owner !== undefined && owner !== (await ownerOf(session.who.subject)))) return undefined;
  if (session.token && refused === undefined && Date.now() < session.renewAt) return session.token;
  const next = await fresh(refused);
  const isSame = next?.who.subject === session.who.subject;
  if (!isSame) {
    // In another window somebody else signed in, or this one signed out. Nobody's token goes with another's
    // call: here they have to sign in again.
    if (session.token && state.session === session) state.session = { ...session, token: undefined, renewal: { by: 'signing_in' } };
    return undefined;
  }
  // Who signed out or changed meanwhile is not brought back.
  if (state.session?.who.subject === next.who.subject && state.session.token !== next.token) state.session = next;
  return next.token;
}
