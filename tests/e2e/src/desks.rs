//! Those who use the line, each with their own token.

use knipperlicht_contracts::{
    assessment::v1::assessment_service_client::AssessmentServiceClient,
    followup::v1::{self as followup, followup_service_client::FollowupServiceClient},
    intake::v1::{self as intake, intake_service_client::IntakeServiceClient},
    notification::v1::notification_service_client::NotificationServiceClient,
    routing::v1::{self as routing, routing_service_client::RoutingServiceClient},
};
use knipperlicht_harness::{Token, WithToken, eventually};
use knipperlicht_vocabulary::{ErasureReason, Step};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

/// Somebody who calls.
#[derive(Clone)]
pub struct Caller {
    channel: Channel,
    token: Token,
}

impl Caller {
    /// Somebody with this token, or none.
    #[must_use]
    pub fn new(channel: Channel, token: Option<&str>) -> Self {
        let token = token.map(|token| Token::bearer(token).expect("a token"));
        Self {
            channel,
            token: token.unwrap_or_default(),
        }
    }

    /// The channel with the token.
    #[must_use]
    pub fn with_token(&self) -> WithToken {
        InterceptedService::new(self.channel.clone(), self.token.clone())
    }

    /// A client of intake.
    #[must_use]
    pub fn intake(&self) -> IntakeServiceClient<WithToken> {
        IntakeServiceClient::new(self.with_token())
    }

    /// A client of assessment.
    #[must_use]
    pub fn assessment(&self) -> AssessmentServiceClient<WithToken> {
        AssessmentServiceClient::new(self.with_token())
    }

    /// A client of routing.
    #[must_use]
    pub fn routing(&self) -> RoutingServiceClient<WithToken> {
        RoutingServiceClient::new(self.with_token())
    }

    /// A client of follow-up.
    #[must_use]
    pub fn followup(&self) -> FollowupServiceClient<WithToken> {
        FollowupServiceClient::new(self.with_token())
    }

    /// A client of notification.
    #[must_use]
    pub fn notification(&self) -> NotificationServiceClient<WithToken> {
        NotificationServiceClient::new(self.with_token())
    }
}

/// A reporter.
#[derive(Clone)]
pub struct ReporterPhone(pub Caller);

impl ReporterPhone {
    pub(crate) const fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// Sends a signal.
    pub async fn send(&self, signal: intake::Signal) -> Result<intake::Receipt, Status> {
        let request = intake::SubmitSignalRequest {
            signal: Some(signal),
        };
        let response = self.0.intake().submit_signal(request).await?;
        Ok(response.into_inner().receipt.expect("a receipt"))
    }

    /// A signal and its way.
    pub async fn signal(&self, id: &str) -> intake::SignalStatus {
        let request = intake::GetSignalRequest {
            signal_id: id.to_owned(),
        };
        let response = self
            .0
            .intake()
            .get_signal(request)
            .await
            .expect("the signal");
        response.into_inner().signal.expect("a signal")
    }

    /// Says that the app showed these steps.
    pub async fn has_seen(
        &self,
        id: &str,
        seen: &[intake::Progress],
    ) -> Result<intake::SignalStatus, Status> {
        let request = intake::MarkSeenRequest {
            signal_id: id.to_owned(),
            seen: seen.to_vec(),
        };
        let marked = self.0.intake().mark_seen(request).await?;
        Ok(marked.into_inner().signal.expect("a signal"))
    }

    /// The steps that were told of a signal, in order.
    pub async fn steps(&self, id: &str) -> Vec<Step> {
        let told = self.signal(id).await.progress;
        told.iter()
            .map(|taken| Step::try_from(taken.step).expect("a step"))
            .collect()
    }

    /// Waits until the signal has taken this step.
    pub async fn sees(&self, id: &str, step: Step) -> intake::SignalStatus {
        eventually(step.code(), async || {
            let signal = self.signal(id).await;
            signal
                .progress
                .iter()
                .any(|taken| taken.step == step.number())
                .then_some(signal)
        })
        .await
    }
}

/// A partner.
#[derive(Clone)]
pub struct PartnerDesk(pub Caller);

impl PartnerDesk {
    pub(crate) const fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// The open referrals.
    pub async fn inbox(&self) -> Vec<routing::Referral> {
        let request = routing::ListReferralsRequest {
            open_only: true,
            ..Default::default()
        };
        self.0
            .routing()
            .list_referrals(request)
            .await
            .expect("the inbox")
            .into_inner()
            .referrals
    }

