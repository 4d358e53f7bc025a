// Signals that reporters send, for what happens after them.
import { randomInt, randomUUID } from 'node:crypto';
import { timestampFromDate } from '@knipperlicht/client';
import { AgeBand, Consent, Language, Observation, ReporterRole } from '@knipperlicht/client/codes';

import { until } from './calls.mjs';

/** A signal as a test says it; the rest is what most signals are: of a carer of its own. */
export function signal(fields = {}) {
  return {
    signalId: randomUUID(),
    reportedAt: timestampFromDate(new Date(Date.now() - 1000)),
    observations: [Observation.YOUNG_CARER],
    postalCode: '8400',
    reporterRole: ReporterRole.CLEANER,
    consent: Consent.GIVEN,
    language: Language.DUTCH,
    ageBand: AgeBand.UNDER_18,
    contact: { name: 'Voorbeeld Persoon', phone: `0470 ${randomInt(100_000, 999_999)}` },
    note: 'Liefst na vier uur bellen.',
    ...fields,
  };
}

/** Sends one; what the reporter knows of it is asked with the returned function. */
export async function send(reporter, fields) {
  const sent = signal(fields);
  const { receipt } = await reporter.intake.submitSignal({ signal: sent });
  return {
    receipt,
    contact: sent.contact,
    steps: async () => (await reporter.intake.getSignal({ signalId: sent.signalId })).signal.progress.map(({ step }) => step),
  };
}

/** Waits until a reporter was told a step. */
export function told(sent, step) {
  return until((steps) => steps.includes(step), sent.steps);
}

/** The organisation whose desk a situation came to, and its referral. */
export async function askedOf(coordinator, situationId) {
  const find = async () => {
    let pageToken = '';
    do {
      const page = await coordinator.routing.listReferrals({ openOnly: true, pageSize: 200, pageToken });
      const found = page.referrals.find((referral) => referral.situationId === situationId);
      if (found) return found;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return undefined;
  };
  return until((referral) => referral !== undefined, find);
}
