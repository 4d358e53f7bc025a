//! The invented years, day by day.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Weekday},
};
use knipperlicht_access::DevIssuer;
use knipperlicht_contracts::{
    events::v1::CarerState,
    followup::v1::{self as followup, followup_service_client::FollowupServiceClient},
    intake::v1 as intake,
    routing::v1::{self as routing, routing_service_client::RoutingServiceClient},
    to_proto,
};
use knipperlicht_runtime::MovableClock;
use knipperlicht_vocabulary::{
    Consent, ContactChannel, ContactResult, Environment, FollowUpState, ItemKind, OutcomeReason,
    SignalId, ZoneId,
};
use knipperlicht_zones::ZoneTable;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};

use super::{
    YearsError,
    desk::Callers,
    morning_of,
    plan::{Reply, Story, is_weekend},
};
use crate::{dev::DevError, ops::Ledgers};

/// The most that a call takes or gives.
const BATCH: usize = 100;
const PAGE: i32 = 200;

/// How long a coordinator leaves something, at least.
const UNDECIDED: SignedDuration = SignedDuration::from_hours(4 * 24);

/// Far longer than a day's events take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The years under way.
pub(super) struct Play {
    callers: Callers,
    ledgers: Ledgers,
    environment: Environment,
    zones: Vec<ZoneId>,
    courses: HashMap<String, Course>,
    /// In each zone, the service that accepted last.
    helpful: HashMap<String, String>,
}

/// How far one story got.
struct Course {
    story: Story,
    signal_id: String,
    /// The referral that was asked last, and how many were.
    referral_id: String,
    asked: usize,
    asked_on: Date,
    accepted_on: Option<Date>,
    missed_calls: u32,
    is_confirmed: bool,
}

impl Course {
    fn reply(&self) -> Option<Reply> {
        let answers = &self.story.answers;
        answers
            .get(self.asked.max(1) - 1)
            .or(answers.last())
            .copied()
    }

    fn since_accepted(&self, today: Date) -> Option<i32> {
        Some(days(self.accepted_on?, today))
    }
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

impl Play {
    pub(super) fn new(
        address: SocketAddr,
        issuer: DevIssuer,
        ledgers: Ledgers,
        environment: Environment,
        zones: &ZoneTable,
    ) -> Result<Self, YearsError> {
        Ok(Self {
            callers: Callers::new(address, issuer, environment.clone())?,
            ledgers,
            environment,
            zones: zones.zones().map(|zone| zone.id.clone()).collect(),
            courses: HashMap::new(),
            helpful: HashMap::new(),
        })
    }

    /// Lives through these stories; `clock` ends where the real one stands.
    pub(super) async fn through(
        &mut self,
        stories: Vec<Story>,
        clock: &MovableClock,
        until: Timestamp,
    ) -> Result<(), DevError> {
        let Some(first) = stories.first().map(|story| story.day) else {
            return Ok(());
        };
        let bar = bar(stories.len());
        let mut stories = stories.into_iter().peekable();
        let mut day = first;
        loop {
            let morning = morning_of(&self.environment, day);
            if morning > until {
                break;
            }
            clock.set(morning);
            let mut today = Vec::new();
            while let Some(story) = stories.next_if(|story| story.day <= day) {
                today.push(story);
            }
            bar.inc(u64::try_from(today.len()).unwrap_or_default());
            self.flag(today).await?;
            self.agree(day).await?;
            self.settle().await?;
            if !is_weekend(day) {
                self.answer(day).await?;
                self.help(day).await?;
                if day.weekday() == Weekday::Monday {
                    self.decide().await?;
                }
                self.settle().await?;
            }
            let Ok(tomorrow) = day.tomorrow() else { break };
            day = tomorrow;
        }
        clock.set(until);
        self.settle().await?;
        bar.finish_and_clear();
        Ok(())
    }

    async fn flag(&mut self, stories: Vec<Story>) -> Result<(), DevError> {
        let mut by_reporter: HashMap<String, Vec<(Story, intake::Signal)>> = HashMap::new();
        for story in stories {
            let signal = signal_of(&story, &self.environment);
            let theirs = by_reporter.entry(story.reporter.clone()).or_default();
            theirs.push((story, signal));
        }
        for (reporter, theirs) in by_reporter {
            for batch in theirs.chunks(BATCH) {
                let request = intake::SubmitSignalsRequest {
                    signals: batch.iter().map(|(_, signal)| signal.clone()).collect(),
                };
                let mut phone = self.callers.reporter(&reporter)?;
                let sent = phone
                    .submit_signals(request)
                    .await
                    .map_err(YearsError::from)?;
                for ((story, _), result) in batch.iter().zip(sent.into_inner().results) {
                    self.remember(story, result);
                }
            }
        }
        Ok(())
    }

