//! What partners do who accepted, and what carers say of it.

use std::collections::HashMap;

use knipperlicht_contracts::{
    events::v1::CarerState,
    followup::v1::{self as followup, followup_service_client::FollowupServiceClient},
};
use knipperlicht_vocabulary::{ContactChannel, ContactResult, OutcomeReason, Urgency};
use tonic::Status;

use super::{Play, YearsError, bear, bear_with, course::Deed, together};
use crate::{
    cli::Line,
    dev::{
        DevError,
        years::plan::{Confirmation, Moment},
    },
};

/// Days from the end until the carer is asked, and until a coordinator decides without an answer: as
/// follow-up's rule has it (`AskingRule`).
const ASKED_AFTER: i32 = 28;
const DECIDED_AFTER: i32 = 28 + 14 + 14;

/// Referrals whose tasks are asked for at once, at most.
const AT_ONCE: usize = 200;

/// Days a coordinator takes for that.
const COORDINATOR_TAKES: i32 = 2;

/// What comes of a deed.
#[derive(Debug, Clone, Copy)]
enum Came {
    /// Time has overtaken it: a carer who withdrew, a clock that ran out.
    Nothing,
    /// Nobody answered the phone.
    Missed,
    /// The carer was reached.
    Reached,
    /// The partner is done.
    Completed,
    /// The carer does not find that it helped.
    Reopened,
}

impl Play<'_> {
    /// What of these is about follow-ups. Nobody has to hear of it before something else is done: the
    /// promises are kept where it is written.
    pub(super) async fn help(&mut self, deeds: &[Deed], now: Moment) -> Result<(), DevError> {
        self.find_tasks(deeds).await?;
        let mut calls = Vec::new();
        for deed in deeds {
            let (Deed::Call(number)
            | Deed::Complete(number)
            | Deed::Confirm(number)
            | Deed::Close(number)) = *deed
            else {
                continue;
            };
            let follow_up = &self.follow_ups[number];
            if follow_up.task_id.is_empty() {
                continue;
            }
            let course = &self.courses[follow_up.course];
            let (help, confirms) = (course.story.help, course.story.confirms);
            // Whoever cannot wait is called until they answer.
            let is_missed =
                follow_up.missed_calls < help.missed_calls && follow_up.urgency < Urgency::Urgent;
            let is_reopened = follow_up.is_reopened;
            let task_id = follow_up.task_id.clone();
            let zone = course.story.zone.clone();
            let mut desk = FollowupServiceClient::new(self.callers.desk(&follow_up.organisation)?);
            let coordinator = FollowupServiceClient::new(self.callers.coordinator(&[zone])?);
            let carer = FollowupServiceClient::new(self.callers.carer()?);
            calls.push(async move {
                let came = match deed {
                    Deed::Call(_) => call(&mut desk, task_id, is_missed).await?,
                    Deed::Complete(_) => {
                        let request = followup::CompleteRequest {
                            task_id,
                            result: help.result.number(),
                            reason: help.reason.map_or(0, OutcomeReason::number),
                        };
                        let done = bear(desk.complete(request).await)?;
                        if done { Came::Completed } else { Came::Nothing }
                    }
                    Deed::Confirm(_) => match confirms {
                        Some(said) => {
                            let helped = said.helped || is_reopened;
                            let said = Confirmation { helped, ..said };
                            confirm(desk, carer, task_id, said).await?
                        }
                        None => Came::Nothing,
                    },
                    _ => close(coordinator, task_id).await?,
                };
                Ok((number, came))
            });
        }
        for (number, came) in together(calls).await? {
            self.came(number, came, now);
        }
        Ok(())
    }

    /// What follows.
    fn came(&mut self, number: usize, came: Came, now: Moment) {
        let follow_up = &mut self.follow_ups[number];
        let story = &self.courses[follow_up.course].story;
        let (days, deed) = match came {
            Came::Nothing => return,
            Came::Missed => {
                follow_up.missed_calls += 1;
                (1, Deed::Call(number))
            }
            Came::Reached => (story.help.completed_after, Deed::Complete(number)),
            Came::Completed => match story.confirms {
                Some(Confirmation { after, .. }) => (ASKED_AFTER + after, Deed::Confirm(number)),
                None => (DECIDED_AFTER + COORDINATOR_TAKES, Deed::Close(number)),
            },
            Came::Reopened => {
                follow_up.is_reopened = true;
                (1, Deed::Call(number))
            }
        };
        self.agenda.add(now.working_after(days), deed);
    }

    /// Follow-up tells which task is whose.
    async fn find_tasks(&mut self, deeds: &[Deed]) -> Result<(), DevError> {
        let mut wanted = HashMap::new();
        for deed in deeds {
            if let Deed::Call(number) = *deed
                && self.follow_ups[number].task_id.is_empty()
            {
                wanted.insert(self.follow_ups[number].referral_id.clone(), number);
            }
        }
        let line = self.callers.coordinator(&self.zones)?;
        let mut desk = FollowupServiceClient::new(line);
        let referrals: Vec<String> = wanted.keys().cloned().collect();
        for some in referrals.chunks(AT_ONCE) {
            let request = followup::ListTasksRequest {
                open_only: true,
                referral_ids: some.to_vec(),
            };
            let listed = desk.list_tasks(request).await;
            for task in listed.map_err(YearsError::from)?.into_inner().tasks {
                if let Some(number) = wanted.get(&task.referral_id) {
                    self.follow_ups[*number].task_id = task.task_id;
                }
            }
        }
        Ok(())
    }
}

async fn call(
    desk: &mut FollowupServiceClient<Line>,
    task_id: String,
    is_missed: bool,
) -> Result<Came, Status> {
    let (result, came) = if is_missed {
        (ContactResult::NoAnswer, Came::Missed)
    } else {
        (ContactResult::Reached, Came::Reached)
    };
    let request = followup::RecordContactRequest {
        task_id,
        channel: ContactChannel::Phone.number(),
        result: result.number(),
        contact_id: String::new(),
    };
    let done = bear(desk.record_contact(request).await)?;
    Ok(if done { came } else { Came::Nothing })
}

async fn confirm(
    mut desk: FollowupServiceClient<Line>,
    mut carer: FollowupServiceClient<Line>,
    task_id: String,
    said: Confirmation,
) -> Result<Came, Status> {
    let request = followup::IssueCarerLinkRequest {
        task_id,
        ..Default::default()
    };
    let Some(link) = bear_with(desk.issue_carer_link(request).await)? else {
        return Ok(Came::Nothing);
    };
    let answer = if said.helped {
        followup::Answer::Helped
    } else {
        followup::Answer::NotHelped
    };
    let request = followup::ConfirmOutcomeRequest {
        token: link.token,
        answer: answer.into(),
        how_are_you: Some(CarerState {
            perseverance: said.perseverance.number(),
            quality_of_life: None,
        }),
    };
    let confirmed = bear_with(carer.confirm_outcome(request).await)?;
    let reopened = confirmed.is_some_and(|confirmed| confirmed.reopened);
    Ok(if reopened {
        Came::Reopened
    } else {
        Came::Nothing
    })
}

async fn close(
    mut coordinator: FollowupServiceClient<Line>,
    task_id: String,
) -> Result<Came, Status> {
    let request = followup::CloseLoopRequest { task_id };
    bear(coordinator.close_loop(request).await)?;
    Ok(Came::Nothing)
}
