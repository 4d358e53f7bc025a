//! What assessment does when a carer said how they are: their answers join the situation's series,
//! like any form.

use knipperlicht_contracts::events::v1 as events;
use knipperlicht_eventing::{Event, ReactionError, say};
use knipperlicht_vocabulary::{AssessmentId, PerseveranceTime, QolLevel, ResponseId};
use sqlx::PgConnection;

use super::{AssessmentReactions, nonsense, stored};
use crate::{
    model::{
        ResultInput,
        instrument::Entry,
        voice::{Filled, Qol, filled},
    },
    said,
    store::{self, Cause, NewAssessment, ResponseRow},
};

/// In which role the form was sent.
const CARER: &str = "carer";

impl AssessmentReactions {
    pub(super) async fn answered(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        answered: &events::CarerAnswered,
    ) -> Result<(), ReactionError> {
        let state = answered
            .state
            .as_ref()
            .ok_or_else(|| nonsense("`state` is missing"))?;
        let perseverance = match state.perseverance {
            0 => None,
            number => Some(PerseveranceTime::try_from(number).map_err(nonsense)?),
        };
        let qol = state.quality_of_life.as_ref().map(qol).transpose()?;
        for form in filled(&self.catalogue, perseverance, qol) {
            self.add(&mut *connection, event, form).await?;
        }
        Ok(())
    }

    /// Keeps one form and judges the situation by it.
    async fn add(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        form: Filled<'_>,
    ) -> Result<(), ReactionError> {
        let situation = event.situation();
        let known = store::latest_of(&mut *connection, situation).await;
        let Some(known) = known.map_err(stored)? else {
            return Ok(());
        };
        // With every signal taken back there is nothing left to judge.
        let Some(newest) = known.inputs.newest_signal() else {
            return Ok(());
        };
        let Filled {
            instrument,
            answers,
        } = form;
        let scored = instrument
            .score(&Entry::Answers(answers.clone()))
            .map_err(nonsense)?;
        let environment = &self.kit.environment;
        let now = environment.now();
        let response = ResponseId::derived(event.id.uuid(), &instrument.id);
        let row = ResponseRow {
            situation,
            recorded_at: now,
            result: ResultInput {
                response,
                at: event.occurred_at,
                instrument: instrument.id.clone(),
                version: instrument.version.clone(),
                score: scored.score,
                band: scored.band,
                overloaded: scored.overloaded,
                answers,
            },
        };
        let table = self.triage.current();
        let before = table.judge(&known.inputs);
        let signal = newest.signal;
        let inputs = known.inputs.with_result(row.result.clone());
        let new = NewAssessment {
            id: AssessmentId::derived(response.uuid(), ""),
            situation,
            signal,
            zone: known.zone,
            sequence: known.sequence + 1,
            cause: Cause::Form(response),
            judgement: table.judge(&inputs),
            circumstances: known.circumstances,
            inputs,
        };
        store::insert_response(&mut *connection, &row, new.zone.as_str(), CARER).await?;
        let traceparent = event.onward_traceparent();
        // As with any form: who is under way already is not asked again.
        let said: Vec<_> = (new.judgement.asks_for_more_than(&before)
            && new.circumstances.is_some())
        .then(|| said::completed(environment, table, &new, traceparent))
        .into_iter()
        .collect();
        store::insert(
            &mut *connection,
            now,
            table.version(),
            std::slice::from_ref(&new),
        )
        .await?;
        say(connection, now, &said).await?;
        Ok(())
    }
}

fn qol(said: &events::CarerQol) -> Result<Qol, ReactionError> {
    let level = |number: i32| QolLevel::try_from(number).map_err(nonsense);
    Ok(Qol {
        fulfilment: level(said.fulfilment)?,
        relational_problems: level(said.relational_problems)?,
        mental_health_problems: level(said.mental_health_problems)?,
        daily_activities_problems: level(said.daily_activities_problems)?,
        financial_problems: level(said.financial_problems)?,
        support: level(said.support)?,
        physical_health_problems: level(said.physical_health_problems)?,
    })
}
