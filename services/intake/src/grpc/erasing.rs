//! Forgetting a situation (GDPR article 17).
//!
//! A coordinator of its zone erases, for one of the grounds that the article names. A carer asks by
//! their link. The link alone does not erase: whoever holds it need not be the carer, and where
//! rough care or violence was flagged, it may be the one person who wants the trace gone. So asking
//! takes effect at once in what protects the carer whoever asks, that nobody learns who they are any
//! more; a coordinator makes sure who asks (article 12(6)), and answers within a month (article
//! 12(3)).

use jiff::{SignedDuration, Timestamp};
use knipperlicht_access::Principal;
use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_eventing::{erasing, merges, say};
use knipperlicht_vocabulary::{Actor, ErasureReason, SituationId};
use sqlx::PgConnection;

use super::{IntakeCalls, carer::concerned, decode};
use crate::{IntakeError, store};

/// Within a month a carer is answered (GDPR article 12(3)): the shortest there is.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(28 * 24);

impl IntakeCalls {
    /// Forgets a situation, and all that became part of it.
    pub(super) async fn erase(
        &self,
        principal: &Principal,
        request: &pb::EraseSituationRequest,
    ) -> Result<pb::EraseSituationResponse, IntakeError> {
        let reason: ErasureReason = decode::code("reason", request.reason)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = concerned(&mut transaction, principal, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        // Before any row: nothing is heard of it, and nothing is merged, meanwhile.
        merges::hold_alone(&mut transaction).await?;
        if merges::survivor(&mut transaction, situation).await? != situation {
            return Err(IntakeError::TooSlow);
        }
        let done = |at| pb::EraseSituationResponse {
            situation_id: situation.to_string(),
            erased_at: Some(to_proto(at)),
        };
        if let Some(at) = store::erased_at(&mut transaction, situation).await? {
            return Ok(done(at));
        }
        let now = self.kit.environment.now();
        let by = Actor::Coordinator;
        self.forget(&mut transaction, (principal, by), situation, reason, now)
            .await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(done(now))
    }

    /// Forgets a situation, and all that became part of it, in this transaction: nothing is heard of
    /// it meanwhile.
    pub(crate) async fn forget(
        &self,
        connection: &mut PgConnection,
        (principal, by): (&Principal, Actor),
        situation: SituationId,
        reason: ErasureReason,
        now: Timestamp,
    ) -> Result<(), IntakeError> {
        let family = erasing::erase(&mut *connection, situation, now).await?;
        let zones = store::zones_of(&mut *connection, &family).await?;
        store::forget(&mut *connection, &family, now).await?;
        // Of each of them: who has not heard yet that they became one forgets them too.
        let mut said = Vec::new();
        for (situation, zone) in zones {
            let body = events::SituationErased { by: by.number() };
            said.push(
                self.said(&mut *connection, situation, zone, body.into())
                    .await?,
            );
        }
        say(&mut *connection, now, &said).await?;
        let (action, reason) = ("situation.erased", reason.code());
        self.note_in_audit(connection, principal, action, situation, reason)
            .await?;
        Ok(())
    }

    /// A carer asks to be forgotten. Asking twice is harmless.
    pub(super) async fn erasure_asked_by(
        &self,
        carer: &Principal,
        token: &str,
    ) -> Result<pb::AskMyErasureResponse, IntakeError> {
        let mine = self.consent_withdrawn_by(carer, token).await?;
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let situation = self.opened(&mut transaction, token).await?;
        store::lock_consent(&mut transaction, situation).await?;
        let now = self.kit.environment.now();
        let asked = store::ask_erasure(&mut transaction, situation, now).await?;
        transaction.commit().await?;
        Ok(pb::AskMyErasureResponse {
            situation: Some(mine),
            due_at: Some(to_proto(due(asked))),
        })
    }

    /// What carers of the caller's zones asked and is not done. Read in intake's own name: what was
    /// asked in one zone may have become part of a situation in another, and then no coordinator sees
    /// both ends of the way.
    pub(super) async fn erasures_asked(
        &self,
        principal: &Principal,
    ) -> Result<Vec<pb::ErasureRequest>, IntakeError> {
        let zones: Vec<String> = principal.zones.iter().map(ToString::to_string).collect();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let asked = store::erasures_asked(&mut transaction, &zones).await?;
        let requests = asked.into_iter().map(|asked| pb::ErasureRequest {
            situation_id: asked.situation.to_string(),
            zone_id: asked.zone.to_string(),
            asked_at: Some(to_proto(asked.at)),
            due_at: Some(to_proto(due(asked.at))),
        });
        Ok(requests.collect())
    }
}

fn due(asked: Timestamp) -> Timestamp {
    asked.saturating_add(ANSWERED_WITHIN).unwrap_or(asked)
}

/// Refuses what cannot be done with a situation that was forgotten.
pub(super) fn not_erased(held: &store::ConsentRow) -> Result<(), IntakeError> {
    if held.erased {
        Err(IntakeError::Erased)
    } else {
        Ok(())
    }
}
