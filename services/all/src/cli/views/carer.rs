//! Links for carers, and what they show.

use jiff::tz::TimeZone;
use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{Actor, Consent, Language, ReporterRole, Step};
use serde::Serialize;

use super::{Moment, ProgressView, View, Word, WordingView, words};

/// A link for a carer.
#[derive(Debug, Serialize)]
pub(crate) struct CardView {
    token: String,
    url: String,
    expires_at: Option<Moment>,
}

impl From<proto::CarerLink> for CardView {
    fn from(link: proto::CarerLink) -> Self {
        Self {
            token: link.token,
            url: link.url,
            expires_at: Moment::of(link.expires_at),
        }
    }
}

impl View for CardView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("link", self.url.clone()),
            (
                "works until",
                self.expires_at.map(|at| at.day(local)).unwrap_or_default(),
            ),
        ]
    }
}

/// What a carer sees by a link.
#[derive(Debug, Serialize)]
pub(crate) struct MySituationView {
    consent: Option<Word>,
    step: Option<Word>,
    zone_name: String,
    told: Vec<ToldPartnerView>,
    readings: Vec<ReadingView>,
    cared_for_objects: bool,
}

/// That somebody looked.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingView {
    at: Option<Moment>,
    organisation_id: String,
    zone_name: String,
    role: Option<Word>,
    kind: Word,
    texts: Vec<WordingView>,
}

impl From<proto::Reading> for ReadingView {
    fn from(reading: proto::Reading) -> Self {
        Self {
            at: Moment::of(reading.at),
            kind: Word::of_enum(reading.kind().as_str_name(), "READING_KIND_"),
            organisation_id: reading.organisation_id,
            zone_name: reading.zone_name,
            role: Word::of::<Actor>(reading.role),
            texts: reading.texts.into_iter().map(WordingView::from).collect(),
        }
    }
}

impl ReadingView {
    fn text(&self, local: &TimeZone) -> String {
        let at = self.at.map(|at| at.text(local)).unwrap_or_default();
        let wording = WordingView::in_language(&self.texts, Language::English);
        format!(
            "{at} {}",
            wording.map(WordingView::title).unwrap_or_default()
        )
    }
}

/// Who was told.
#[derive(Debug, Serialize)]
pub(crate) struct ToldPartnerView {
    organisation_id: String,
    since: Option<Moment>,
    still: bool,
}

impl From<proto::MySituation> for MySituationView {
    fn from(situation: proto::MySituation) -> Self {
        Self {
            consent: Word::of::<Consent>(situation.consent),
            step: Word::of::<Step>(situation.step),
            zone_name: situation.zone_name,
            told: situation
                .told
                .into_iter()
                .map(|told| ToldPartnerView {
                    organisation_id: told.organisation_id,
                    since: Moment::of(told.since),
                    still: told.still,
                })
                .collect(),
            readings: situation
                .readings
                .into_iter()
                .map(ReadingView::from)
                .collect(),
            cared_for_objects: situation.cared_for_objects,
        }
    }
}

impl View for MySituationView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let told: Vec<String> = self
            .told
            .iter()
            .map(|told| {
                let since = told.since.map(|at| at.text(local)).unwrap_or_default();
                let no_more = if told.still { "" } else { " (no more)" };
                format!("{} since {since}{no_more}", told.organisation_id)
            })
            .collect();
        let readings: Vec<String> = self.readings.iter().map(|one| one.text(local)).collect();
        vec![
            ("zone", self.zone_name.clone()),
            ("step", words(&self.step)),
            ("consent", words(&self.consent)),
            ("told", told.join(", ")),
            ("looked", readings.join("; ")),
        ]
    }
}

/// What one reporter was told, and saw.
#[derive(Debug, Serialize)]
pub(crate) struct ToldReporterView {
    signal_id: String,
    reporter_role: Option<Word>,
    told: Vec<ProgressView>,
}

impl From<proto::ToldReporter> for ToldReporterView {
    fn from(reporter: proto::ToldReporter) -> Self {
        Self {
            signal_id: reporter.signal_id,
            reporter_role: Word::of::<ReporterRole>(reporter.reporter_role),
            told: reporter.told.into_iter().map(ProgressView::from).collect(),
        }
    }
}

impl View for ToldReporterView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let told: Vec<String> = self
            .told
            .iter()
            .map(|step| step.text(local).trim().to_owned())
            .collect();
        vec![
            ("signal", self.signal_id.clone()),
            ("role", words(&self.reporter_role)),
            ("told", told.join("; ")),
        ]
    }
}
