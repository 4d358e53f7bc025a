//! Who it is about: for the partner who accepted, for a stated purpose, never without a trace.

use std::collections::HashMap;

use knipperlicht_access::{OwnedTransaction, Principal};
use knipperlicht_contracts::intake::v1 as pb;
use knipperlicht_eventing::merges::survivors;
use knipperlicht_privacy::{DataKey, WrappedKey, audit::Entry};
use knipperlicht_runtime::{current_traceparent, trace_id};
use knipperlicht_vocabulary::SituationId;
use prost::Message;
use sqlx::PgConnection;
use tracing::Span;
use uuid::Uuid;

use super::{IntakeCalls, decode, notes::WORK};
use crate::{
    IntakeError,
    store::{self, SealedRow},
};

/// What the place of the reason for a look begins with.
const PURPOSE: &str = "purpose:";

/// Whose key, the key, and how to keep it if it is new.
pub(super) type KeyOf = (SituationId, DataKey, Vec<(SituationId, WrappedKey)>);

impl IntakeCalls {
    /// Opens a situation's vault for the caller, if the carer agreed (rule 3).
    pub(super) async fn contact(
        &self,
        principal: &Principal,
        request: &pb::GetContactRequest,
    ) -> Result<pb::GetContactResponse, IntakeError> {
        let situation = decode::situation_id("situation_id", &request.situation_id)?;
        let purpose = purpose(&request.purpose)?;
        let (mut transaction, situation) = self.accepted(principal, situation).await?;
        let homes = homes(&mut transaction, situation).await?;
        let why = self.seal_purpose(&mut transaction, &homes, purpose).await?;
        let action = "contact.read";
        self.note_in_audit(&mut transaction, principal, action, situation, &why)
            .await?;
        let keys = store::data_keys(&mut transaction, &homes).await?;
        let sealed = store::sealed_of(&mut transaction, &homes).await?;
        // First the audit row is durable, then anything is shown.
        transaction.commit().await?;

        let keys = keys.iter().map(|(home, key)| {
            let key = self.vault.unwrap_key(*home, key)?;
            Ok((*home, key))
        });
        let keys: HashMap<SituationId, DataKey> = keys.collect::<Result<_, IntakeError>>()?;
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

    /// Seals why somebody looks, and gives where: the audit log names the place. It is words that
    /// somebody wrote, so they may say who it is; and no row of the log is ever changed.
    pub(super) async fn seal_purpose(
        &self,
        connection: &mut PgConnection,
        homes: &[Uuid],
        purpose: &str,
    ) -> Result<String, IntakeError> {
        let environment = &self.kit.environment;
        let (home, key, new_keys) = self.key_for(&mut *connection, homes).await?;
        let place = format!("{PURPOSE}{}", environment.uuid());
        let row = SealedRow {
            situation: home,
            sealed: key.seal(environment, &place, purpose.as_bytes())?,
            place,
        };
        store::insert_sealed(connection, environment.now(), &new_keys, &[&row]).await?;
        Ok(row.place)
    }

    /// A key to seal under what is written down of a situation later: one of its signals', so that
    /// it goes where the signal goes, and who forgets the situation forgets it. New where nothing
    /// was sealed yet.
    pub(super) async fn key_for(
        &self,
        connection: &mut PgConnection,
        homes: &[Uuid],
    ) -> Result<KeyOf, IntakeError> {
        let known = store::data_keys(connection, homes).await?;
        if let Some((home, wrapped)) = known.iter().min_by_key(|one| one.0) {
            let key = self.vault.unwrap_key(*home, wrapped)?;
            return Ok((*home, key, Vec::new()));
        }
        let home = homes.first().copied().map(SituationId::from);
        let home = home.ok_or(IntakeError::NotFound {
            what: "accepted situation",
        })?;
        let (key, wrapped) = self.vault.new_key(&self.kit.environment, home)?;
        Ok((home, key, vec![(home, wrapped)]))
    }

    /// Notes who did what with what is sealed, and why.
    pub(super) async fn note_in_audit(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
        action: &str,
        situation: SituationId,
        purpose: &str,
    ) -> Result<(), IntakeError> {
        let trace = current_traceparent(&Span::current())
            .as_deref()
            .and_then(trace_id);
        let entry = Entry {
            at: self.kit.environment.now(),
            subject: principal.subject.to_string(),
            role: principal.role.to_string(),
            action: action.to_owned(),
            object: situation.to_string(),
            purpose: purpose.to_owned(),
            trace_id: trace.unwrap_or_default(),
        };
        store::append_audit(connection, &entry).await?;
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

/// Under which keys anything of these situations is sealed: those of all signals, also of those that
/// were taken back, and their own.
pub(super) async fn all_homes(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Vec<Uuid>, IntakeError> {
    let signals = store::signals_of_all(connection, situations).await?;
    let homes = signals
        .iter()
        .map(|signal| SituationId::derived(*signal, "situation").uuid());
    let mut homes: Vec<Uuid> = homes.chain(situations.iter().copied()).collect();
    homes.sort_unstable();
    homes.dedup();
    Ok(homes)
}

/// Why somebody looks: words that say something.
pub(super) fn purpose(text: &str) -> Result<&str, IntakeError> {
    let purpose = text.trim();
    let length = purpose.chars().count();
    if (5..=500).contains(&length) {
        Ok(purpose)
    } else {
        Err(IntakeError::Length {
            field: "purpose",
            length,
            limit: "5 to 500",
        })
    }
}
