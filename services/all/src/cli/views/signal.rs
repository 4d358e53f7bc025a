//! Signals, as their reporters see them, and whom they are about.

use std::mem::take;

use jiff::tz::TimeZone;
use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{Consent, Observation, OutcomeResult, Step};
use serde::Serialize;

use super::{AdviceView, Moment, View, Word, words};

/// The answer to a signal.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptView {
    pub(crate) signal_id: String,
    pub(crate) situation_id: String,
    pub(crate) zone_id: String,
    pub(crate) zone_name: String,
    pub(crate) received_at: Option<Moment>,
    pub(crate) call_now: Vec<HelplineView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<AdviceView>,
}

impl From<proto::Receipt> for ReceiptView {
    fn from(receipt: proto::Receipt) -> Self {
        Self {
            signal_id: receipt.signal_id,
            situation_id: receipt.situation_id,
            zone_id: receipt.zone_id,
            zone_name: receipt.zone_name,
            received_at: Moment::of(receipt.received_at),
            call_now: receipt
                .call_now
                .into_iter()
                .map(HelplineView::from)
                .collect(),
            advice: receipt.advice.map(AdviceView::from),
        }
    }
}

impl ReceiptView {
    /// That it has arrived.
    pub(crate) fn sentence(&self, local: &TimeZone) -> String {
        let at = self
            .received_at
            .map(|at| format!(" at {}", at.time_of_day(local)))
            .unwrap_or_default();
        format!("Received by {}{at}.", self.zone_name)
    }

    /// Whom to call before anything else, where something cannot wait.
    pub(crate) fn warning(&self) -> Option<String> {
        let lines: Vec<String> = self.call_now.iter().map(HelplineView::text).collect();
        (!lines.is_empty())
            .then(|| format!("CALL NOW, this cannot wait for us:\n{}", lines.join("\n")))
    }
}

/// A number to call.
#[derive(Debug, Serialize)]
pub(crate) struct HelplineView {
    pub(crate) number: String,
    purpose: Word,
}

impl From<proto::Helpline> for HelplineView {
    fn from(line: proto::Helpline) -> Self {
        Self {
            number: line.number,
            purpose: Word::named(line.purpose),
        }
    }
}

impl HelplineView {
    fn text(&self) -> String {
        let purpose = match self.purpose.text().as_str() {
            "life" => "a life is in danger".to_owned(),
            "violence" => "violence, abuse or neglect".to_owned(),
            "suicide" => "thoughts of suicide (Zelfmoordlijn)".to_owned(),
            "listening" => "somebody who listens (Tele-Onthaal)".to_owned(),
            other => other.to_owned(),
        };
        format!("  {:<5} {purpose}", self.number)
    }
}

/// A signal and its way.
#[derive(Debug, Serialize)]
pub(crate) struct SignalView {
    pub(crate) receipt: ReceiptView,
    observations: Vec<Word>,
    consent: Option<Word>,
    step: Option<Word>,
    pub(crate) progress: Vec<ProgressView>,
}

impl SignalView {
    /// A signal with the receipt it always has.
    pub(crate) fn new(receipt: proto::Receipt, signal: proto::SignalStatus) -> Self {
        Self {
            receipt: receipt.into(),
            observations: Word::all::<Observation>(&signal.observations),
            consent: Word::of::<Consent>(signal.consent),
            step: Word::of::<Step>(signal.step),
            progress: signal
                .progress
                .into_iter()
                .map(ProgressView::from)
                .collect(),
        }
    }
}

impl View for SignalView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            (
                "received",
                self.receipt
                    .received_at
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("signal", self.receipt.signal_id.clone()),
            ("step", words(&self.step)),
            ("zone", self.receipt.zone_name.clone()),
            ("consent", words(&self.consent)),
            ("noticed", words(&self.observations)),
            ("situation", self.receipt.situation_id.clone()),
        ]
    }
}

/// One step of a signal's way.
#[derive(Debug, Serialize)]
pub(crate) struct ProgressView {
    step: Option<Word>,
    at: Option<Moment>,
    outcome: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<Moment>,
}

