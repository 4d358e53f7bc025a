//! Who it is about: for the partner who accepted, for a stated purpose, never without a trace.

use std::collections::HashMap;

use knipperlicht_access::{OwnedTransaction, Principal};
use knipperlicht_contracts::intake::v1 as pb;
use knipperlicht_eventing::{audit::Deed, merges::survivors};
use knipperlicht_privacy::DataKey;
use knipperlicht_vocabulary::SituationId;
use prost::Message;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{IntakeCalls, decode, notes::WORK};
use crate::{IntakeError, store};

impl IntakeCalls {
    /// Opens a situation's vault for the caller, if the carer agreed (rule 3).
    pub(super) async fn contact(
        &self,
        principal: &Principal,
        request: &pb::GetContactRequest,
    ) -> Result<pb::GetContactResponse, IntakeError> {
        let situation = decode::situation_id("situation_id", &request.situation_id)?;
        let purpose = request.purpose.trim();
        let length = purpose.chars().count();
        if !(5..=500).contains(&length) {
            return Err(IntakeError::Length {
                field: "purpose",
                length,
                limit: "5 to 500",
            });
        }
        let (mut transaction, situation) = self.accepted(principal, situation).await?;
        let homes = homes(&mut transaction, situation).await?;
        let wrapped = store::data_keys(&mut transaction, &homes).await?;
        let sealed = store::sealed_of(&mut transaction, &homes).await?;
        self.note_in_audit(
            &mut transaction,
            principal,
            "contact.read",
            situation,
            purpose,
        )
        .await?;
        // First the audit row is durable, then anything is shown.
        transaction.commit().await?;

        let mut keys: HashMap<SituationId, DataKey> = HashMap::new();
        for (home, key) in &wrapped {
            keys.insert(*home, self.vault.unwrap_key(*home, key).await?);
        }
        let mut response = pb::GetContactResponse::default();
        for row in sealed {
            let Some(key) = keys.get(&row.situation) else {
                continue;
            };
            let plain = key.open(&row.place, &row.sealed)?;
            let unreadable = |what: String| IntakeError::BadRow {
                table: "sealed",
                what,
            };
            if row.place.starts_with("contact:") {
                let contact = pb::Contact::decode(plain.as_slice())
                    .map_err(|error| unreadable(error.to_string()))?;
                response.contacts.push(contact);
            } else if row.place.starts_with("note:") {
                let note =
                    std::str::from_utf8(&plain).map_err(|error| unreadable(error.to_string()))?;
                response.notes.push(note.to_owned());
            } else if row.place.starts_with(WORK) {
                let note = pb::WorkNote::decode(plain.as_slice())
                    .map_err(|error| unreadable(error.to_string()))?;
                response.work_notes.push(note);
            }
        }
        Ok(response)
    }

    /// The situation that the caller's organisation accepted and whose carer agrees (rule 3), by
    /// the name it has now; from here on intake itself acts.
    pub(super) async fn accepted(
        &self,
        principal: &Principal,
        situation: SituationId,
    ) -> Result<(OwnedTransaction, SituationId), IntakeError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        // A partner may know it by the name it had before it became part of another one.
        let situation = survivors(&mut transaction, &[situation.uuid()])
            .await?
            .get(&situation.uuid())
            .copied()
            .unwrap_or(situation);
        if !store::has_grant(&mut transaction, situation).await? {
            return Err(IntakeError::NotFound {
                what: "accepted situation",
            });
        }
        transaction.act_as(&self.kit.principal).await?;
        let consent = store::consent_of(&mut transaction, situation).await?;
        if !consent.is_some_and(knipperlicht_vocabulary::Consent::allows_sharing) {
            return Err(IntakeError::NoConsent);
        }
        Ok((transaction, situation))
    }

    /// Notes who did what with a situation, and why. Last of all in its transaction.
    pub(super) async fn note_in_audit(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
        action: &str,
        situation: SituationId,
        purpose: &str,
    ) -> Result<(), IntakeError> {
        let deed = Deed {
            action,
            object: situation.to_string(),
            purpose,
        };
        self.kit.note(connection, principal, deed).await?;
        Ok(())
    }
}

/// Under which keys that of a situation is sealed: those of its signals.
pub(super) async fn homes(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<Uuid>, IntakeError> {
    let signals = store::standing_signals(connection, situation).await?;
    let homes = signals
        .iter()
        .map(|signal| SituationId::derived(signal.uuid(), "situation").uuid());
    Ok(homes.collect())
}
