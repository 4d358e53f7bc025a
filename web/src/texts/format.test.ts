import { describe, expect, it } from 'vitest';

import { dayOf, filled, momentText, preferred } from './format';

const WORDS = { today: 'om {time}', yesterday: 'gisteren om {time}' };

describe('a text', () => {
  it('is filled in, and says one and several', () => {
    const text = { one: '{count} signaal wacht', other: '{count} signalen wachten' };
    expect(filled(text, { count: 1 }, 'nl')).toBe('1 signaal wacht');
    expect(filled(text, { count: 3 }, 'nl')).toBe('3 signalen wachten');
    expect(filled('In {zone}', { zone: 'Gent' }, 'nl')).toBe('In Gent');
    expect(filled('In {zone}', {}, 'nl')).toBe('In {zone}');
  });

  it('counts nothing as the language does', () => {
    const text = { one: '{count} signal', other: '{count} signaux' };
    expect(filled(text, { count: 0 }, 'fr')).toBe('0 signal');
  });
});

describe('a language', () => {
  it('is the first that the app speaks, or Dutch', () => {
    expect(preferred(['de-BE', 'fr-BE', 'nl'])).toBe('fr');
    expect(preferred(['EN-us'])).toBe('en');
    expect(preferred(['tr'])).toBe('nl');
    expect(preferred([])).toBe('nl');
  });
});

describe('a moment', () => {
  it('is told in Belgian time, wherever the phone is', () => {
    const now = new Date('2026-11-23T13:30:00Z');
    expect(momentText(new Date('2026-11-23T13:02:00Z'), now, 'nl', WORDS)).toBe('om 14:02');
    expect(momentText(new Date('2026-11-22T13:02:00Z'), now, 'nl', WORDS)).toBe('gisteren om 14:02');
    expect(momentText(new Date('2026-11-20T13:02:00Z'), now, 'nl', WORDS)).toContain('20 nov');
    expect(momentText(new Date('2025-11-20T13:02:00Z'), now, 'nl', WORDS)).toContain('2025');
  });

  it('belongs to its day in Belgium', () => {
    expect(dayOf(new Date('2026-11-22T23:30:00Z'))).toBe('2026-11-23');
  });
});
