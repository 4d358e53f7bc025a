//! Follow-ups, loops and the story of a situation.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use knipperlicht_contracts::followup::v1 as proto;
use knipperlicht_vocabulary::{
    Actor, ClockKind, FollowUpState, OutcomeReason, OutcomeResult, Rung, Urgency,
};
use serde::Serialize;

use super::{Moment, View, Word, words};

/// A promise with a moment to keep it.
#[derive(Debug, Serialize)]
pub(crate) struct ClockView {
    clock_id: String,
    kind: Option<Word>,
    due_at: Option<Moment>,
    breached: bool,
}

impl From<proto::Clock> for ClockView {
    fn from(clock: proto::Clock) -> Self {
        Self {
            kind: Word::of::<ClockKind>(clock.kind),
            due_at: Moment::of(clock.due_at),
            clock_id: clock.clock_id,
            breached: clock.breached,
        }
    }
}

/// What is due, and when.
fn promise(clock: Option<&ClockView>, local: &TimeZone) -> [(&'static str, String); 2] {
    let due = clock
        .and_then(|clock| clock.due_at)
        .map(|at| at.text(local))
        .unwrap_or_default();
    let what = clock.map(|clock| words(&clock.kind)).unwrap_or_default();
    let late = clock.is_some_and(|clock| clock.breached);
    [
        ("due", due),
        ("promise", if late { format!("{what}, LATE") } else { what }),
    ]
}

/// The follow-up of one accepted referral.
#[derive(Debug, Serialize)]
pub(crate) struct TaskView {
    pub(crate) task_id: String,
    pub(crate) situation_id: String,
    referral_id: String,
    organisation_id: String,
    zone_id: String,
    urgency: Option<Word>,
    state: Option<Word>,
    visit_at: Option<Moment>,
    result: Option<Word>,
    reason: Option<Word>,
    late: bool,
    next_clock: Option<ClockView>,
    carer_question: Option<QuestionView>,
    held: bool,
    contact_person: Option<PersonView>,
}

/// Who is there for the carer.
#[derive(Debug, Serialize)]
pub(crate) struct PersonView {
    organisation_id: String,
    worker: String,
    name: String,
    phone: String,
    since: Option<Moment>,
}

impl PersonView {
    fn text(&self) -> String {
        match (self.name.as_str(), self.phone.as_str()) {
            ("", _) => format!("{}, nobody named yet", self.organisation_id),
            (name, "") => format!("{name} ({})", self.organisation_id),
            (name, phone) => format!("{name}, {phone} ({})", self.organisation_id),
        }
    }
}

impl From<proto::ContactPerson> for PersonView {
    fn from(person: proto::ContactPerson) -> Self {
        Self {
            organisation_id: person.organisation_id,
            worker: person.worker,
            name: person.name,
            phone: person.phone,
            since: Moment::of(person.since),
        }
    }
}

/// That the carer has to be asked whether it helped.
#[derive(Debug, Serialize)]
pub(crate) struct QuestionView {
    times: i32,
    since: Option<Moment>,
    with_coordinator: bool,
}

impl QuestionView {
    const fn text(&self) -> &'static str {
        if self.with_coordinator {
            "no answer: a coordinator decides"
        } else if self.times > 1 {
            "ask the carer again"
        } else {
            "ask the carer"
        }
    }
}

impl From<proto::CarerQuestion> for QuestionView {
    fn from(question: proto::CarerQuestion) -> Self {
        Self {
            times: question.times,
            since: Moment::of(question.since),
            with_coordinator: question.with_coordinator,
        }
    }
}

impl From<proto::Task> for TaskView {
    fn from(task: proto::Task) -> Self {
        Self {
            task_id: task.task_id,
            situation_id: task.situation_id,
            referral_id: task.referral_id,
            organisation_id: task.organisation_id,
            zone_id: task.zone_id,
            urgency: Word::of::<Urgency>(task.urgency),
            state: Word::of::<FollowUpState>(task.state),
            visit_at: Moment::of(task.visit_at),
            result: Word::of::<OutcomeResult>(task.result),
            reason: Word::of::<OutcomeReason>(task.reason),
            late: task.late,
            next_clock: task.next_clock.map(ClockView::from),
            carer_question: task.carer_question.map(QuestionView::from),
            held: task.held,
            contact_person: task.contact_person.map(PersonView::from),
        }
    }
}

impl TaskView {
    fn to_do(&self) -> &'static str {
        if self.held {
            return "nothing: the carer does not agree";
        }
        self.carer_question.as_ref().map_or("", QuestionView::text)
    }
}

