//! Who it is about: for the partner who accepted, for a stated purpose, never without a trace.

use std::collections::HashMap;

use knipperlicht_access::{OwnedTransaction, Principal};
use knipperlicht_contracts::intake::v1 as pb;
use knipperlicht_eventing::{audit::Deed, merges::survivor};
use knipperlicht_privacy::{DataKey, WrappedKey};
use knipperlicht_vocabulary::{SignalId, SituationId};
use prost::Message;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{IntakeCalls, decode, notes::WORK};
use crate::{
    IntakeError,
    model::{ReadingKind, may_learn},
    store::{self, Reader, Reading, SealedRow},
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
        let purpose = decode::purpose(&request.purpose)?;
        let Accepted {
            mut transaction,
            situation,
            left_out,
        } = self.accepted(principal, situation).await?;
        let homes = homes(&mut transaction, situation).await?;
        let wrapped = store::data_keys(&mut transaction, &homes).await?;
        let sealed = store::sealed_of(&mut transaction, &homes).await?;
        let why = self.seal_purpose(&mut transaction, &homes, purpose).await?;
        let reader = reader(principal)?;
        let kind = ReadingKind::Contact;
        self.note_reading(
            &mut transaction,
            principal,
            situation,
            (&homes, kind, reader),
            &why,
        )
        .await?;
        // First the audit row is durable, then anything is shown.
        transaction.commit().await?;

        let mut keys: HashMap<SituationId, DataKey> = HashMap::new();
        for (home, key) in &wrapped {
            keys.insert(*home, self.vault.unwrap_key(*home, key).await?);
        }
        let own = principal.organisation.as_ref().map(ToString::to_string);
        let mut response = pb::GetContactResponse::default();
        response.left_out = left_out;
        for row in sealed {
            let Some(key) = keys.get(&row.situation) else {
                continue;
            };
            let plain = key.open(&row.place, &row.sealed)?;
            if row.place.starts_with("contact:") {
                let contact = pb::Contact::decode(plain.as_slice())
                    .map_err(|error| unreadable(error.to_string()))?;
                response.contacts.push(contact);
            } else if row.place.starts_with("note:") && !left_out {
                response.notes.push(text(&plain)?.to_owned());
            } else if row.place.starts_with(WORK) {
                let note = pb::WorkNote::decode(plain.as_slice())
                    .map_err(|error| unreadable(error.to_string()))?;
                // Who wrote it knows it: nothing is shared.
                let is_own = own.as_ref() == Some(&note.organisation_id);
                if is_own || !left_out {
                    response.work_notes.push(note);
                }
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
    ) -> Result<Accepted, IntakeError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        // A partner may know it by the name it had before it became part of another one.
        let situation = survivor(&mut transaction, situation).await?;
        if !store::has_grant(&mut transaction, situation).await? {
            return Err(IntakeError::NotFound {
                what: "accepted situation",
            });
        }
        transaction.act_as(&self.kit.principal).await?;
        let held = store::look_at_consent(&mut transaction, situation).await?;
        if !may_learn(true, held.consent) {
            return Err(IntakeError::NoConsent);
        }
        Ok(Accepted {
            transaction,
            situation,
            left_out: held.cared_for_objects,
        })
    }

    /// Notes in the audit log, and for the carer, who looked at what was said in which signals; `why`
    /// is where the reason lies sealed.
    pub(super) async fn note_reading(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
        situation: SituationId,
        (homes, kind, reader): (&[Uuid], ReadingKind, Reader),
        why: &str,
    ) -> Result<(), IntakeError> {
        let action = match kind {
            ReadingKind::Contact => "contact.read",
            ReadingKind::VitalInterest => "vital_interest.read",
            ReadingKind::NoteAdded => "note.added",
        };
        let number = self
            .note_in_audit(&mut *connection, principal, action, situation, why)
            .await?;
        let at = self.kit.environment.now();
        let reading = Reading { at, kind, reader };
        store::insert_reading(connection, homes, number, &reading).await?;
        Ok(())
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
            let key = self.vault.unwrap_key(*home, wrapped).await?;
            return Ok((*home, key, Vec::new()));
        }
        let home = homes.first().copied().map(SituationId::from);
        let home = home.ok_or(IntakeError::NotFound {
            what: "accepted situation",
        })?;
        let (key, wrapped) = self.vault.new_key(&self.kit.environment, home).await?;
        Ok((home, key, vec![(home, wrapped)]))
    }

    /// Notes who did what with a situation, and why. Last of all in its transaction.
    pub(super) async fn note_in_audit(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
        action: &str,
        situation: SituationId,
        purpose: &str,
    ) -> Result<i64, IntakeError> {
        let deed = Deed {
            action,
            object: situation.to_string(),
            purpose,
        };
        Ok(self.kit.note(connection, principal, deed).await?)
    }
}

/// A situation that the caller's organisation accepted and whose carer agrees.
pub(super) struct Accepted {
    /// In which intake itself acts.
    pub(super) transaction: OwnedTransaction,
    /// By the name it has now.
    pub(super) situation: SituationId,
    /// Whether what concerns the cared-for person is left out: they object.
    pub(super) left_out: bool,
}

/// The caller as the carer sees them: an organisation.
pub(super) fn reader(principal: &Principal) -> Result<Reader, IntakeError> {
    let organisation = principal.organisation.clone();
    organisation
        .map(Reader::Partner)
        .ok_or(IntakeError::NotFound {
            what: "accepted situation",
        })
}

/// What was sealed as text.
pub(super) fn text(plain: &[u8]) -> Result<&str, IntakeError> {
    std::str::from_utf8(plain).map_err(|error| unreadable(error.to_string()))
}

fn unreadable(what: String) -> IntakeError {
    IntakeError::BadRow {
        table: "sealed",
        what,
    }
}

/// Under which keys that of a situation is sealed: those of its signals.
pub(super) async fn homes(
    connection: &mut PgConnection,
    situation: SituationId,
) -> Result<Vec<Uuid>, IntakeError> {
    let signals = store::standing_signals(connection, situation).await?;
    Ok(homes_of(&signals))
}

fn homes_of(signals: &[SignalId]) -> Vec<Uuid> {
    let homes = signals
        .iter()
        .map(|signal| SituationId::derived(signal.uuid(), "situation").uuid());
    homes.collect()
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
