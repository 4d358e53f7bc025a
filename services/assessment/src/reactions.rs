//! What assessment does when it hears of a signal: it judges the whole situation, and says so.

mod answered;
mod reshaped;

use std::{collections::HashMap, fmt::Display, sync::Arc};

use jiff::Timestamp;
use knipperlicht_contracts::{
    event::EventBody,
    events::v1::{CarerAnswered, Circumstances, SignalFlagged, SignalWithdrawn},
    from_proto,
};
use knipperlicht_eventing::{Event, Forgets, Kit, ReactionError, Reactions, merges::reshaped, say};
use knipperlicht_vocabulary::{
    AssessmentId, Consent, Observation, ReporterRole, SignalId, SituationId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    AssessmentError,
    model::{Catalogue, Inputs, SignalInput, TriageTables},
    said,
    store::{self, Agreement, Cause, Ended, Grant, Known, NewAssessment},
};

pub(crate) struct AssessmentReactions {
    kit: Kit,
    triage: Arc<TriageTables>,
    catalogue: Arc<Catalogue>,
}

/// What a wave of events comes to.
#[derive(Default)]
struct Wave<'e> {
    flagged: Vec<(&'e Event, &'e SignalFlagged)>,
    withdrawn: Vec<(&'e Event, &'e SignalWithdrawn)>,
    grants: Vec<Grant>,
    ended: Vec<Ended>,
    agreements: Vec<Agreement>,
    answered: Vec<(&'e Event, &'e CarerAnswered)>,
}

impl AssessmentReactions {
    pub(crate) const fn new(
        kit: Kit,
        triage: Arc<TriageTables>,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        Self {
            kit,
            triage,
            catalogue,
        }
    }

    /// The situation with one more signal.
    fn flagged(
        &self,
        event: &Event,
        flagged: &SignalFlagged,
        known: Option<Known>,
    ) -> Result<NewAssessment, ReactionError> {
        let signal = signal_of(event, flagged)?;
        let id = signal.signal;
        let next = match known {
            Some(known) => (known.sequence + 1, known.inputs.with_signal(signal)),
            None => (1, Inputs::of(signal)),
        };
        let circumstances = flagged.circumstances.clone();
        Ok(self.judged(event, Cause::Signal, id, circumstances, next))
    }

    /// The situation without a signal. Nothing, where it was never judged with it.
    fn withdrawn(
        &self,
        event: &Event,
        withdrawn: &SignalWithdrawn,
        known: Known,
    ) -> Result<Option<NewAssessment>, ReactionError> {
        let signal = withdrawn.signal_id.parse().map_err(nonsense)?;
        let before = known.inputs.signals.len();
        let inputs = known.inputs.without_signal(signal);
        if inputs.signals.len() == before {
            return Ok(None);
        }
        // What is said next is said of a signal that stands.
        let signal = inputs
            .newest_signal()
            .map_or(signal, |newest| newest.signal);
        let next = (known.sequence + 1, inputs);
        Ok(Some(self.judged(
            event,
            Cause::Withdrawal,
            signal,
            known.circumstances,
            next,
        )))
    }

    fn judged(
        &self,
        event: &Event,
        cause: Cause,
        signal: SignalId,
        circumstances: Option<Circumstances>,
        (sequence, inputs): (i64, Inputs),
    ) -> NewAssessment {
        NewAssessment {
            id: AssessmentId::derived(event.id.uuid(), ""),
            situation: event.situation(),
            signal,
            zone: event.zone.clone(),
            sequence,
            cause,
            judgement: self.triage.current().judge(&inputs),
            inputs,
            circumstances,
        }
    }

    /// Judges every situation of which a signal came or went: one question, one statement, and
    /// what is said, however many there are.
    async fn judge(
        &self,
        connection: &mut PgConnection,
        wave: &Wave<'_>,
    ) -> Result<(), ReactionError> {
        let flagged = wave
            .flagged
            .iter()
            .map(|(event, _)| event.situation().uuid());
        let withdrawn = wave
            .withdrawn
            .iter()
            .map(|(event, _)| event.situation().uuid());
        let situations: Vec<Uuid> = flagged.chain(withdrawn).collect();
        if situations.is_empty() {
            return Ok(());
        }
        let mut known: HashMap<SituationId, Known> = store::latest(connection, &situations)
            .await
            .map_err(stored)?;
        let mut judged: Vec<(&Event, NewAssessment)> = Vec::with_capacity(situations.len());
        for (event, flagged) in &wave.flagged {
            let known = known.remove(&event.situation());
            judged.push((event, self.flagged(event, flagged, known)?));
        }
        for (event, withdrawn) in &wave.withdrawn {
            if let Some(known) = known.remove(&event.situation())
                && let Some(new) = self.withdrawn(event, withdrawn, known)?
            {
                judged.push((event, new));
            }
        }
        let table = self.triage.current();
        let environment = &self.kit.environment;
        // A situation of which no signal stands has nobody to go to.
        let said: Vec<_> = judged
            .iter()
            .filter(|(_, new)| !new.inputs.signals.is_empty())
            .map(|(event, new)| {
                said::completed(environment, table, new, event.onward_traceparent())
            })
            .collect();
        let new: Vec<NewAssessment> = judged.into_iter().map(|(_, new)| new).collect();
        let now = environment.now();
        store::insert(connection, now, table.version(), &new).await?;
        say(connection, now, &said).await?;
        Ok(())
    }
}