impl From<proto::Progress> for ProgressView {
    fn from(progress: proto::Progress) -> Self {
        Self {
            step: Word::of::<Step>(progress.step),
            at: Moment::of(progress.at),
            outcome: Word::of::<OutcomeResult>(progress.outcome),
            seen_at: Moment::of(progress.seen_at),
        }
    }
}

impl ProgressView {
    /// As one line of a story.
    pub(crate) fn text(&self, local: &TimeZone) -> String {
        let at = self.at.map(|at| at.text(local)).unwrap_or_default();
        let step: Vec<&Word> = self.step.iter().chain(&self.outcome).collect();
        let seen = if self.seen_at.is_some() { ", seen" } else { "" };
        format!("  {at}  {}{seen}", words(step))
    }
}

/// Why a signal of a batch was refused.
#[derive(Debug, Serialize)]
pub(crate) struct RefusalView {
    code: String,
    field: String,
    message: String,
}

impl From<proto::Refusal> for RefusalView {
    fn from(refusal: proto::Refusal) -> Self {
        Self {
            code: refusal.code,
            field: refusal.field,
            message: refusal.message,
        }
    }
}

impl RefusalView {
    /// On one line.
    pub(crate) fn text(&self) -> String {
        let field = if self.field.is_empty() {
            String::new()
        } else {
            format!(", field {}", self.field)
        };
        format!("refused ({}){field}: {}", self.code, self.message)
    }
}

/// Who a situation is about.
#[derive(Debug, Serialize)]
pub(crate) struct ContactsView {
    pub(crate) contacts: Vec<ContactView>,
    pub(crate) notes: Vec<String>,
    pub(crate) work_notes: Vec<WorkNoteView>,
    pub(crate) left_out: bool,
}

/// What a partner wrote down.
#[derive(Debug, Serialize)]
pub(crate) struct WorkNoteView {
    note_id: String,
    text: String,
    organisation_id: String,
    at: Option<Moment>,
}

impl From<proto::WorkNote> for WorkNoteView {
    fn from(note: proto::WorkNote) -> Self {
        Self {
            note_id: note.note_id,
            text: note.text,
            organisation_id: note.organisation_id,
            at: Moment::of(note.at),
        }
    }
}

impl View for WorkNoteView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("at", self.at.map(|at| at.text(local)).unwrap_or_default()),
            ("by", self.organisation_id.clone()),
            ("note", self.text.clone()),
        ]
    }
}

impl From<proto::GetContactResponse> for ContactsView {
    fn from(mut answer: proto::GetContactResponse) -> Self {
        let (contacts, notes) = (take(&mut answer.contacts), take(&mut answer.notes));
        let work_notes = take(&mut answer.work_notes);
        Self {
            contacts: contacts.into_iter().map(ContactView::from).collect(),
            notes,
            work_notes: work_notes.into_iter().map(WorkNoteView::from).collect(),
            left_out: answer.left_out,
        }
    }
}

/// How to reach a carer.
#[derive(Debug, Serialize)]
pub(crate) struct ContactView {
    name: String,
    phone: String,
    mail: String,
    address: String,
    national_number: String,
    family_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_year: Option<i32>,
}

impl From<proto::Contact> for ContactView {
    fn from(contact: proto::Contact) -> Self {
        Self {
            name: contact.name,
            phone: contact.phone,
            mail: contact.mail,
            address: contact.address,
            national_number: contact.national_number,
            family_name: contact.family_name,
            birth_year: (contact.birth_year != 0).then_some(contact.birth_year),
        }
    }
}

impl View for ContactView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("name", self.name.clone()),
            ("phone", self.phone.clone()),
            ("mail", self.mail.clone()),
            ("address", self.address.clone()),
            ("national number", self.national_number.clone()),
            ("family name", self.family_name.clone()),
            (
                "born",
                self.birth_year
                    .map(|year| year.to_string())
                    .unwrap_or_default(),
            ),
        ]
    }
}
