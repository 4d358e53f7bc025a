//! A reporter's own signals: looking, taking back, recording consent.

use jiff::Timestamp;
use knipperlicht_access::Principal;
use knipperlicht_contracts::{
    event::EventBody, events::v1 as events, from_micros, intake::v1 as pb,
};
use knipperlicht_eventing::{Said, say};
use knipperlicht_vocabulary::{Actor, EventId, SignalId, SituationId, ZoneId};
use sqlx::PgConnection;

use super::{IntakeCalls, decode, erasing::not_erased, view};
use crate::{
    IntakeError,
    model::{ConsentMove, change_consent, may_withdraw},
    store::{self, SealedRow, SignalRow},
};

impl IntakeCalls {
    /// One signal and its way.
    pub(super) async fn get(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<pb::SignalStatus, IntakeError> {
        let id = decode::signal_id("signal_id", id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        self.status(&mut transaction, id).await
    }

    /// A page of the caller's signals.
    pub(super) async fn list(
        &self,
        principal: &Principal,
        request: &pb::ListMySignalsRequest,
    ) -> Result<pb::ListMySignalsResponse, IntakeError> {
        let before = match request.page_token.as_str() {
            "" => None,
            token => Some(read_token(token).ok_or(IntakeError::PageToken)?),
        };
        let size = match request.page_size {
            0 => 50,
            size => i64::from(size.clamp(1, 200)),
        };
        let mut transaction = self.kit.database.begin(principal).await?;
        let mut rows =
            store::own_signals(&mut transaction, &principal.subject, before, size + 1).await?;
        let more = rows.len() > usize::try_from(size).unwrap_or_default();
        if more {
            rows.pop();
        }
        let next_page_token = rows
            .last()
            .filter(|_| more)
            .map(|row| token(row.received_at, row.signal))
            .unwrap_or_default();
        let signals = self.statuses(&mut transaction, &rows).await?;
        Ok(pb::ListMySignalsResponse {
            signals,
            next_page_token,
        })
    }

    /// Takes a signal back.
    pub(super) async fn withdraw(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<pb::SignalStatus, IntakeError> {
        let id = decode::signal_id("signal_id", id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let row = own(&mut transaction, id).await?;
        transaction.act_as(&self.kit.principal).await?;
        let held = store::lock_consent(&mut transaction, row.situation).await?;
        not_erased(&held)?;
        let steps = store::steps_of(&mut transaction, &[row.situation.uuid()]).await?;
        if !may_withdraw(steps.get(&row.situation).map_or(&[], Vec::as_slice)) {
            return Err(IntakeError::AlreadyAccepted);
        }
        // Looked at again under the lock: withdrawing twice is harmless.
        let locked = still_of(row.situation, own(&mut transaction, id).await?)?;
        if locked.withdrawn_at.is_none() {
            let now = self.kit.environment.now();
            store::mark_withdrawn(&mut transaction, id, now).await?;
            store::forget_keys(&mut transaction, id).await?;
            let body = events::SignalWithdrawn {
                signal_id: id.to_string(),
                others_stand: store::others_stand(&mut transaction, row.situation, id).await?,
            };
            let said = self
                .said(&mut transaction, row.situation, row.zone, body.into())
                .await?;
            say(&mut transaction, now, &[said]).await?;
        }
        let status = self.status(&mut transaction, id).await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(status)
    }

    /// Records what the carer agreed to.
    pub(super) async fn record_consent(
        &self,
        principal: &Principal,
        request: &pb::SetConsentRequest,
    ) -> Result<pb::SignalStatus, IntakeError> {
        let id = decode::signal_id("signal_id", &request.signal_id)?;
        let next = decode::code("consent", request.consent)?;
        decode::note("vital_interest_reason", &request.vital_interest_reason)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let row = own(&mut transaction, id).await?;
        if row.withdrawn_at.is_some() {
            return Err(IntakeError::Withdrawn);
        }
        transaction.act_as(&self.kit.principal).await?;
        let held = store::lock_consent(&mut transaction, row.situation).await?;
        not_erased(&held)?;
        still_of(row.situation, own(&mut transaction, id).await?)?;
        let change = change_consent(held.consent, next, &request.vital_interest_reason).map_err(
            |reason| IntakeError::Consent {
                field: "consent",
                reason,
            },
        )?;
        if let ConsentMove::To(consent) = change {
            let now = self.kit.environment.now();
            let sequence = held.sequence + 1;
            store::set_consent(&mut transaction, row.situation, consent, sequence, now).await?;
            self.seal_reason(
                &mut transaction,
                row.situation,
                sequence,
                &request.vital_interest_reason,
            )
            .await?;
            let circumstances = view::circumstances(&held, held.age_band, consent, sequence);
            let body = events::ConsentChanged {
                circumstances: Some(circumstances),
                by: Actor::Reporter.number(),
                ..Default::default()
            };
            let said = self
                .said(&mut transaction, row.situation, held.zone, body.into())
                .await?;
            say(&mut transaction, now, &[said]).await?;
        }
        let status = self.status(&mut transaction, id).await?;
        if let ConsentMove::To(consent) = change {
            self.note_in_audit(
                &mut transaction,
                principal,
                "consent.recorded",
                row.situation,
                consent.code(),
            )
            .await?;
        }
        transaction.commit().await?;
        self.kit.committed();
        Ok(status)
    }

    /// A reason for a vital interest is as personal as a note.
    async fn seal_reason(
        &self,
        connection: &mut PgConnection,
        situation: SituationId,
        sequence: i64,
        reason: &str,
    ) -> Result<(), IntakeError> {
        if reason.is_empty() {
            return Ok(());
        }
        let environment = &self.kit.environment;
        let known = store::data_keys(connection, &[situation.uuid()]).await?;
        let (key, new) = if let Some(wrapped) = known.get(&situation) {
            (self.vault.unwrap_key(situation, wrapped).await?, None)
        } else {
            let (key, wrapped) = self.vault.new_key(environment, situation).await?;
            (key, Some((situation, wrapped)))
        };
        let place = format!("vital_interest:{sequence}");
        let sealed = key.seal(environment, &place, reason.as_bytes())?;
        let row = SealedRow {
            situation,
            place,
            sealed,
        };
        store::insert_sealed(connection, environment.now(), new.as_slice(), &[&row]).await?;
        Ok(())
    }

    /// What a call says of a situation: in the situation's own story.
    pub(super) async fn said(
        &self,
        connection: &mut PgConnection,
        situation: SituationId,
        zone: ZoneId,
        body: EventBody,
    ) -> Result<Said, sqlx::Error> {
        let step = self.kit.step(connection, situation).await?;
        Ok(Said {
            id: EventId::new(&self.kit.environment),
            situation,
            zone,
            body,
            traceparent: step.traceparent(),
        })
    }

    pub(super) async fn status(
        &self,
        connection: &mut PgConnection,
        id: SignalId,
    ) -> Result<pb::SignalStatus, IntakeError> {
        let row = own(&mut *connection, id).await?;
        let steps = store::steps_of(&mut *connection, &[row.situation.uuid()]).await?;
        let seen = store::seen_of(connection, &[id.uuid()]).await?;
        Ok(view::status_with_advice(
            &self.zones,
            &row,
            steps.get(&row.situation).map_or(&[], Vec::as_slice),
            seen.get(&id),
        ))
    }

    /// Signals and their way.
    pub(super) async fn statuses(
        &self,
        connection: &mut PgConnection,
        rows: &[SignalRow],
    ) -> Result<Vec<pb::SignalStatus>, IntakeError> {
        let situations: Vec<_> = rows.iter().map(|row| row.situation.uuid()).collect();
        let steps = store::steps_of(&mut *connection, &situations).await?;
        let signals: Vec<_> = rows.iter().map(|row| row.signal.uuid()).collect();
        let seen = store::seen_of(connection, &signals).await?;
        let way = |row: &SignalRow| steps.get(&row.situation).map_or(&[][..], Vec::as_slice);
        Ok(rows
            .iter()
            .map(|row| view::status(&self.zones, row, way(row), seen.get(&row.signal)))
            .collect())
    }
}

/// A signal that the transaction's principal may see.
async fn own(connection: &mut PgConnection, id: SignalId) -> Result<SignalRow, IntakeError> {
    store::own_signal(connection, id)
        .await?
        .ok_or(IntakeError::NotFound { what: "signal" })
}

/// The signal, if it is of the situation that was locked: it may have been merged meanwhile, and
/// then all is to be done again.
fn still_of(locked: SituationId, row: SignalRow) -> Result<SignalRow, IntakeError> {
    if row.situation == locked {
        Ok(row)
    } else {
        Err(IntakeError::TooSlow)
    }
}

fn token(received_at: Timestamp, signal: SignalId) -> String {
    format!("{}.{signal}", received_at.as_microsecond())
}

fn read_token(token: &str) -> Option<(Timestamp, SignalId)> {
    let (micros, signal) = token.split_once('.')?;
    Some((
        from_micros(micros.parse().ok()?).ok()?,
        signal.parse().ok()?,
    ))
}
