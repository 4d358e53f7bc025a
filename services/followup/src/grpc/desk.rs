//! What partners and coordinators do to a follow-up.

use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::{
    events::v1 as events,
    followup::v1::{
        CloseLoopRequest, CloseLoopResponse, CompleteRequest, CompleteResponse,
        RecordContactRequest, RecordContactResponse, RecordVisitRequest, RecordVisitResponse,
        ReopenRequest, ReopenResponse, ScheduleRequest, ScheduleResponse,
    },
    from_proto,
};
use knipperlicht_vocabulary::{Actor, ContactChannel, ContactResult, OutcomeReason};

use super::{
    FollowupCalls, wire,
    work::{Moved, Work},
};
use crate::{
    error::FollowupError,
    model::{
        Action, ActionKind, Attempt, Outcome, PlannedVisit, State, Task, Timeliness, VisitResult,
        may_be_unreachable,
    },
    store::contacts::{self, Contact},
};

impl FollowupCalls {
    pub(super) async fn contacted(
        &self,
        principal: &Principal,
        request: &RecordContactRequest,
    ) -> Result<RecordContactResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;
        let channel: ContactChannel = wire::code("channel", request.channel)?;
        let result: ContactResult = wire::code("result", request.result)?;
        let contact = Contact {
            id: wire::optional_id("contact_id", &request.contact_id)?,
            task: task_id,
            channel,
            result,
        };

        let mut work = Work::begin(self, principal, task_id).await?;
        let now = work.now();
        if !contacts::record(work.connection(), now, &contact).await? {
            let task = work.finish().await?;
            return Ok(RecordContactResponse { task: Some(task) });
        }
        work.act(Action::Contact(result)).await?;
        work.say(events::ContactRecorded {
            task_id: task_id.to_string(),
            channel: channel.number(),
            result: result.number(),
            organisation_id: work.task().organisation.to_string(),
        })
        .await?;
        let task = work.finish().await?;
        Ok(RecordContactResponse { task: Some(task) })
    }

    pub(super) async fn scheduled(
        &self,
        principal: &Principal,
        request: &ScheduleRequest,
    ) -> Result<ScheduleResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;
        let visit_at = request
            .visit_at
            .ok_or(FollowupError::Missing { field: "visit_at" })?;
        let visit = PlannedVisit::new(from_proto(visit_at)?, self.kit.environment.now())?;

        let mut work = Work::begin(self, principal, task_id).await?;
        if work.act(Action::Schedule(visit)).await? == Moved::Yes {
            let task = work.task();
            let said = events::VisitPlanned {
                task_id: task.id.to_string(),
                referral_id: task.referral.to_string(),
                organisation_id: task.organisation.to_string(),
                visit_at: Some(visit_at),
            };
            work.say(said).await?;
        }
        let task = work.finish().await?;
        Ok(ScheduleResponse { task: Some(task) })
    }

    pub(super) async fn visited(
        &self,
        principal: &Principal,
        request: &RecordVisitRequest,
    ) -> Result<RecordVisitResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;
        let visit = wire::visit(request.visit)?;

        let mut work = Work::begin(self, principal, task_id).await?;
        if work.act(Action::Visit(visit)).await? == Moved::Yes {
            let task = work.task();
            let said = events::VisitEnded {
                task_id: task.id.to_string(),
                referral_id: task.referral.to_string(),
                organisation_id: task.organisation.to_string(),
                seen: visit == VisitResult::Seen,
            };
            work.say(said).await?;
        }
        let task = work.finish().await?;
        Ok(RecordVisitResponse { task: Some(task) })
    }

    pub(super) async fn completed(
        &self,
        principal: &Principal,
        request: &CompleteRequest,
    ) -> Result<CompleteResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;
        let result = wire::code("result", request.result)?;
        let reason = wire::optional_code("reason", request.reason)?;
        let outcome = Outcome::new(result, reason)?;

        let mut work = Work::begin(self, principal, task_id).await?;
        if outcome.reason() == Some(OutcomeReason::Unreachable) && work.task().state.is_open() {
            let attempts = contacts::attempts(work.connection(), task_id).await?;
            let attempts: Vec<Attempt> = attempts
                .into_iter()
                .map(|(at, result)| Attempt {
                    day: self.kit.environment.day_of(at),
                    result,
                })
                .collect();
            may_be_unreachable(&attempts)?;
        }
        let timeliness = work.timeliness().await?;
        let moved = work.act(Action::Complete(outcome, timeliness)).await?;
        if moved == Moved::Yes {
            let said = completed(work.task(), outcome, timeliness);
            work.say(said).await?;
        }
        let task = work.finish().await?;
        Ok(CompleteResponse { task: Some(task) })
    }

    pub(super) async fn reopened(
        &self,
        principal: &Principal,
        request: &ReopenRequest,
    ) -> Result<ReopenResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;

        let mut work = Work::begin(self, principal, task_id).await?;
        work.act(Action::Reopen).await?;
        let said = events::SituationReopened {
            task_id: task_id.to_string(),
            referral_id: work.task().referral.to_string(),
            by_carer: false,
            by_reporter: false,
            by: match principal.role {
                Role::Partner => Actor::Partner.number(),
                _ => Actor::Coordinator.number(),
            },
        };
        work.say(said).await?;
        work.note(principal, "followup.reopened");
        let task = work.finish().await?;
        Ok(ReopenResponse { task: Some(task) })
    }

    /// The carer was asked and is silent: a coordinator lets it rest.
    pub(super) async fn loop_closed(
        &self,
        principal: &Principal,
        request: &CloseLoopRequest,
    ) -> Result<CloseLoopResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;

        let mut work = Work::begin(self, principal, task_id).await?;
        match work.task().state {
            State::AtRest { .. } => {}
            State::Completed { .. } => {
                let silence = work.silence().await?;
                work.act(Action::LetRest(silence)).await?;
                let said = events::LoopClosed {
                    task_id: task_id.to_string(),
                    referral_id: work.task().referral.to_string(),
                };
                work.say(said).await?;
                work.note(principal, "loop.closed");
            }
            elsewhere => return Err(elsewhere.refusal(ActionKind::LetRest).into()),
        }
        let task = work.finish().await?;
        Ok(CloseLoopResponse { task: Some(task) })
    }
}

fn completed(task: &Task, outcome: Outcome, timeliness: Timeliness) -> events::FollowUpCompleted {
    events::FollowUpCompleted {
        task_id: task.id.to_string(),
        referral_id: task.referral.to_string(),
        result: outcome.result().number(),
        reason: outcome.reason().map_or(0, OutcomeReason::number),
        late: timeliness.is_late(),
    }
}