    fn remember(&mut self, story: &Story, result: intake::SubmitSignalResult) {
        let Some(intake::submit_signal_result::Result::Receipt(receipt)) = result.result else {
            return;
        };
        let course = Course {
            story: story.clone(),
            signal_id: receipt.signal_id,
            referral_id: String::new(),
            asked: 0,
            asked_on: story.day,
            accepted_on: None,
            missed_calls: 0,
            is_confirmed: false,
        };
        self.courses.insert(receipt.situation_id, course);
    }

    /// Those who were not asked, and agree today.
    async fn agree(&mut self, today: Date) -> Result<(), DevError> {
        let agreeing: Vec<(String, String)> = self
            .courses
            .values()
            .filter(|course| {
                let story = &course.story;
                story.agrees_after == Some(days(story.day, today))
            })
            .map(|course| (course.story.reporter.clone(), course.signal_id.clone()))
            .collect();
        for (reporter, signal_id) in agreeing {
            let request = intake::SetConsentRequest {
                signal_id,
                consent: Consent::Given.number(),
                vital_interest_reason: String::new(),
            };
            let mut phone = self.callers.reporter(&reporter)?;
            bear(phone.set_consent(request).await)?;
        }
        Ok(())
    }

    /// What partners answer today.
    async fn answer(&mut self, today: Date) -> Result<(), DevError> {
        for referral in self.open_referrals().await? {
            let Some(course) = self.courses.get_mut(&referral.situation_id) else {
                continue;
            };
            if course.referral_id != referral.referral_id {
                course.referral_id.clone_from(&referral.referral_id);
                course.asked += 1;
                course.asked_on = today;
            }
            let waited = days(course.asked_on, today);
            let Some(reply) = course.reply() else {
                continue;
            };
            let service = referral.service.unwrap_or_default();
            let organisation = service.organisation_id;
            let mut desk = self.callers.routing_of(&organisation)?;
            let referral_id = referral.referral_id;
            match reply {
                Reply::Accept(after) if waited >= after => {
                    let request = routing::AcceptRequest { referral_id };
                    if bear(desk.accept(request).await)? {
                        course.accepted_on = Some(today);
                        self.helpful.insert(referral.zone_id, service.service_id);
                    }
                }
                Reply::Decline(after, reason) if waited >= after => {
                    let request = routing::DeclineRequest {
                        referral_id,
                        reason: reason.number(),
                    };
                    bear(desk.decline(request).await)?;
                }
                Reply::Accept(_) | Reply::Decline(..) | Reply::Silence => {}
            }
        }
        Ok(())
    }

