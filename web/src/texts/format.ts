/** A text, or one for each grammatical number that the language has (`one`, `many`, `other`). */
export type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;

export type Values = Readonly<Record<string, string | number>>;

export const LANGUAGES = ['nl', 'fr', 'en'] as const;
export type LanguageCode = (typeof LANGUAGES)[number];

const LOCALES: Record<LanguageCode, string> = { nl: 'nl-BE', fr: 'fr-BE', en: 'en-GB' };
const TIME_ZONE = 'Europe/Brussels';

export function localeOf(language: LanguageCode): string {
  return LOCALES[language];
}

/** The first language of the list that the app speaks. */
export function preferred(languages: readonly string[]): LanguageCode {
  const known = languages.map((language) => language.slice(0, 2).toLowerCase());
  return LANGUAGES.find((language) => language === known.find((one) => LANGUAGES.some((ours) => ours === one))) ?? 'nl';
}

/** Fills in `{name}`; `{count}` also decides between one and several. */
export function filled(text: Text, values: Values, language: LanguageCode): string {
  const chosen = typeof text === 'string' ? text : (text[numberOf(values['count'], language)] ?? text.other ?? '');
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(localeOf(language)).format(value) : value;
  });
}

function numberOf(count: string | number | undefined, language: LanguageCode): Intl.LDMLPluralRule {
  return new Intl.PluralRules(localeOf(language)).select(Number(count ?? 0));
}

/** The calendar day of a moment in Belgium, such as `2026-11-23`. */
export function dayOf(moment: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: TIME_ZONE, dateStyle: 'short' }).format(moment);
}

/** A moment as people say it: the time today, the day before that, the date earlier. */
export function momentText(moment: Date, now: Date, language: LanguageCode, words: { today: string; yesterday: string }): string {
  const format = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(localeOf(language), { timeZone: TIME_ZONE, ...options }).format(moment);
  const time = format({ hour: '2-digit', minute: '2-digit' });
  const day = dayOf(moment);
  if (day === dayOf(now)) return words.today.replace('{time}', time);
  if (day === dayOf(new Date(now.getTime() - 86_400_000))) return words.yesterday.replace('{time}', time);
  const year = day.slice(0, 4) === dayOf(now).slice(0, 4) ? {} : ({ year: 'numeric' } as const);
  return `${format({ weekday: 'short', day: 'numeric', month: 'short', ...year })}, ${time}`;
}

export function dateText(moment: Date, language: LanguageCode): string {
  return new Intl.DateTimeFormat(localeOf(language), { timeZone: TIME_ZONE, dateStyle: 'long' }).format(moment);
}
