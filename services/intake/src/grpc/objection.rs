//! The cared-for person objects that what concerns them is shared, or no longer does. They have no
//! account: whoever hears it records it.

use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb};
use knipperlicht_eventing::say;
use knipperlicht_vocabulary::Actor;

use super::{IntakeCalls, carer::concerned, erasing::not_erased, view};
use crate::{IntakeError, store};

impl IntakeCalls {
    /// Records it. Doing it twice is harmless.
    pub(super) async fn objection_recorded(
        &self,
        principal: &Principal,
        request: &pb::RecordObjectionRequest,
    ) -> Result<(), IntakeError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = concerned(&mut transaction, principal, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        let mut held = store::lock_consent(&mut transaction, situation).await?;
        // Looked at again under the lock: split meanwhile, it may be about somebody else.
        transaction.act_as(principal).await?;
        if concerned(&mut transaction, principal, &request.situation_id).await? != situation {
            return Err(IntakeError::TooSlow);
        }
        transaction.act_as(&self.kit.principal).await?;
        not_erased(&held)?;
        if held.cared_for_objects == request.objects {
            return Ok(());
        }
        let now = self.kit.environment.now();
        held.cared_for_objects = request.objects;
        held.sequence += 1;
        store::set_objection(&mut transaction, situation, request.objects, held.sequence).await?;
        let said = if request.objects {
            "recorded"
        } else {
            "lifted"
        };
        let action = format!("objection.{said}");
        let (consent, sequence) = (held.consent, held.sequence);
        let circumstances = view::circumstances(&held, held.age_band, consent, sequence);
        let body = events::ConsentChanged {
            circumstances: Some(circumstances),
            by: actor(principal).number(),
            objection: true,
        };
        let said = self
            .said(&mut transaction, situation, held.zone, body.into())
            .await?;
        say(&mut transaction, now, &[said]).await?;
        self.note_in_audit(&mut transaction, principal, &action, situation, "")
            .await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(())
    }
}

/// Who records it, as a role.
const fn actor(principal: &Principal) -> Actor {
    match principal.role {
        Role::Reporter => Actor::Reporter,
        Role::Partner => Actor::Partner,
        _ => Actor::Coordinator,
    }
}