    /// The referral of this situation, once it is there.
    pub async fn receives(&self, situation: &str) -> routing::Referral {
        eventually("a referral", async || {
            self.inbox()
                .await
                .into_iter()
                .find(|referral| referral.situation_id == situation)
        })
        .await
    }

    /// Accepts.
    pub async fn accept(&self, referral: &str) -> Result<routing::Referral, Status> {
        let request = routing::AcceptRequest {
            referral_id: referral.to_owned(),
        };
        Ok(self
            .0
            .routing()
            .accept(request)
            .await?
            .into_inner()
            .referral
            .expect("a referral"))
    }

    /// Declines.
    pub async fn decline(
        &self,
        referral: &str,
        reason: knipperlicht_vocabulary::DeclineReason,
    ) -> Result<routing::Referral, Status> {
        let request = routing::DeclineRequest {
            referral_id: referral.to_owned(),
            reason: reason.number(),
        };
        Ok(self
            .0
            .routing()
            .decline(request)
            .await?
            .into_inner()
            .referral
            .expect("a referral"))
    }

    /// The follow-up of this situation, once it is there.
    pub async fn task_of(&self, situation: &str) -> followup::Task {
        eventually("a task", async || {
            let request = followup::ListTasksRequest::default();
            let tasks = self
                .0
                .followup()
                .list_tasks(request)
                .await
                .expect("tasks")
                .into_inner()
                .tasks;
            tasks
                .into_iter()
                .find(|task| task.situation_id == situation)
        })
        .await
    }
}

/// A coordinator.
#[derive(Clone)]
pub struct CoordinatorDesk(pub Caller);

impl CoordinatorDesk {
    pub(crate) const fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// The open referral of this situation, once it is there.
    pub async fn referral_of(&self, situation: &str) -> routing::Referral {
        eventually("an open referral", async || {
            self.referrals()
                .await
                .into_iter()
                .find(|referral| referral.situation_id == situation)
        })
        .await
    }

    /// The open referrals of the zones.
    pub async fn referrals(&self) -> Vec<routing::Referral> {
        self.list(true).await
    }

    /// All referrals of this situation, however they stand.
    pub async fn referrals_of(&self, situation: &str) -> Vec<routing::Referral> {
        let mut referrals = self.list(false).await;
        referrals.retain(|referral| referral.situation_id == situation);
        referrals
    }

    async fn list(&self, open_only: bool) -> Vec<routing::Referral> {
        let request = routing::ListReferralsRequest {
            open_only,
            page_size: 200,
            ..Default::default()
        };
        self.0
            .routing()
            .list_referrals(request)
            .await
            .expect("referrals")
            .into_inner()
            .referrals
    }

    /// The open items of the zones.
    pub async fn items(&self) -> Vec<routing::Item> {
        let request = routing::ListItemsRequest {};
        self.0
            .routing()
            .list_items(request)
            .await
            .expect("items")
            .into_inner()
            .items
    }

    /// The open loops of the zones.
    pub async fn open_loops(&self) -> Vec<followup::OpenLoop> {
        let request = followup::ListOpenLoopsRequest {};
        self.0
            .followup()
            .list_open_loops(request)
            .await
            .expect("loops")
            .into_inner()
            .loops
    }

    /// Forgets a situation.
    pub async fn erases(&self, situation: &str) -> Result<intake::EraseSituationResponse, Status> {
        let request = intake::EraseSituationRequest {
            situation_id: situation.to_owned(),
            reason: ErasureReason::ConsentWithdrawn.number(),
        };
        let erased = self.0.intake().erase_situation(request).await?;
        Ok(erased.into_inner())
    }

    /// What the reporters of a situation were told.
    pub async fn told(&self, situation: &str) -> Vec<intake::ToldReporter> {
        let request = intake::ListToldRequest {
            situation_id: situation.to_owned(),
        };
        let told = self.0.intake().list_told(request).await;
        told.expect("what was told").into_inner().reporters
    }

    /// What the story of a situation tells of events of one type.
    pub async fn told_of(&self, situation: &str, event: &str) -> Vec<followup::TimelineEntry> {
        let mut entries = self.timeline(situation).await;
        entries.retain(|entry| entry.r#type == event);
        entries
    }

    /// One situation's story, as far as follow-up has heard of it.
    pub async fn timeline(&self, situation: &str) -> Vec<followup::TimelineEntry> {
        let request = followup::GetTimelineRequest {
            situation_id: situation.to_owned(),
        };
        let told = self.0.followup().get_timeline(request).await;
        told.map_or_else(|_| Vec::new(), |told| told.into_inner().entries)
    }
}
