/** Sealing what waits on the phone.
 *
 * Each account has its own AES-GCM key, made in the browser and not extractable: neither the app nor
 * a copy of the database's entries gives it away, and the app looks for no other key than that of
 * whoever is signed in. What this does not stop: whoever holds the unlocked phone *and* can run code
 * as this site may use the key, and whoever copies the browser's whole profile has key and entries
 * both. Against a stolen phone the phone's own lock and encryption are what protects. So nothing stays
 * longer than it takes to send it. */

const ALGORITHM = 'AES-GCM';

/** A sealed text. */
export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  bytes: ArrayBuffer;
}

/** A key that can be used and never read. */
export async function newKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: ALGORITHM, length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Under which name an account's things are kept: not its own name. */
export async function ownerOf(subject: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`knipperlicht:${subject}`));
  return Array.from(new Uint8Array(digest).slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Seals for one place: moved to another, it does not open. */
export async function seal(key: CryptoKey, place: string, value: unknown): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const bytes = await crypto.subtle.encrypt({ name: ALGORITHM, iv, additionalData: placed(place) }, key, plain);
  return { iv, bytes };
}

/** Opens it; nothing where it is another's, was changed, or lay elsewhere. */
export async function unseal(key: CryptoKey, place: string, sealed: Sealed): Promise<unknown> {
  try {
    const algorithm = { name: ALGORITHM, iv: sealed.iv, additionalData: placed(place) };
    const plain = await crypto.subtle.decrypt(algorithm, key, sealed.bytes);
    return JSON.parse(new TextDecoder().decode(plain)) as unknown;
  } catch {
    return undefined;
  }
}

function placed(place: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(place);
}
