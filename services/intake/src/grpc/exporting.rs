//! Everything intake holds about a situation, opened: for the answer to a carer who asks what is
//! known of them (GDPR article 15). A coordinator of its zone makes it, for a stated purpose, never
//! without a trace.

use std::collections::HashMap;

use knipperlicht_access::Principal;
use knipperlicht_contracts::{from_proto, intake::v1 as pb};
use knipperlicht_eventing::erasing::whole;
use knipperlicht_privacy::DataKey;
use knipperlicht_vocabulary::SituationId;
use prost::Message;
use serde_json::{Value, json};

use super::{IntakeCalls, carer::concerned, contact::all_homes, decode, notes::WORK};
use crate::{
    IntakeError,
    store::{self, SealedRow},
};

impl IntakeCalls {
    /// Everything about a situation, and all that became part of it.
    pub(super) async fn exported(
        &self,
        principal: &Principal,
        request: &pb::ExportSituationRequest,
    ) -> Result<String, IntakeError> {
        let why = decode::purpose(&request.purpose)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = concerned(&mut transaction, principal, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        if store::erased_at(&mut transaction, situation)
            .await?
            .is_some()
        {
            return Err(IntakeError::Erased);
        }
        let (_, family) = whole(&mut transaction, situation).await?;
        let homes = all_homes(&mut transaction, &family).await?;
        let why = self.seal_purpose(&mut transaction, &homes, why).await?;
        let action = "situation.exported";
        self.note_in_audit(&mut transaction, principal, action, situation, &why)
            .await?;
        let held = store::export(&mut transaction, &family).await?;
        let wrapped = store::data_keys(&mut transaction, &homes).await?;
        let sealed = store::sealed_of(&mut transaction, &homes).await?;
        // First the audit row is durable, then anything is shown.
        transaction.commit().await?;

        let mut keys: HashMap<SituationId, DataKey> = HashMap::new();
        for (home, key) in &wrapped {
            keys.insert(*home, self.vault.unwrap_key(*home, key).await?);
        }
        let opened = sealed
            .iter()
            .filter_map(|row| keys.get(&row.situation).map(|key| opened(key, row)))
            .collect::<Result<Vec<Value>, IntakeError>>()?;
        let unreadable = |error: serde_json::Error| IntakeError::BadRow {
            table: "situation",
            what: error.to_string(),
        };
        let mut all: Value = serde_json::from_str(&held).map_err(unreadable)?;
        all["personal"] = Value::Array(opened);
        Ok(all.to_string())
    }
}

/// Something sealed, as it is read. Its place says what it is, and of what.
fn opened(key: &DataKey, row: &SealedRow) -> Result<Value, IntakeError> {
    let unreadable = |what: String| IntakeError::BadRow {
        table: "sealed",
        what,
    };
    let plain = key.open(&row.place, &row.sealed)?;
    let content = if row.place.starts_with("contact:") {
        let contact =
            pb::Contact::decode(plain.as_slice()).map_err(|error| unreadable(error.to_string()))?;
        json!({
            "name": contact.name,
            "phone": contact.phone,
            "mail": contact.mail,
            "address": contact.address,
            "national_number": contact.national_number,
            "family_name": contact.family_name,
            "birth_year": contact.birth_year,
        })
    } else if row.place.starts_with(WORK) {
        let note = pb::WorkNote::decode(plain.as_slice())
            .map_err(|error| unreadable(error.to_string()))?;
        let at = note.at.and_then(|at| from_proto(at).ok());
        json!({
            "text": note.text,
            "organisation_id": note.organisation_id,
            "at": at.map(|at| at.to_string()),
        })
    } else {
        // Notes of reporters, reasons for a vital interest, and why somebody looked.
        let words = std::str::from_utf8(&plain).map_err(|error| unreadable(error.to_string()))?;
        json!(words)
    };
    Ok(json!({ "place": row.place, "content": content }))
}
