//! From the wire to the vocabulary and back.

use std::{collections::HashMap, str::FromStr};

use knipperlicht_contracts::{events::v1 as events, followup::v1 as wire, to_proto};
use knipperlicht_vocabulary::{CodeError, IdError, OutcomeReason, PerseveranceTime, QolLevel};
use serde_json::Value;

use crate::{
    error::FollowupError,
    model::{ContactPerson, VisitResult, rung, story},
    store::{
        clocks::{About, OpenClock, OpenLoop, RunningPromise},
        tasks::TaskView,
        timeline::Entry,
    },
};

/// What a carer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Helped,
    NotHelped,
}

pub(super) fn id<T>(field: &'static str, text: &str) -> Result<T, FollowupError>
where
    T: FromStr<Err = IdError>,
{
    if text.is_empty() {
        return Err(FollowupError::Missing { field });
    }
    text.parse()
        .map_err(|source| FollowupError::Id { field, source })
}

/// An id that may be left out.
pub(super) fn optional_id<T>(field: &'static str, text: &str) -> Result<Option<T>, FollowupError>
where
    T: FromStr<Err = IdError>,
{
    if text.is_empty() {
        return Ok(None);
    }
    id(field, text).map(Some)
}

pub(super) fn code<T>(field: &'static str, number: i32) -> Result<T, FollowupError>
where
    T: TryFrom<i32, Error = CodeError>,
{
    optional_code(field, number)?.ok_or(FollowupError::Missing { field })
}

/// A code that may be left out: 0 on the wire.
pub(super) fn optional_code<T>(field: &'static str, number: i32) -> Result<Option<T>, FollowupError>
where
    T: TryFrom<i32, Error = CodeError>,
{
    if number == 0 {
        return Ok(None);
    }
    T::try_from(number)
        .map(Some)
        .map_err(|source| FollowupError::Code { field, source })
}

pub(super) fn visit(number: i32) -> Result<VisitResult, FollowupError> {
    match wire::Visit::try_from(number) {
        Ok(wire::Visit::Seen) => Ok(VisitResult::Seen),
        Ok(wire::Visit::Missed) => Ok(VisitResult::Missed),
        Ok(wire::Visit::Unspecified) => Err(FollowupError::Missing { field: "visit" }),
        Err(_) => Err(unknown("visit", number, "seen, missed")),
    }
}

pub(super) fn answer(number: i32) -> Result<Answer, FollowupError> {
    match wire::Answer::try_from(number) {
        Ok(wire::Answer::Helped) => Ok(Answer::Helped),
        Ok(wire::Answer::NotHelped) => Ok(Answer::NotHelped),
        Ok(wire::Answer::Unspecified) => Err(FollowupError::Missing { field: "answer" }),
        Err(_) => Err(unknown("answer", number, "helped, not_helped")),
    }
}

/// How a carer is, checked: every code is in its list, and CarerQol-7D is answered whole. Nothing
/// where nothing was answered.
pub(super) fn carer_state(
    sent: Option<&events::CarerState>,
) -> Result<Option<events::CarerState>, FollowupError> {
    let Some(sent) = sent else {
        return Ok(None);
    };
    let perseverance: Option<PerseveranceTime> =
        optional_code("how_are_you.perseverance", sent.perseverance)?;
    let levels = sent.quality_of_life.as_ref().map_or([0; 7], |said| {
        [
            said.fulfilment,
            said.relational_problems,
            said.mental_health_problems,
            said.daily_activities_problems,
            said.financial_problems,
            said.support,
            said.physical_health_problems,
        ]
    });
    let mut answered = 0;
    for level in levels {
        let level: Option<QolLevel> = optional_code("how_are_you.quality_of_life", level)?;
        answered += usize::from(level.is_some());
    }
    match (perseverance, answered) {
        (None, 0) => Ok(None),
        (_, 0) => Ok(Some(events::CarerState {
            quality_of_life: None,
            ..*sent
        })),
        (_, 7) => Ok(Some(*sent)),
        _ => Err(FollowupError::HalfAnswered),
    }
}

fn unknown(field: &'static str, number: i32, known: &str) -> FollowupError {
    let source = CodeError {
        list: field,
        given: number.to_string(),
        known: known.to_owned(),
    };
    FollowupError::Code { field, source }
}

impl From<TaskView> for wire::Task {
    fn from(view: TaskView) -> Self {
        let TaskView {
            task,
            next_clock,
            question,
            held,
            person,
            changed_at,
        } = view;
        let carer_question = question.map(|question| wire::CarerQuestion {
            times: question.times.into(),
            since: Some(to_proto(question.since)),
            with_coordinator: next_clock.as_ref().is_some_and(|clock| clock.breached),
        });
        let ending = task.state.ending();
        Self {
            task_id: task.id.to_string(),
            situation_id: task.situation.to_string(),
            referral_id: task.referral.to_string(),
            organisation_id: task.organisation.to_string(),
            zone_id: task.zone.to_string(),
            urgency: task.urgency.number(),
            state: task.state.code().number(),
            visit_at: task.state.visit_at().map(to_proto),
            result: ending.map_or(0, |(outcome, _)| outcome.result().number()),
            reason: ending
                .and_then(|(outcome, _)| outcome.reason())
                .map_or(0, OutcomeReason::number),
            late: ending.is_some_and(|(_, timeliness)| timeliness.is_late()),
            next_clock: next_clock.map(wire::Clock::from),
            carer_question,
            held,
            contact_person: person.map(wire::ContactPerson::from),
            changed_at: Some(to_proto(changed_at)),
        }
    }
}

impl From<ContactPerson> for wire::ContactPerson {
    fn from(person: ContactPerson) -> Self {
        let (worker, name, phone) = person.worker.map_or_else(Default::default, |worker| {
            let account = worker.account.to_string();
            (account, worker.name, worker.phone.unwrap_or_default())
        });
        Self {
            organisation_id: person.organisation.to_string(),
            worker,
            name,
            phone,
            since: Some(to_proto(person.since)),
        }
    }
}

impl From<OpenClock> for wire::Clock {
    fn from(clock: OpenClock) -> Self {
        Self {
            clock_id: clock.id.to_string(),
            kind: clock.kind.number(),
            due_at: Some(to_proto(clock.due_at)),
            breached: clock.breached,
        }
    }
}

impl From<RunningPromise> for wire::ReferralPromise {
    fn from(promise: RunningPromise) -> Self {
        Self {
            referral_id: promise.referral.to_string(),
            clock: Some(promise.clock.into()),
        }
    }
}

impl From<OpenLoop> for wire::OpenLoop {
    fn from(open: OpenLoop) -> Self {
        let (referral_id, item_id) = match open.about {
            About::Referral(referral) => (referral.to_string(), String::new()),
            About::Item { id, .. } => (String::new(), id.to_string()),
        };
        let climbed_to = open.clock.breached.then(|| rung(open.clock.kind).number());
        Self {
            situation_id: open.situation.to_string(),
            zone_id: open.zone.to_string(),
            referral_id,
            clock: Some(open.clock.into()),
            item_id,
            rung: climbed_to.unwrap_or_default(),
        }
    }
}

impl From<Entry> for wire::TimelineEntry {
    fn from(entry: Entry) -> Self {
        let mut codes = texts(entry.codes);
        let who = story::who(&entry.event_type, |name| {
            codes.get(name).map(String::as_str)
        });
        codes.remove(story::WHO);
        Self {
            at: Some(to_proto(entry.at)),
            r#type: entry.event_type,
            codes,
            trace_id: entry.trace_id.unwrap_or_default(),
            who: who.number(),
        }
    }
}

fn texts(codes: Value) -> HashMap<String, String> {
    let Value::Object(codes) = codes else {
        return HashMap::new();
    };
    codes
        .into_iter()
        .filter_map(|(name, code)| Some((name, code.as_str()?.to_owned())))
        .collect()
}
