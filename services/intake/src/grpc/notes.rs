//! What partners write down about a carer, sealed like all that says who it is.

use knipperlicht_access::Principal;
use knipperlicht_contracts::{intake::v1 as pb, to_proto};
use knipperlicht_vocabulary::NoteId;
use prost::Message;
use zeroize::Zeroizing;

use super::{
    IntakeCalls,
    contact::{Accepted, homes, reader},
    decode,
};
use crate::{
    IntakeError,
    model::ReadingKind,
    store::{self, SealedRow},
};

/// What the place of a partner's note begins with.
pub(super) const WORK: &str = "work:";

impl IntakeCalls {
    /// Writes a note down, under the key of one of the situation's signals: where the signal goes,
    /// it goes, and who forgets the situation forgets it.
    pub(super) async fn note_added(
        &self,
        principal: &Principal,
        request: &pb::AddNoteRequest,
    ) -> Result<pb::AddNoteResponse, IntakeError> {
        let id: NoteId = decode::note_id("note_id", &request.note_id)?;
        let situation = decode::situation_id("situation_id", &request.situation_id)?;
        let text = request.text.trim();
        if text.is_empty() {
            return Err(IntakeError::Missing { field: "text" });
        }
        decode::note("text", text)?;

        let environment = &self.kit.environment;
        let now = environment.now();
        let Accepted {
            mut transaction,
            situation,
            ..
        } = self.accepted(principal, situation).await?;
        let homes = homes(&mut transaction, situation).await?;
        let (home, key, new_keys) = self.key_for(&mut transaction, &homes).await?;
        let note = Zeroizing::new(pb::WorkNote {
            note_id: id.to_string(),
            text: text.to_owned(),
            organisation_id: principal
                .organisation
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            at: Some(to_proto(now)),
        });
        let place = format!("{WORK}{id}");
        let plain = Zeroizing::new(note.encode_to_vec());
        let row = SealedRow {
            situation: home,
            sealed: key.seal(environment, &place, &plain)?,
            place,
        };
        if store::is_sealed(&mut transaction, &row.place, &homes).await? {
            return Ok(pb::AddNoteResponse {});
        }
        store::insert_sealed(&mut transaction, now, &new_keys, &[&row]).await?;
        let purpose = format!("note {id}");
        let noted = (
            &[home.uuid()][..],
            ReadingKind::NoteAdded,
            reader(principal)?,
        );
        self.note_reading(&mut transaction, principal, situation, noted, &purpose)
            .await?;
        transaction.commit().await?;
        Ok(pb::AddNoteResponse {})
    }
}
