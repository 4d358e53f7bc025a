import {
  AgeBand,
  CapacityState,
  CarerAsk,
  ClockKind,
  Consent,
  ContactChannel,
  ContactResult,
  DeclineReason,
  ErasureReason,
  FollowUpState,
  ItemKind,
  Language,
  MatchReason,
  Need,
  Observation,
  OutcomeReason,
  OutcomeResult,
  ReferralState,
  ReporterRole,
  ResolutionReason,
  Rung,
  Step,
  Urgency,
} from '@knipperlicht/client/codes';

import { maybe } from '../texts/index.svelte';

/** The closed lists of codes that a desk shows, by the name their sentences begin with. Apart from
 * those of the reporter, so that a phone does not load what only desks say. */
const LISTS = {
  age_band: AgeBand,
  capacity_state: CapacityState,
  carer_ask: CarerAsk,
  clock_kind: ClockKind,
  consent: Consent,
  contact_channel: ContactChannel,
  contact_result: ContactResult,
  decline_reason: DeclineReason,
  erasure_reason: ErasureReason,
  follow_up_state: FollowUpState,
  item_kind: ItemKind,
  language: Language,
  match_reason: MatchReason,
  need: Need,
  observation: Observation,
  outcome_reason: OutcomeReason,
  outcome_result: OutcomeResult,
  referral_state: ReferralState,
  reporter_role: ReporterRole,
  resolution_reason: ResolutionReason,
  rung: Rung,
  step: Step,
  urgency: Urgency,
} as const;

export type List = keyof typeof LISTS;

/** The sentence of a code; nothing for one that a newer server knows and this app does not. */
export function word(list: List, code: number): string {
  const name = (LISTS[list] as Record<number, string | undefined>)[code];
  return code === 0 || name === undefined ? '' : named(list, name.toLowerCase());
}

/** The sentence of a code by its own name, such as `exhausted`. */
export function named(list: List, name: string): string {
  return maybe(`codes.${list}.${name}`) ?? '';
}

/** The codes of a list in its order, each with its sentence, but those that are left out. */
export function options(list: List, without: readonly number[] = []): { value: number; label: string }[] {
  return Object.values(LISTS[list])
    .filter((code): code is number => typeof code === 'number' && code !== 0 && !without.includes(code))
    .map((value) => ({ value, label: word(list, value) }))
    .filter(({ label }) => label !== '');
}

/** Several sentences of a list as one, such as `Even vrij zijn, hulp in huis`. */
export function words(list: List, codes: readonly number[]): string {
  return codes
    .map((code) => word(list, code))
    .filter(Boolean)
    .map((text, at) => (at === 0 ? text : text.charAt(0).toLowerCase() + text.slice(1)))
    .join(', ');
}