impl Forgets for AssessmentReactions {
    async fn forget(
        &self,
        connection: &mut PgConnection,
        situations: &[Uuid],
        _: Timestamp,
    ) -> Result<(), sqlx::Error> {
        store::forget(connection, situations).await
    }
}

impl Reactions for AssessmentReactions {
    async fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> Result<(), ReactionError> {
        // One that makes one situation of two, or two of one, is always alone in its wave.
        if let [event] = wave
            && let Some(reshaped) = reshaped(&mut *connection, event).await?
        {
            return self.reshape(connection, event, reshaped).await;
        }
        let wave = sorted(wave)?;
        store::add_grants(connection, &wave.grants).await?;
        store::end_grants(connection, &wave.ended).await?;
        store::set_agreements(connection, &wave.agreements).await?;
        self.judge(&mut *connection, &wave).await?;
        for (event, answered) in wave.answered {
            self.answered(&mut *connection, event, answered).await?;
        }
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        let is_judged = |event: &&Event| {
            matches!(
                event.body,
                EventBody::SignalFlagged(_)
                    | EventBody::SignalWithdrawn(_)
                    | EventBody::SituationsMerged(_)
                    | EventBody::SituationsSplit(_)
                    | EventBody::CarerAnswered(_)
            )
        };
        if wave.iter().any(is_judged) {
            self.kit.waker.wake();
        }
    }
}

fn sorted<'e>(events: &[&'e Event]) -> Result<Wave<'e>, ReactionError> {
    let mut wave = Wave::default();
    for event in events {
        match &event.body {
            EventBody::SignalFlagged(flagged) => {
                let told = flagged.circumstances.as_ref();
                // One that joins a situation may bring another word of its carer.
                if told.is_some_and(|told| told.consent_sequence > 1) {
                    wave.agreements.push(agreement(event.situation(), told)?);
                }
                wave.flagged.push((event, flagged));
            }
            EventBody::SignalWithdrawn(withdrawn) => wave.withdrawn.push((event, withdrawn)),
            EventBody::SituationShared(shared) => {
                let (situation, said_of) = (event.situation(), event.said_of);
                wave.grants.push(Grant {
                    situation,
                    said_of,
                    organisation: shared.organisation_id.parse().map_err(nonsense)?,
                    since: event.occurred_at,
                });
                let instead_of = &shared.instead_of_organisation_id;
                if !instead_of.is_empty() {
                    wave.ended.push(Ended {
                        situation,
                        said_of,
                        organisation: instead_of.parse().map_err(nonsense)?,
                    });
                }
            }
            EventBody::CarerAnswered(answered) => wave.answered.push((event, answered)),
            EventBody::ConsentChanged(changed) => {
                let told = changed.circumstances.as_ref();
                wave.agreements.push(agreement(event.situation(), told)?);
            }
            _ => {}
        }
    }
    Ok(wave)
}

/// What the carer agreed to for a situation.
fn agreement(
    situation: SituationId,
    told: Option<&Circumstances>,
) -> Result<Agreement, ReactionError> {
    let told = told.ok_or_else(|| nonsense("`circumstances` is missing"))?;
    let consent = Consent::try_from(told.consent).map_err(nonsense)?;
    Ok(Agreement {
        situation,
        sequence: told.consent_sequence,
        allows: consent.allows_sharing(),
        objects: told.cared_for_objects,
    })
}

fn signal_of(event: &Event, flagged: &SignalFlagged) -> Result<SignalInput, ReactionError> {
    let observations = flagged.observations.iter();
    let observations = observations.map(|number| Observation::try_from(*number));
    let noticed_at = flagged.reported_at.map(from_proto).transpose();
    Ok(SignalInput {
        signal: flagged.signal_id.parse().map_err(nonsense)?,
        at: noticed_at.map_err(nonsense)?.unwrap_or(event.occurred_at),
        role: ReporterRole::try_from(flagged.reporter_role).ok(),
        observations: observations.collect::<Result<_, _>>().map_err(nonsense)?,
    })
}

fn stored(error: AssessmentError) -> ReactionError {
    match error {
        AssessmentError::Database(error) => ReactionError::Store(error),
        other => ReactionError::Nonsense(other.to_string()),
    }
}

fn nonsense(error: impl Display) -> ReactionError {
    ReactionError::Nonsense(error.to_string())
}
