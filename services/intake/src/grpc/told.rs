//! What reporters were told, whether they saw it, and what they answer.

use std::collections::HashSet;

use jiff::Timestamp;
use knipperlicht_access::Principal;
use knipperlicht_contracts::{events::v1 as events, from_proto, intake::v1 as pb};
use knipperlicht_eventing::{merges::survivor, say};
use knipperlicht_vocabulary::Step;

use super::{IntakeCalls, decode, view};
use crate::{
    IntakeError,
    model::{TakenStep, may_reopen, told},
    store,
};

/// Steps at most in one call.
const LARGEST: usize = 100;

impl IntakeCalls {
    /// Keeps that the app showed steps to the reporter, each the first time.
    pub(super) async fn seen(
        &self,
        principal: &Principal,
        request: &pb::MarkSeenRequest,
    ) -> Result<pb::SignalStatus, IntakeError> {
        let id = decode::signal_id("signal_id", &request.signal_id)?;
        if request.seen.len() > LARGEST {
            return Err(IntakeError::TooManySteps(request.seen.len()));
        }
        let seen = request
            .seen
            .iter()
            .map(|seen| {
                let at = seen.at.ok_or(IntakeError::Missing { field: "seen.at" })?;
                let at = from_proto(at).map_err(|_| IntakeError::NotTold)?;
                Ok((decode::code("seen.step", seen.step)?, at))
            })
            .collect::<Result<Vec<(Step, Timestamp)>, IntakeError>>()?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let (_, steps) = self.told(&mut transaction, id).await?;
        let told: HashSet<(Step, Timestamp)> =
            steps.iter().map(|taken| (taken.step, taken.at)).collect();
        // What was not told cannot have been seen.
        if seen.iter().any(|one| !told.contains(one)) {
            return Err(IntakeError::NotTold);
        }
        transaction.act_as(&self.kit.principal).await?;
        let now = self.kit.environment.now();
        store::mark_seen(&mut transaction, id, &seen, now).await?;
        let status = self.status(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(status)
    }

    /// The reporter says that it is not better: follow-up opens again what was closed.
    pub(super) async fn not_better(
        &self,
        principal: &Principal,
        request: &pb::ReportNotBetterRequest,
    ) -> Result<pb::SignalStatus, IntakeError> {
        let id = decode::signal_id("signal_id", &request.signal_id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let (row, steps) = self.told(&mut transaction, id).await?;
        if !may_reopen(&steps) {
            return Err(IntakeError::NotClosed);
        }
        transaction.act_as(&self.kit.principal).await?;
        let body = events::ReopenAsked {
            signal_id: id.to_string(),
        };
        let said = self
            .said(&mut transaction, row.situation, row.zone, body.into())
            .await?;
        say(&mut transaction, self.kit.environment.now(), &[said]).await?;
        let status = self.status(&mut transaction, id).await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(status)
    }

    /// What the reporters of a situation were told: for its coordinator.
    pub(super) async fn told_of(
        &self,
        principal: &Principal,
        request: &pb::ListToldRequest,
    ) -> Result<pb::ListToldResponse, IntakeError> {
        let asked = decode::situation_id("situation_id", &request.situation_id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = survivor(&mut transaction, asked).await?;
        if !store::sees_situation(&mut transaction, situation).await? {
            return Err(IntakeError::NotFound { what: "situation" });
        }
        transaction.act_as(&self.kit.principal).await?;
        let signals = store::signals_of(&mut transaction, situation).await?;
        let ids: Vec<_> = signals.iter().map(|row| row.signal.uuid()).collect();
        let seen = store::seen_of(&mut transaction, &ids).await?;
        let steps = store::steps_of(&mut transaction, &[situation.uuid()]).await?;
        let steps = steps.get(&situation).map_or(&[][..], Vec::as_slice);
        let reporters = signals.iter().map(|row| pb::ToldReporter {
            signal_id: row.signal.to_string(),
            reporter_role: row.role.number(),
            told: view::progress(&told(&row.facts(), steps), seen.get(&row.signal)),
        });
        Ok(pb::ListToldResponse {
            reporters: reporters.collect(),
        })
    }

    /// A signal that the transaction's principal may see, and what its reporter was told.
    async fn told(
        &self,
        connection: &mut sqlx::PgConnection,
        id: knipperlicht_vocabulary::SignalId,
    ) -> Result<(store::SignalRow, Vec<TakenStep>), IntakeError> {
        let row = store::own_signal(&mut *connection, id)
            .await?
            .ok_or(IntakeError::NotFound { what: "signal" })?;
        let steps = store::steps_of(connection, &[row.situation.uuid()]).await?;
        let steps = steps.get(&row.situation).map_or(&[][..], Vec::as_slice);
        let told = told(&row.facts(), steps);
        Ok((row, told))
    }
}
