//! Calls that change something: shown to be the caller's to change, decided by the model,
//! written and said in the service's own name.

use knipperlicht_access::{OwnedTransaction, Principal, Role};
use knipperlicht_contracts::routing::v1 as pb;
use knipperlicht_eventing::{Said, audit::Deed, say};
use knipperlicht_vocabulary::{Actor, ItemId, ReferralId, SituationId};

use super::RoutingCalls;
use crate::{
    RoutingError,
    model::{
        calls::{Answer, Refusal},
        case::Case,
        change::Plan,
        planner::Ground,
    },
    said::said_by,
    store,
};

impl RoutingCalls {
    /// Changes a referral that the caller may see; in the audit log it is noted by this name, if any.
    pub(super) async fn change_referral<F>(
        &self,
        principal: &Principal,
        id: ReferralId,
        noted: Option<&'static str>,
        decide: F,
    ) -> Result<pb::Referral, RoutingError>
    where
        F: for<'d> FnOnce(Case, &Ground<'d>) -> Result<Answer<'d>, Refusal> + Send,
    {
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = store::situation_of_referral(&mut transaction, id)
            .await?
            .ok_or(Refusal::NoReferral)?;
        let changed = self
            .change((principal, noted), transaction, situation, decide)
            .await;
        // It was there a moment ago: its situation was merged or split meanwhile.
        changed.map_err(|error| match error {
            RoutingError::Refused(Refusal::NoReferral) => RoutingError::Raced,
            other => other,
        })
    }

    /// Changes an item that the caller may see; noted in the same way.
    pub(super) async fn change_item<F>(
        &self,
        principal: &Principal,
        id: ItemId,
        noted: Option<&'static str>,
        decide: F,
    ) -> Result<pb::Referral, RoutingError>
    where
        F: for<'d> FnOnce(Case, &Ground<'d>) -> Result<Answer<'d>, Refusal> + Send,
    {
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = store::situation_of_item(&mut transaction, id)
            .await?
            .ok_or(Refusal::NoItem)?;
        self.change((principal, noted), transaction, situation, decide)
            .await
    }

    async fn change<F>(
        &self,
        (principal, noted): (&Principal, Option<&'static str>),
        mut transaction: OwnedTransaction,
        situation: SituationId,
        decide: F,
    ) -> Result<pb::Referral, RoutingError>
    where
        F: for<'d> FnOnce(Case, &Ground<'d>) -> Result<Answer<'d>, Refusal> + Send,
    {
        let environment = &self.kit.environment;
        transaction.act_as(&self.kit.principal).await?;
        let books = self.books.open(&mut transaction).await?;
        let case = store::lock_cases(&mut transaction, &[situation.uuid()])
            .await?
            .take(situation);
        // Taken with the lock in hand, so that moments follow each other as changes do.
        let at = environment.now();
        let ground = books.ground(at, environment.today());
        let Answer { changes, referral } = decide(case, &ground)?;

        let zone = referral.circumstances.zone.clone();
        let plan = Plan {
            situation,
            zone,
            changes,
        };
        let step = self.kit.step(&mut transaction, situation).await?;
        let traceparent = step.traceparent();
        let events: Vec<Said> =
            said_by(actor(principal), &plan, traceparent.as_deref(), environment).collect();
        store::write(&mut transaction, &[plan], at).await?;
        say(&mut transaction, at, &events).await?;
        if let Some(action) = noted {
            let deed = Deed {
                action,
                object: situation.to_string(),
                purpose: "",
            };
            self.kit.note(&mut transaction, principal, deed).await?;
        }
        transaction.commit().await?;
        self.kit.committed();
        Ok(self.show(situation, &referral, &books.directory))
    }
}

/// As what somebody changes something.
const fn actor(principal: &Principal) -> Actor {
    match principal.role {
        Role::Partner => Actor::Partner,
        _ => Actor::Coordinator,
    }
}
