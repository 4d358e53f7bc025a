/** In which role somebody uses the app. */
export const ROLES = ['reporter', 'partner', 'coordinator', 'analyst', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is signed in. */
export interface Who {
  /** The account, as the issuer of tokens names it. */
  subject: string;
  /** What they are called on screen. */
  name: string;
  role: Role;
  organisation: string;
  zones: readonly string[];
}

/** A token and who holds it. */
export interface Session {
  who: Who;
  /** Nothing once the server refused it: who it was is still known, so that their queue can be read. */
  token: string | undefined;
  /** When it should be renewed, by the clock of this device. Only a hint: the server decides. */
  renewAt: number;
  /** With what a new one can be had. */
  renewal: { by: 'demo' } | { by: 'refresh'; token: string } | { by: 'signing_in' };
}

/** Whom a token is of, without checking it: that is for the server to do. */
export function whoHolds(token: string, name = ''): Who | undefined {
  const claims = claimsOf(token);
  const subject = claims?.['sub'];
  const role = [claims?.['role']].flat().find((one): one is Role => ROLES.some((known) => known === one));
  if (typeof subject !== 'string' || role === undefined) return undefined;
  const organisation = claims?.['organisation'];
  const zones = claims?.['zones'];
  return {
    subject,
    name: name || (nameIn(token) ?? subject),
    role,
    organisation: typeof organisation === 'string' ? organisation : '',
    zones: Array.isArray(zones) ? zones.filter((zone): zone is string => typeof zone === 'string') : [],
  };
}

/** What somebody is called, by a token that is about them. */
export function nameIn(token: string): string | undefined {
  const claims = claimsOf(token);
  return [claims?.['name'], claims?.['preferred_username']].find((one): one is string => typeof one === 'string' && one !== '');
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    const payload = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