    /// What those who accepted do today, and what carers answer.
    async fn help(&mut self, today: Date) -> Result<(), DevError> {
        for task in self.open_tasks().await? {
            let Some(course) = self.courses.get_mut(&task.situation_id) else {
                continue;
            };
            let since = course.since_accepted(today).unwrap_or_default();
            let mut desk = self.callers.followup_of(&task.organisation_id)?;
            if let Some(question) = task.carer_question {
                if question.with_coordinator {
                    let request = followup::CloseLoopRequest {
                        task_id: task.task_id,
                    };
                    let line = self.callers.coordinator(&self.zones)?;
                    bear(FollowupServiceClient::new(line).close_loop(request).await)?;
                } else if !course.is_confirmed {
                    course.is_confirmed = true;
                    let mut carer = self.callers.carer()?;
                    confirm(&mut desk, &mut carer, &task.task_id, &course.story).await?;
                }
                continue;
            }
            match FollowUpState::try_from(task.state) {
                Ok(FollowUpState::Open | FollowUpState::ContactAttempted)
                    if since >= course.story.reached_after =>
                {
                    call(&mut desk, task.task_id, course).await?;
                }
                Ok(FollowUpState::Contacted | FollowUpState::Reopened)
                    if course
                        .story
                        .completed_after
                        .is_some_and(|after| since >= after) =>
                {
                    let request = followup::CompleteRequest {
                        task_id: task.task_id,
                        result: course.story.result.number(),
                        reason: course.story.reason.map_or(0, OutcomeReason::number),
                    };
                    bear(desk.complete(request).await)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a coordinator decides where no rule could: whoever helped last in the zone is asked. Something
    /// is always left to look at.
    async fn decide(&mut self) -> Result<(), DevError> {
        let line = self.callers.coordinator(&self.zones)?;
        let mut desk = RoutingServiceClient::new(line);
        let listed = desk.list_items(routing::ListItemsRequest {}).await;
        let before = self.environment.now() - UNDECIDED;
        for item in listed.map_err(YearsError::from)?.into_inner().items {
            let undecided = matches!(
                ItemKind::try_from(item.kind),
                Ok(ItemKind::NoCandidate | ItemKind::AllDeclined | ItemKind::ClockBreached)
            );
            let course = self.courses.get(&item.situation_id);
            if course.is_none_or(|course| course.story.consent != Consent::Given) {
                continue;
            }
            let is_old = item
                .opened_at
                .is_some_and(|at| at.seconds < before.as_second());
            let Some(service_id) = self.helpful.get(&item.zone_id) else {
                continue;
            };
            if undecided && is_old {
                let request = routing::AssignRequest {
                    item_id: item.item_id,
                    service_id: service_id.clone(),
                };
                bear(desk.assign(request).await)?;
            }
        }
        Ok(())
    }

    async fn open_referrals(&mut self) -> Result<Vec<routing::Referral>, DevError> {
        let line = self.callers.coordinator(&self.zones)?;
        let mut desk = RoutingServiceClient::new(line);
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = routing::ListReferralsRequest {
                open_only: true,
                page_size: PAGE,
                page_token,
                ..Default::default()
            };
            let page = desk
                .list_referrals(request)
                .await
                .map_err(YearsError::from)?;
            let page = page.into_inner();
            all.extend(page.referrals);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    async fn open_tasks(&mut self) -> Result<Vec<followup::Task>, DevError> {
        let line = self.callers.coordinator(&self.zones)?;
        let request = followup::ListTasksRequest {
            open_only: true,
            ..Default::default()
        };
        let listed = FollowupServiceClient::new(line).list_tasks(request).await;
        Ok(listed.map_err(YearsError::from)?.into_inner().tasks)
    }

    /// Waits until everybody has heard everything.
    async fn settle(&self) -> Result<(), DevError> {
        let deadline = Instant::now() + PATIENCE;
        while !self.ledgers.are_settled().await? {
            if Instant::now() > deadline {
                return Err(YearsError::Stalled.into());
            }
            sleep(Duration::from_millis(15)).await;
        }
        Ok(())
    }
}

fn signal_of(story: &Story, environment: &Environment) -> intake::Signal {
    intake::Signal {
        signal_id: SignalId::new(environment).to_string(),
        reported_at: Some(to_proto(environment.now())),
        observations: story.observations.iter().map(|one| one.number()).collect(),
        postal_code: story.postal_code.to_string(),
        reporter_role: story.reporter_role.number(),
        consent: story.consent.number(),
        language: story.language.number(),
        age_band: story.age_band.number(),
        ..Default::default()
    }
}

async fn call(
    desk: &mut FollowupServiceClient<crate::cli::Line>,
    task_id: String,
    course: &mut Course,
) -> Result<(), YearsError> {
    let is_missed = course.missed_calls < course.story.missed_calls;
    if is_missed {
        course.missed_calls += 1;
    }
    let result = if is_missed {
        ContactResult::NoAnswer
    } else {
        ContactResult::Reached
    };
    let request = followup::RecordContactRequest {
        task_id,
        channel: ContactChannel::Phone.number(),
        result: result.number(),
        contact_id: String::new(),
    };
    bear(desk.record_contact(request).await).map(|_| ())
}

async fn confirm(
    desk: &mut FollowupServiceClient<crate::cli::Line>,
    carer: &mut FollowupServiceClient<crate::cli::Line>,
    task_id: &str,
    story: &Story,
) -> Result<(), YearsError> {
    let Some(confirmation) = story.confirms else {
        return Ok(());
    };
    let request = followup::IssueCarerLinkRequest {
        task_id: task_id.to_owned(),
        ..Default::default()
    };
    let Ok(link) = desk.issue_carer_link(request).await else {
        return Ok(());
    };
    let answer = if confirmation.helped {
        followup::Answer::Helped
    } else {
        followup::Answer::NotHelped
    };
    let request = followup::ConfirmOutcomeRequest {
        token: link.into_inner().token,
        answer: answer.into(),
        how_are_you: Some(CarerState {
            perseverance: confirmation.perseverance.number(),
            quality_of_life: None,
        }),
    };
    bear(carer.confirm_outcome(request).await).map(|_| ())
}

/// Whether it was done. What time has overtaken is left as it is: a clock that ran out meanwhile, a
/// carer who withdrew.
fn bear<T>(done: Result<T, Status>) -> Result<bool, YearsError> {
    match done {
        Ok(_) => Ok(true),
        Err(status) if matches!(status.code(), Code::FailedPrecondition | Code::NotFound) => {
            Ok(false)
        }
        Err(status) => Err(status.into()),
    }
}

fn bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    // A wrong template would be a mistake here, and a plain bar does as well.
    if let Ok(style) =
        ProgressStyle::with_template("inventing two years {bar:30} {pos}/{len} signals, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
