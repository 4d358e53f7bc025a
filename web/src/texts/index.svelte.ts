import { EVERYWHERE, type Area, type TextKey } from './areas';
import { dateText, filled, LANGUAGES, momentText, preferred, type LanguageCode, type Text, type Values } from './format';

export { LANGUAGES, type LanguageCode } from './format';
export type { Area, TextKey } from './areas';

/** Each file is a piece of its own, so that nobody waits for the texts of a page they never open. */
const FILES = import.meta.glob<Record<string, Text>>('./*/*.json', { import: 'default' });
const KEPT_AS = 'knipperlicht.language';

const spoken = $state<{ language: LanguageCode; texts: Partial<Record<Area, Record<string, Text>>> }>({
  language: kept() ?? preferred(navigator.languages),
  texts: {},
});

export function language(): LanguageCode {
  return spoken.language;
}

/** Loads what a page says, once. */
export async function loadTexts(areas: readonly Area[]): Promise<void> {
  const missing = [...EVERYWHERE, ...areas].filter((area) => !spoken.texts[area]);
  Object.assign(spoken.texts, await texts(missing, spoken.language));
}

/** Says everything in another language from now on. */
export async function speak(next: LanguageCode): Promise<void> {
  const loaded = Object.keys(spoken.texts) as Area[];
  spoken.texts = { ...spoken.texts, ...(await texts(loaded, next)) };
  spoken.language = next;
  document.documentElement.lang = next;
  try {
    localStorage.setItem(KEPT_AS, next);
  } catch {
    // A browser that keeps nothing asks again the next time.
  }
}

async function texts(areas: readonly Area[], of: LanguageCode): Promise<Partial<Record<Area, Record<string, Text>>>> {
  const loaded = areas.map(async (area) => [area, (await FILES[`./${of}/${area}.json`]?.()) ?? {}] as const);
  return Object.fromEntries(await Promise.all(loaded));
}

function kept(): LanguageCode | undefined {
  try {
    const language = localStorage.getItem(KEPT_AS);
    return LANGUAGES.find((one) => one === language);
  } catch {
    return undefined;
  }
}

/** A text in the language of the app. */
export function t(key: TextKey, values: Values = {}): string {
  return filled(look(key) ?? key, values, spoken.language);
}

/** A text that may not be there, such as that of a code which a newer server knows. */
export function maybe(key: string, values: Values = {}): string | undefined {
  const text = look(key);
  return text === undefined ? undefined : filled(text, values, spoken.language);
}

function look(key: string): Text | undefined {
  const point = key.indexOf('.');
  return spoken.texts[key.slice(0, point) as Area]?.[key.slice(point + 1)];
}

/** A moment in words. */
export function when(moment: Date, now = new Date()): string {
  return momentText(moment, now, spoken.language, { today: t('common.today_at'), yesterday: t('common.yesterday_at') });
}

export function day(moment: Date): string {
  return dateText(moment, spoken.language);
}

document.documentElement.lang = spoken.language;
