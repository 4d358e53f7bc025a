//! A follow-up that a partner closed: where the carer's voice begins.

use knipperlicht_contracts::followup::v1 as followup;
use knipperlicht_vocabulary::{
    ContactChannel, ContactResult, OutcomeReason, OutcomeResult, SignalId, Step,
};

use crate::{CoordinatorDesk, PartnerDesk, ReporterPhone, World, a_signal};

/// A follow-up that a partner closed, and all who had to do with it.
pub struct Closed {
    /// Who flagged.
    pub cleaner: ReporterPhone,
    /// Who followed up.
    pub partner: PartnerDesk,
    /// The zone's.
    pub coordinator: CoordinatorDesk,
    /// The partner's name.
    pub organisation: String,
    /// The signal.
    pub signal: String,
    /// The situation.
    pub situation: String,
    /// The follow-up.
    pub task: String,
}

impl World {
    /// Flags, accepts, reaches the carer, and closes with `helped`.
    pub async fn closed(&self) -> Closed {
        let accepted = self.accepted().await;
        accepted.partner.reaches(&accepted.task).await;
        let helped = OutcomeResult::Helped;
        let closed = accepted.partner.completes(&accepted.task, helped, None);
        closed.await.expect("closed");
        let Closed {
            cleaner, signal, ..
        } = &accepted;
        cleaner.sees(signal, Step::Closed).await;
        accepted
    }

    /// Flags and accepts, and stops there.
    pub async fn accepted(&self) -> Closed {
        let name = format!("cleaner-{}", SignalId::new(&self.environment));
        let cleaner = self.reporter(&name);
        let coordinator = self.coordinator(&["oostende-bredene"]);
        let receipt = cleaner
            .send(a_signal(&self.environment))
            .await
            .expect("sent");
        let situation = receipt.situation_id;
        let referral = coordinator.referral_of(&situation).await;
        let organisation = referral.service.expect("a service").organisation_id;
        let partner = self.partner(&organisation);
        partner.receives(&situation).await;
        partner.accept(&referral.referral_id).await.expect("taken");
        cleaner.sees(&receipt.signal_id, Step::Accepted).await;
        let task = partner.task_of(&situation).await.task_id;
        Closed {
            cleaner,
            partner,
            coordinator,
            organisation,
            signal: receipt.signal_id,
            situation,
            task,
        }
    }
}

impl PartnerDesk {
    /// Reaches the carer by phone.
    pub async fn reaches(&self, task: &str) {
        let reached = followup::RecordContactRequest {
            task_id: task.to_owned(),
            channel: ContactChannel::Phone.number(),
            result: ContactResult::Reached.number(),
            ..Default::default()
        };
        let contact = self.0.followup().record_contact(reached).await;
        contact.expect("recorded");
    }

    /// Closes a follow-up.
    pub async fn completes(
        &self,
        task: &str,
        result: OutcomeResult,
        reason: Option<OutcomeReason>,
    ) -> Result<followup::Task, tonic::Status> {
        let request = followup::CompleteRequest {
            task_id: task.to_owned(),
            result: result.number(),
            reason: reason.map_or(0, OutcomeReason::number),
        };
        let done = self.0.followup().complete(request).await?;
        Ok(done.into_inner().task.expect("a task"))
    }

    /// A new link for the carer.
    pub async fn link(&self, task: &str) -> followup::IssueCarerLinkResponse {
        let request = followup::IssueCarerLinkRequest {
            task_id: task.to_owned(),
            ..Default::default()
        };
        let link = self.0.followup().issue_carer_link(request).await;
        link.expect("a link").into_inner()
    }

    /// What there is to do, as the desk lists it.
    pub async fn open_tasks(&self) -> Vec<followup::Task> {
        let request = followup::ListTasksRequest {
            open_only: true,
            ..Default::default()
        };
        let tasks = self.0.followup().list_tasks(request).await;
        tasks.expect("tasks").into_inner().tasks
    }
}
