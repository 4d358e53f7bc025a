//! Assessments and their reasons.

use jiff::tz::TimeZone;
use knipperlicht_contracts::assessment::v1 as proto;
use knipperlicht_vocabulary::{Need, Observation, Urgency};
use serde::Serialize;

use super::{Moment, View, Word, words};

/// One dated judgement.
#[derive(Debug, Serialize)]
pub(crate) struct AssessmentView {
    assessment_id: String,
    situation_id: String,
    signal_id: String,
    assessed_at: Option<Moment>,
    urgency: Option<Word>,
    needs: Vec<Word>,
    weight: i32,
    pub(crate) reasons: Vec<ReasonView>,
    triage_version: String,
}

impl From<proto::Assessment> for AssessmentView {
    fn from(assessment: proto::Assessment) -> Self {
        Self {
            assessment_id: assessment.assessment_id,
            situation_id: assessment.situation_id,
            signal_id: assessment.signal_id,
            assessed_at: Moment::of(assessment.assessed_at),
            urgency: Word::of::<Urgency>(assessment.urgency),
            needs: Word::all::<Need>(&assessment.needs),
            weight: assessment.weight,
            reasons: assessment
                .reasons
                .into_iter()
                .map(ReasonView::from)
                .collect(),
            triage_version: assessment.triage_version,
        }
    }
}

impl View for AssessmentView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            (
                "assessed",
                self.assessed_at
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("assessment", self.assessment_id.clone()),
            ("urgency", words(&self.urgency)),
            ("weight", self.weight.to_string()),
            ("needs", words(&self.needs)),
            ("signal", self.signal_id.clone()),
            ("triage", self.triage_version.clone()),
        ]
    }
}

/// One line of the triage table that counted.
#[derive(Debug, Serialize)]
pub(crate) struct ReasonView {
    observation: Option<Word>,
    weight: i32,
    red_flag: bool,
    needs: Vec<Word>,
    source: String,
}

impl From<proto::Reason> for ReasonView {
    fn from(reason: proto::Reason) -> Self {
        Self {
            observation: Word::of::<Observation>(reason.observation),
            weight: reason.weight,
            red_flag: reason.red_flag,
            needs: Word::all::<Need>(&reason.needs),
            source: reason.source,
        }
    }
}

impl View for ReasonView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let flag = if self.red_flag { "yes" } else { "no" };
        vec![
            ("noticed", words(&self.observation)),
            ("weight", self.weight.to_string()),
            ("red flag", flag.to_owned()),
            ("needs", words(&self.needs)),
            ("source", self.source.clone()),
        ]
    }
}
