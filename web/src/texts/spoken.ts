import { Language } from '@knipperlicht/client/codes';

import { language, type LanguageCode } from './index.svelte';

const LANGUAGES: Record<LanguageCode, Language> = { nl: Language.DUTCH, fr: Language.FRENCH, en: Language.ENGLISH };

/** The language of the app, as the contracts name it. */
export function spoken(): Language {
  return LANGUAGES[language()];
}
