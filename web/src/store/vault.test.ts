import { describe, expect, it } from 'vitest';

import { newKey, ownerOf, seal, unseal } from './vault';

describe('what waits on the phone', () => {
  it('opens with its own key, where it was put', async () => {
    const key = await newKey();
    const sealed = await seal(key, 'a', { name: 'Zoë', note: 'ç' });
    expect(await unseal(key, 'a', sealed)).toEqual({ name: 'Zoë', note: 'ç' });
  });

  it('does not open for another account, elsewhere, or changed', async () => {
    const [key, other] = [await newKey(), await newKey()];
    const sealed = await seal(key, 'a', 'secret');
    expect(await unseal(other, 'a', sealed)).toBeUndefined();
    expect(await unseal(key, 'b', sealed)).toBeUndefined();
    const bytes = sealed.bytes.slice(0);
    new Uint8Array(bytes)[0]! ^= 1;
    expect(await unseal(key, 'a', { ...sealed, bytes })).toBeUndefined();
  });

  it('says nothing in clear, and its key cannot be read', async () => {
    const key = await newKey();
    const sealed = await seal(key, 'a', 'Maria Peeters');
    expect(new TextDecoder().decode(sealed.bytes)).not.toContain('Maria');
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });

  it('is kept under a name that is not the account', async () => {
    const owner = await ownerOf('els@example.org');
    expect(owner).toMatch(/^[0-9a-f]{32}$/);
    expect(await ownerOf('els@example.org')).toBe(owner);
    expect(await ownerOf('jan@example.org')).not.toBe(owner);
  });
});
