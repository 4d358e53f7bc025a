import { describe, expect, it } from 'vitest';

import { commandOf, COMMANDS, KEYS } from './keys';

const free = { types: false, inDialog: false, onControl: false };
const press = (key: string, held: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });

describe('a key', () => {
  it('does what the help says', () => {
    for (const command of COMMANDS) for (const key of KEYS[command]) expect(commandOf(press(key), free)).toBe(command);
    expect(commandOf(press('A'), free)).toBe('accept');
    expect(commandOf(press('x'), free)).toBeUndefined();
  });

  it('means one thing only', () => {
    const all = COMMANDS.flatMap((command) => KEYS[command]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('is left to the browser and to whoever types', () => {
    expect(commandOf(press('a', { ctrlKey: true }), free)).toBeUndefined();
    expect(commandOf(press('a'), { ...free, types: true })).toBeUndefined();
    expect(commandOf(press('Escape'), { ...free, inDialog: true })).toBeUndefined();
    expect(commandOf(press('ArrowDown'), { ...free, onControl: true })).toBeUndefined();
    expect(commandOf(press('j'), { ...free, onControl: true })).toBe('next');
  });
});
