import { Refused } from './refused';
import type { Session } from './who';
import { whoHolds } from './who';

/** Somebody of the demonstration: invented. */
export interface DemoPerson {
  name: string;
  role: string;
  organisation: string;
  organisationName: string;
  zones: readonly string[];
}

export async function demoPeople(): Promise<DemoPerson[]> {
  const response = await fetch('/dev/people', { signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`the demo answers ${response.status}`);
  const people: unknown = await response.json();
  if (!Array.isArray(people)) return [];
  return people.map((person: Partial<DemoPerson>) => ({
    name: String(person.name ?? ''),
    role: String(person.role ?? ''),
    organisation: String(person.organisation ?? ''),
    organisationName: String(person.organisationName ?? ''),
    zones: Array.isArray(person.zones) ? person.zones.map(String) : [],
  }));
}

/** The demo knows nobody of that name, or lets them in no more. */
const NO: readonly number[] = [400, 401, 403, 404];

/** Signs in as somebody of the demonstration. */
export async function demoSession(name: string): Promise<Session> {
  const response = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
    signal: AbortSignal.timeout(8000),
  });
  if (NO.includes(response.status)) throw new Refused(`the demo answers ${response.status}`);
  if (!response.ok) throw new Error(`the demo answers ${response.status}`);
  const { accessToken, expiresIn } = (await response.json()) as { accessToken: string; expiresIn: number };
  const who = whoHolds(accessToken, name);
  if (!who) throw new Refused('the demo gives a token of nobody');
  return { who, token: accessToken, renewAt: renewalOf(expiresIn), renewal: { by: 'demo' } };
}

/** When to renew what holds for so many seconds: with a fifth of its time left. */
export function renewalOf(seconds: number): number {
  return Date.now() + Math.max(30, seconds * 0.8) * 1000;
}
