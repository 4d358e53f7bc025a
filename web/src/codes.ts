import {
  AgeBand,
  Consent,
  Language,
  Observation,
  OutcomeResult,
  PerseveranceTime,
  QolLevel,
  ReporterRole,
  Step,
} from '@knipperlicht/client/codes';

import { maybe } from './texts/index.svelte';

/** The closed lists of codes that have plain sentences, by the name their sentences begin with. */
const LISTS = {
  observation: Observation,
  self: Observation,
  consent: Consent,
  language: Language,
  age_band: AgeBand,
  reporter_role: ReporterRole,
  step: Step,
  outcome_result: OutcomeResult,
  perseverance_time: PerseveranceTime,
  qol_level: QolLevel,
} as const;

/** The sentence of a code; a code that a newer server knows and this app does not is left out. */
export function word(list: keyof typeof LISTS, code: number): string {
  const name = (LISTS[list] as Record<number, string | undefined>)[code];
  return (name && maybe(`codes.${list}.${name.toLowerCase()}`)) ?? '';
}

/** A code's own name, such as `exhausted`. */
export function nameOf(list: keyof typeof LISTS, code: number): string {
  return (LISTS[list] as Record<number, string | undefined>)[code]?.toLowerCase() ?? '';
}
