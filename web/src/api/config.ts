/** What the gateway says of itself. */
export interface Config {
  version: string;
  /** The OpenID Connect issuer; nothing where nobody signs in but demo people. */
  issuer: string | undefined;
  clientId: string | undefined;
  /** Where traces are looked at; nothing where nobody said. */
  traces: string | undefined;
  /** Whether everybody and everything here is invented. */
  demo: boolean;
}

let known: Promise<Config> | undefined;

/** What the gateway says; without network what it said the last time. Fails on a phone that was
 * never online. */
export async function config(): Promise<Config> {
  known ??= ask();
  try {
    return await known;
  } catch (error) {
    known = undefined;
    throw error;
  }
}

/** The page itself asks for it ahead (`index.html`), in the same words. */
async function ask(): Promise<Config> {
  const response = await fetch('/app/config.json', { signal: AbortSignal.timeout(8000) });
  if (!response.ok) throw new Error(`the gateway answers ${response.status}`);
  return read(await response.json());
}

function read(said: unknown): Config {
  const fields = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { version: text('version') ?? '', issuer: text('issuer'), clientId: text('clientId'), traces: text('traces'), demo: fields['demo'] === true };
}
