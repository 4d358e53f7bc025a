import type { Client, createClient, Problem, Transport } from '@knipperlicht/client';

import { heard } from './clock';
import { caught } from './problem';

const DEADLINE = 15_000;

/** The service of a client, from the types that come from the contracts. */
type Service = Parameters<typeof createClient>[0];

/** Where calls get their token, and tell what concerns the whole app. The page and the service worker
 * each have their own. */
export interface Caller {
  /** The token of who is signed in; where an owner is named, nothing unless it is theirs. */
  token: (refused?: string, owner?: string) => Promise<string | undefined>;
  language: () => string;
  /** A problem that is not of one call alone: signed out, or of another version. */
  noticed: (problem: Problem) => void;
}

let caller: Caller | undefined;
/** The token that the last call went out with. */
let sent: string | undefined;

export function callAs(next: Caller): void {
  caller = next;
}

/** What makes calls, loaded with the first of them: a page is there before it. */
const loaded = () => import('@knipperlicht/client/calls');

async function connected(token?: () => Promise<string | undefined>): Promise<Transport> {
  const { connectTo } = await loaded();
  return connectTo({
    address: self.location.origin,
    deadline: DEADLINE,
    ...(token ? { token } : {}),
    language: () => caller?.language() ?? 'nl',
    onServerTime: heard,
  });
}

const signedIn = (owner?: string): Promise<Transport> => connected(async () => (sent = await caller?.token(undefined, owner)));
const byLink = (): Promise<Transport> => connected();

async function make<S extends Service>(load: () => Promise<S>, transport: () => Promise<Transport>): Promise<Client<S>> {
  const [{ createClient }, service, way] = await Promise.all([loaded(), load(), transport()]);
  return createClient(service, way);
}

/** A client that is made the first time somebody asks for it; where that fails, the next time. */
function lazily<S extends Service>(load: () => Promise<S>, transport: () => Promise<Transport>): () => Promise<Client<S>> {
  let made: Promise<Client<S>> | undefined;
  return () =>
    (made ??= make(load, transport).catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    }));
}

const loadIntake = async () => (await import('@knipperlicht/client/intake')).IntakeService;

export const intake = lazily(loadIntake, signedIn);
export const assessment = lazily(async () => (await import('@knipperlicht/client/assessment')).AssessmentService, signedIn);
export const routing = lazily(async () => (await import('@knipperlicht/client/routing')).RoutingService, signedIn);
export const followup = lazily(async () => (await import('@knipperlicht/client/followup')).FollowupService, signedIn);
export const notification = lazily(async () => (await import('@knipperlicht/client/notification')).NotificationService, signedIn);

/** The calls of whoever owns what is kept on the phone, in their name and in nobody else's: accounts change
 * while a queue is under way, and in other windows. */
export const intakeOf = (owner: string) => make(loadIntake, () => signedIn(owner));

/** The calls of a carer, whose link is all they need: no account goes with them. */
export const carersIntake = lazily(loadIntake, byLink);
export const carersFollowup = lazily(async () => (await import('@knipperlicht/client/followup')).FollowupService, byLink);

/** Makes a call. Fails with a `Problem` and nothing else. A token that ran out is renewed, once. */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const problem = await read(thrown);
    if (problem.serverTime) heard(problem.serverTime);
    if (problem.kind === 'sign_in' && sent !== undefined && (await caller?.token(sent).catch(() => undefined))) {
      return again(call);
    }
    return refused(problem);
  }
}

async function again<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    return refused(await read(thrown));
  }
}

/** What was thrown, read by what makes calls; without that nothing was called. */
async function read(thrown: unknown): Promise<Problem> {
  const calls = await loaded().catch(() => undefined);
  return calls ? calls.problemOf(thrown) : caught(thrown);
}

function refused(problem: Problem): never {
  if (problem.kind === 'sign_in' || problem.kind === 'stale') caller?.noticed(problem);
  throw problem;
}
