//! A vital interest outweighs consent: a coordinator reads why, and takes note of it.

use knipperlicht_access::Principal;
use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb};
use knipperlicht_eventing::{merges::survivor, say};
use knipperlicht_vocabulary::{Actor, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    IntakeCalls,
    contact::{all_homes, text},
    decode,
};
use crate::{
    IntakeError,
    model::ReadingKind,
    store::{self, Reader},
};

/// What the place of a reason begins with.
pub(super) const VITAL_INTEREST: &str = "vital_interest:";

const NOTHING: IntakeError = IntakeError::NotFound {
    what: "vital interest",
};

impl IntakeCalls {
    /// Opens the reasons for the caller, never without a trace.
    pub(super) async fn vital_interest(
        &self,
        principal: &Principal,
        request: &pb::ReadVitalInterestRequest,
    ) -> Result<pb::ReadVitalInterestResponse, IntakeError> {
        let purpose = decode::purpose(&request.purpose)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = coordinated(&mut transaction, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        let zone = store::lock_consent(&mut transaction, situation).await?.zone;
        // Also of signals that were taken back: what was shared upon them was shared.
        let homes = all_homes(&mut transaction, &[situation.uuid()]).await?;
        let why = self.seal_purpose(&mut transaction, &homes, purpose).await?;
        let keys = store::data_keys(&mut transaction, &homes).await?;
        let mut sealed = store::sealed_of(&mut transaction, &homes).await?;
        sealed.retain(|row| row.place.starts_with(VITAL_INTEREST));
        if sealed.is_empty() {
            return Err(NOTHING);
        }
        let mut read: Vec<Uuid> = sealed.iter().map(|row| row.situation.uuid()).collect();
        read.sort_unstable();
        read.dedup();
        let reader = Reader::Coordinator(zone);
        let kind = ReadingKind::VitalInterest;
        self.note_reading(
            &mut transaction,
            principal,
            situation,
            (&read, kind, reader),
            &why,
        )
        .await?;
        // First the audit row is durable, then anything is shown.
        transaction.commit().await?;

        let mut reasons = Vec::with_capacity(sealed.len());
        for row in sealed {
            let Some(key) = keys.get(&row.situation) else {
                continue;
            };
            let key = self.vault.unwrap_key(row.situation, key).await?;
            let plain = key.open(&row.place, &row.sealed)?;
            reasons.push(text(&plain)?.to_owned());
        }
        Ok(pb::ReadVitalInterestResponse { reasons })
    }

    /// A coordinator who has read why takes note of it: routing closes the item.
    pub(super) async fn vital_interest_acknowledged(
        &self,
        principal: &Principal,
        request: &pb::AcknowledgeVitalInterestRequest,
    ) -> Result<(), IntakeError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = coordinated(&mut transaction, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        let held = store::lock_consent(&mut transaction, situation).await?;
        let homes = all_homes(&mut transaction, &[situation.uuid()]).await?;
        if !store::has_read_reason(&mut transaction, &homes).await? {
            return Err(IntakeError::ReasonNotRead);
        }
        let body = events::VitalInterestAcknowledged {
            by: Actor::Coordinator.number(),
        };
        let said = self
            .said(&mut transaction, situation, held.zone, body.into())
            .await?;
        say(&mut transaction, self.kit.environment.now(), &[said]).await?;
        let action = "vital_interest.acknowledged";
        self.note_in_audit(&mut transaction, principal, action, situation, "")
            .await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(())
    }
}

/// A situation of the caller's zones, by the name it has now.
async fn coordinated(connection: &mut PgConnection, id: &str) -> Result<SituationId, IntakeError> {
    let asked = decode::situation_id("situation_id", id)?;
    let situation = survivor(&mut *connection, asked).await?;
    if store::sees_situation(connection, situation).await? {
        Ok(situation)
    } else {
        Err(IntakeError::NotFound { what: "situation" })
    }
}
