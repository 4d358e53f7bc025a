//! What assessment does when two situations become one, or one becomes two again: it moves what it
//! keeps, and judges anew what each is now.

use knipperlicht_contracts::{
    event::EventBody,
    events::v1::{Circumstances, SituationsMerged, SituationsSplit},
};
use knipperlicht_eventing::{
    Event, ReactionError, Said,
    merges::{Merge, Reshaped, Split},
    say,
};
use knipperlicht_vocabulary::{AssessmentId, SignalId, SituationId};
use sqlx::PgConnection;

use super::{AssessmentReactions, agreement, nonsense, stored};
use crate::{
    model::Inputs,
    said,
    store::{self, Cause, Known, NewAssessment},
};

impl AssessmentReactions {
    pub(super) async fn reshape(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        reshaped: Reshaped,
    ) -> Result<(), ReactionError> {
        let judged = match (&event.body, reshaped) {
            (EventBody::SituationsMerged(told), Reshaped::Merged(merge)) => {
                self.merged(connection, event, told, merge).await?
            }
            (EventBody::SituationsSplit(told), Reshaped::Split(split)) => {
                self.split(connection, event, told, &split).await?
            }
            _ => Vec::new(),
        };
        let table = self.triage.current();
        let environment = &self.kit.environment;
        let said: Vec<Said> = judged
            .iter()
            .filter(|new| !new.inputs.signals.is_empty())
            .map(|new| said::completed(environment, table, new, event.onward_traceparent()))
            .collect();
        let now = environment.now();
        store::insert(connection, now, table.version(), &judged).await?;
        say(connection, now, &said).await?;
        Ok(())
    }

    /// The survivor is judged by all that either was judged by.
    async fn merged(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        told: &SituationsMerged,
        Merge { absorbed, into }: Merge,
    ) -> Result<Vec<NewAssessment>, ReactionError> {
        let brought = self.latest(connection, absorbed).await?;
        let survivor = self.latest(connection, into).await?;
        let told = told.circumstances.as_ref();
        store::set_agreements(connection, &[agreement(into, told)?]).await?;
        store::move_over(connection, absorbed, into).await?;
        let Some(brought) = brought else {
            return Ok(Vec::new());
        };
        let inputs = match survivor {
            Some(survivor) => survivor.inputs.with(brought.inputs),
            None => brought.inputs,
        };
        self.anew(connection, event, into, Cause::Merge, inputs, told)
            .await
    }

    /// Each of both is judged by what was its own.
    async fn split(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        told: &SituationsSplit,
        split: &Split,
    ) -> Result<Vec<NewAssessment>, ReactionError> {
        let both = self.latest(connection, split.from).await?;
        let own = told.circumstances.as_ref();
        let other = told.from_circumstances.as_ref();
        let agreements = [
            agreement(split.absorbed, own)?,
            agreement(split.from, other)?,
        ];
        store::set_agreements(connection, &agreements).await?;
        store::bring_back(connection, split).await?;
        let back = self.latest(connection, split.absorbed).await?;
        let (Some(both), Some(back)) = (both, back) else {
            return Ok(Vec::new());
        };
        // Also of what was flagged while they were one.
        let flagged = told.signal_ids.iter().map(|id| id.parse::<SignalId>());
        let flagged: Vec<SignalId> = flagged.collect::<Result<_, _>>().map_err(nonsense)?;
        let inputs = back.inputs.with(both.inputs.clone().only(&flagged));
        // Of each instrument only the latest form counted: an earlier one may count again.
        let forms = store::responses_of(connection, split.from)
            .await
            .map_err(stored)?;
        let left = both.inputs.without_signals_of(&inputs);
        let left = forms
            .into_iter()
            .fold(left, |left, form| left.with_result(form.result));
        let mut judged = self
            .anew(connection, event, split.from, Cause::Split, left, other)
            .await?;
        judged.extend(
            self.anew(connection, event, split.absorbed, Cause::Split, inputs, own)
                .await?,
        );
        Ok(judged)
    }

    async fn latest(
        &self,
        connection: &mut PgConnection,
        situation: SituationId,
    ) -> Result<Option<Known>, ReactionError> {
        store::latest_of(connection, situation)
            .await
            .map_err(stored)
    }

    /// A judgement that goes on from the last one of the situation, by these inputs.
    async fn anew(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        situation: SituationId,
        cause: Cause,
        inputs: Inputs,
        circumstances: Option<&Circumstances>,
    ) -> Result<Vec<NewAssessment>, ReactionError> {
        let last = self.latest(connection, situation).await?;
        let (Some(last), Some(newest)) = (last, inputs.newest_signal()) else {
            return Ok(Vec::new());
        };
        Ok(vec![NewAssessment {
            id: AssessmentId::derived(event.id.uuid(), &situation.to_string()),
            situation,
            signal: newest.signal,
            zone: last.zone,
            sequence: last.sequence + 1,
            cause,
            judgement: self.triage.current().judge(&inputs),
            inputs,
            circumstances: circumstances.cloned().or(last.circumstances),
        }])
    }
}
