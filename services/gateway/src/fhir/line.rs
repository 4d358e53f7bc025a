//! The services, asked in the name of whoever calls. What they may see and do is for the services to
//! say; here nothing is kept and nothing is decided.

use std::time::Duration;

use http::HeaderMap;
use knipperlicht_contracts::{
    assessment::v1::{self as assessment, assessment_service_client::AssessmentServiceClient},
    followup::v1::{self as followup, followup_service_client::FollowupServiceClient},
    intake::v1::{self as intake, intake_service_client::IntakeServiceClient},
    routing::v1::{self as routing, routing_service_client::RoutingServiceClient},
};
use knipperlicht_vocabulary::ReferralState;
use tonic::{Request, Status, metadata::MetadataMap};

use super::{
    outcome::Refusal,
    referral::{self, Asked},
};
use crate::{fault::Fault, upstream::Upstreams, way::Way};

/// How long a service may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// As many as a list of the services gives at once.
const PAGE: i32 = 200;

/// So many pages are read at most: further, whoever asks reads page by page itself.
const MOST_PAGES: usize = 50;

/// The services, in the name of a caller.
#[derive(Debug, Clone)]
pub(super) struct Line {
    told: HeaderMap,
    intake: Way,
    assessment: Way,
    routing: Way,
    followup: Way,
}

impl Line {
    pub(super) fn new(upstreams: &Upstreams, told: HeaderMap) -> Result<Self, Fault> {
        let to = |package: &str| {
            let way = upstreams.of_package(package).cloned();
            way.ok_or(Fault::ServiceAway)
        };
        Ok(Self {
            told,
            intake: to("knipperlicht.intake.v1")?,
            assessment: to("knipperlicht.assessment.v1")?,
            routing: to("knipperlicht.routing.v1")?,
            followup: to("knipperlicht.followup.v1")?,
        })
    }

    /// A call with what the service is told of who makes it.
    pub(super) fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(self.told.clone());
        request.set_timeout(DEADLINE);
        request
    }

    pub(super) fn intake(&self) -> IntakeServiceClient<Way> {
        IntakeServiceClient::new(self.intake.clone())
    }

    pub(super) fn assessment(&self) -> AssessmentServiceClient<Way> {
        AssessmentServiceClient::new(self.assessment.clone())
    }

    pub(super) fn routing(&self) -> RoutingServiceClient<Way> {
        RoutingServiceClient::new(self.routing.clone())
    }

    pub(super) fn followup(&self) -> FollowupServiceClient<Way> {
        FollowupServiceClient::new(self.followup.clone())
    }

    /// One signal of the caller's.
    pub(super) async fn signal(&self, id: &str) -> Result<intake::SignalStatus, Status> {
        let asked = intake::GetSignalRequest {
            signal_id: id.to_owned(),
        };
        let answer = self.intake().get_signal(self.ask(asked)).await?;
        let signal = answer.into_inner().signal;
        signal.ok_or_else(|| Status::internal("no signal in the answer"))
    }

    /// The caller's signals.
    pub(super) async fn signals(&self) -> Result<Vec<intake::SignalStatus>, Refusal> {
        let mut signals = Vec::new();
        let mut asked = intake::ListMySignalsRequest {
            page_size: PAGE,
            page_token: String::new(),
        };
        for _ in 0..MOST_PAGES {
            let page = self.intake().list_my_signals(self.ask(asked.clone())).await;
            let page = page?.into_inner();
            signals.extend(page.signals);
            if page.next_page_token.is_empty() {
                return Ok(signals);
            }
            asked.page_token = page.next_page_token;
        }
        Err(Refusal::too_much())
    }

    /// The caller's referrals with their follow-ups.
    pub(super) async fn asked(&self) -> Result<Vec<Asked>, Refusal> {
        let mut asked = Vec::new();
        let mut page = routing::ListReferralsRequest {
            page_size: PAGE,
            ..Default::default()
        };
        for _ in 0..MOST_PAGES {
            let (found, next) = self.asked_by(page.clone()).await?;
            asked.extend(found);
            if next.is_empty() {
                return Ok(asked);
            }
            page.page_token = next;
        }
        Err(Refusal::too_much())
    }

    /// One of them, where it is.
    pub(super) async fn asked_one(&self, id: &str) -> Result<Option<Asked>, Refusal> {
        let this_one = routing::ListReferralsRequest {
            referral_ids: vec![id.to_owned()],
            ..Default::default()
        };
        let (mut found, _) = self.asked_by(this_one).await?;
        Ok(found.pop())
    }

    /// A page of them, and where the next one begins.
    async fn asked_by(
        &self,
        page: routing::ListReferralsRequest,
    ) -> Result<(Vec<Asked>, String), Refusal> {
        let page = self.routing().list_referrals(self.ask(page)).await?;
        let routing::ListReferralsResponse {
            referrals,
            next_page_token,
        } = page.into_inner();
        let tasks = self.tasks_of(&referrals).await?;
        Ok((referral::join(referrals, tasks), next_page_token))
    }

    /// The follow-ups of referrals. What was not accepted when it was read has none, though it may have
    /// been since: told with half of what it is now, it would not be told again when it changed.
    async fn tasks_of(
        &self,
        referrals: &[routing::Referral],
    ) -> Result<Vec<followup::Task>, Status> {
        let waiting = [ReferralState::Requested, ReferralState::Held].map(ReferralState::number);
        let answered = referrals.iter().filter(|one| !waiting.contains(&one.state));
        let asked = followup::ListTasksRequest {
            open_only: false,
            referral_ids: answered.map(|one| one.referral_id.clone()).collect(),
        };
        // Without any it would be asked for all.
        if asked.referral_ids.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.followup().list_tasks(self.ask(asked)).await?;
        Ok(answer.into_inner().tasks)
    }

    /// What happened in a situation.
    pub(super) async fn story(
        &self,
        situation: &str,
    ) -> Result<followup::GetTimelineResponse, Status> {
        let asked = followup::GetTimelineRequest {
            situation_id: situation.to_owned(),
        };
        let answer = self.followup().get_timeline(self.ask(asked)).await?;
        Ok(answer.into_inner())
    }

    /// How a situation was judged.
    pub(super) async fn judgements(
        &self,
        situation: &str,
    ) -> Result<assessment::ListAssessmentsResponse, Status> {
        let asked = assessment::ListAssessmentsRequest {
            situation_id: situation.to_owned(),
        };
        let answer = self.assessment().list_assessments(self.ask(asked)).await?;
        Ok(answer.into_inner())
    }

    /// The catalogue of instruments.
    pub(super) async fn instruments(
        &self,
        language: i32,
    ) -> Result<assessment::ListInstrumentsResponse, Status> {
        let asked = assessment::ListInstrumentsRequest { language };
        let answer = self.assessment().list_instruments(self.ask(asked)).await?;
        Ok(answer.into_inner())
    }
}

/// Of two lists, those that the caller may ask for: a reporter has signals, a desk has referrals.
/// Refused by both, it is refused.
pub(super) fn either<T>(
    one: Result<Vec<T>, Refusal>,
    other: Result<Vec<T>, Refusal>,
) -> Result<Vec<T>, Refusal> {
    match (one, other) {
        (Ok(mut one), Ok(other)) => {
            one.extend(other);
            Ok(one)
        }
        (Ok(one), Err(refused)) | (Err(refused), Ok(one)) if refused.is_forbidden() => Ok(one),
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
    }
}