impl View for TaskView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let [due, promise] = promise(self.next_clock.as_ref(), local);
        let outcome: Vec<&Word> = self.result.iter().chain(&self.reason).collect();
        let late = if self.late { " (late)" } else { "" };
        vec![
            due,
            promise,
            ("task", self.task_id.clone()),
            ("urgency", words(&self.urgency)),
            ("state", format!("{}{late}", words(&self.state))),
            (
                "visit",
                self.visit_at.map(|at| at.text(local)).unwrap_or_default(),
            ),
            ("outcome", words(outcome)),
            ("to do", self.to_do().to_owned()),
            (
                "contact person",
                self.contact_person
                    .as_ref()
                    .map(PersonView::text)
                    .unwrap_or_default(),
            ),
            ("situation", self.situation_id.clone()),
        ]
    }
}

/// How many carers somebody else is there for.
#[derive(Debug, Serialize)]
pub(crate) struct HandedOverView {
    pub(crate) situations: i32,
}

impl View for HandedOverView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![("carers handed over", self.situations.to_string())]
    }
}

/// A link for a carer.
#[derive(Debug, Serialize)]
pub(crate) struct CarerLinkView {
    pub(crate) token: String,
    expires_at: Option<Moment>,
}

impl From<proto::IssueCarerLinkResponse> for CarerLinkView {
    fn from(link: proto::IssueCarerLinkResponse) -> Self {
        Self {
            token: link.token,
            expires_at: Moment::of(link.expires_at),
        }
    }
}

impl View for CarerLinkView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("token", self.token.clone()),
            (
                "works until",
                self.expires_at.map(|at| at.day(local)).unwrap_or_default(),
            ),
        ]
    }
}

/// What a carer's answer led to.
#[derive(Debug, Serialize)]
pub(crate) struct ConfirmedView {
    pub(crate) reopened: bool,
}

impl View for ConfirmedView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let led_to = if self.reopened {
            "the follow-up is open again"
        } else {
            "the loop is closed"
        };
        vec![("answer kept", led_to.to_owned())]
    }
}

/// One thing that happened.
#[derive(Debug, Serialize)]
pub(crate) struct TimelineEntryView {
    at: Option<Moment>,
    #[serde(rename = "type")]
    event_type: String,
    who: Option<Word>,
    codes: BTreeMap<String, String>,
    trace_id: String,
}

impl From<proto::TimelineEntry> for TimelineEntryView {
    fn from(entry: proto::TimelineEntry) -> Self {
        Self {
            at: Moment::of(entry.at),
            event_type: entry.r#type,
            who: Word::of::<Actor>(entry.who),
            codes: entry.codes.into_iter().collect(),
            trace_id: entry.trace_id,
        }
    }
}

impl View for TimelineEntryView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let event = self
            .event_type
            .strip_prefix("knipperlicht.")
            .unwrap_or(&self.event_type);
        let event = event.strip_suffix(".v1").unwrap_or(event);
        let codes: Vec<String> = self
            .codes
            .iter()
            .map(|(name, code)| format!("{name}={code}"))
            .collect();
        vec![
            ("at", self.at.map(|at| at.text(local)).unwrap_or_default()),
            ("who", words(&self.who)),
            ("what", event.replace(['.', '_'], " ")),
            ("why", codes.join(" ")),
            ("trace", self.trace_id.clone()),
        ]
    }
}

/// A loop that is not closed.
#[derive(Debug, Serialize)]
pub(crate) struct OpenLoopView {
    situation_id: String,
    zone_id: String,
    referral_id: String,
    item_id: String,
    clock: Option<ClockView>,
    rung: Option<Word>,
}

impl From<proto::OpenLoop> for OpenLoopView {
    fn from(open: proto::OpenLoop) -> Self {
        Self {
            situation_id: open.situation_id,
            zone_id: open.zone_id,
            referral_id: open.referral_id,
            item_id: open.item_id,
            clock: open.clock.map(ClockView::from),
            rung: Word::of::<Rung>(open.rung),
        }
    }
}

impl View for OpenLoopView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let [due, promise] = promise(self.clock.as_ref(), local);
        vec![
            due,
            promise,
            ("went to", words(&self.rung)),
            ("zone", self.zone_id.clone()),
            ("situation", self.situation_id.clone()),
            ("referral", self.referral_id.clone()),
            ("item", self.item_id.clone()),
        ]
    }
}
