//! Decisions about who is asked.

use jiff::tz::TimeZone;
use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{AgeBand, Language, Need, Urgency};
use serde::Serialize;

use super::{Moment, ReferralView, ServiceView, View, Word, words, zone::ZoneView};
use crate::cli::{CliError, session::part};

/// A referral, and why it went where it went.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainedView {
    pub(crate) referral: ReferralView,
    origin: Word,
    pub(crate) explanation: Option<ExplanationView>,
    replays: bool,
    #[serde(skip)]
    sent_on: bool,
}

impl ExplainedView {
    pub(crate) fn new(found: proto::ExplainReferralResponse) -> Result<Self, CliError> {
        let origin = found.origin();
        Ok(Self {
            referral: part(found.referral, "referral")?.into(),
            origin: Word::of_enum(origin.as_str_name(), "REFERRAL_ORIGIN_"),
            explanation: found.explanation.map(ExplanationView::from),
            replays: found.replays,
            sent_on: origin == proto::ReferralOrigin::SentOn,
        })
    }

    /// Who decided, and whether that still holds.
    pub(crate) const fn verdict(&self) -> &'static str {
        match (&self.explanation, self.replays, self.sent_on) {
            (Some(_), true, _) => "Decided again from what was stored, it comes out the same.",
            (Some(_), false, _) => {
                "Decided again from what was stored, it comes out otherwise: please report this."
            }
            (None, _, true) => "No rule decided this: somebody sent it on from another service.",
            (None, _, false) => "No rule decided this: a coordinator gave it to this service.",
        }
    }
}

/// A decision, with everything that explains it.
#[derive(Debug, Serialize)]
pub(crate) struct ExplanationView {
    decided_at: Option<Moment>,
    on: String,
    zone: Option<ZoneView>,
    other_candidates: Vec<ZoneView>,
    postal_code: String,
    language: Option<Word>,
    age_band: Option<Word>,
    urgency: Option<Word>,
    needs: Vec<Word>,
    unmet: Vec<Word>,
    runner_up_service_id: String,
    directory_version: i64,
    zone_version: String,
    points_version: String,
    points_note: String,
    fewest_searched_exhaustively: bool,
    pub(crate) considered: Vec<ConsiderationView>,
}

impl From<proto::Explanation> for ExplanationView {
    fn from(explanation: proto::Explanation) -> Self {
        Self {
            decided_at: Moment::of(explanation.decided_at),
            on: explanation.on,
            zone: explanation.zone.map(ZoneView::from),
            other_candidates: explanation
                .other_candidates
                .into_iter()
                .map(ZoneView::from)
                .collect(),
            postal_code: explanation.postal_code,
            language: Word::of::<Language>(explanation.language),
            age_band: Word::of::<AgeBand>(explanation.age_band),
            urgency: Word::of::<Urgency>(explanation.urgency),
            needs: Word::all::<Need>(&explanation.needs),
            unmet: Word::all::<Need>(&explanation.unmet),
            runner_up_service_id: explanation.runner_up_service_id,
            directory_version: explanation.directory_version,
            zone_version: explanation.zone_version,
            points_version: explanation.points_version,
            points_note: explanation.points_note,
            fewest_searched_exhaustively: explanation.fewest_searched_exhaustively,
            considered: explanation
                .considered
                .into_iter()
                .map(ConsiderationView::from)
                .collect(),
        }
    }
}

impl ExplanationView {
    /// How the order came about, in words.
    pub(crate) fn order(&self) -> String {
        let fewest = if self.fewest_searched_exhaustively {
            "of all ways to cover the needs, the one with the fewest partners"
        } else {
            "the partner that meets the most of them first, one after the other"
        };
        format!(
            "First those for the carer's own group, then {fewest}; of equally few, the most points \
             together; of equal points, a draw that is always the same for one situation."
        )
    }

    /// What to know of the weights.
    pub(crate) fn note(&self) -> &str {
        &self.points_note
    }
}

impl View for ExplanationView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let other: Vec<String> = self.other_candidates.iter().map(ZoneView::text).collect();
        vec![
            (
                "decided",
                self.decided_at.map(|at| at.text(local)).unwrap_or_default(),
            ),
            (
                "zone",
                self.zone.as_ref().map(ZoneView::text).unwrap_or_default(),
            ),
            ("or zone", other.join("; ")),
            ("place", self.postal_code.clone()),
            ("language", words(&self.language)),
            ("age", words(&self.age_band)),
            ("urgency", words(&self.urgency)),
            ("needs", words(&self.needs)),
            ("nobody for", words(&self.unmet)),
            ("runner-up", self.runner_up_service_id.clone()),
            (
                "versions",
                format!(
                    "directory {}, zones {}, points {}",
                    self.directory_version, self.zone_version, self.points_version
                ),
            ),
        ]
    }
}

/// A service that was considered, and what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct ConsiderationView {
    service: Option<ServiceView>,
    asked_for: Vec<Word>,
    excluded_by: Option<Word>,
    total_points: i32,
    points: Vec<PointsView>,
    behaviour: Option<BehaviourView>,
}

/// Some of a service's points.
#[derive(Debug, Serialize)]
struct PointsView {
    points_for: Word,
    points: i32,
    source: String,
}

/// How a service behaved when it was asked.
#[derive(Debug, Serialize)]
struct BehaviourView {
    answered: i32,
    accepted: i32,
    mean_minutes_to_accept: i64,
    over_days: i32,
}

impl From<proto::Consideration> for ConsiderationView {
    fn from(considered: proto::Consideration) -> Self {
        let rule = considered.excluded_by();
        let prefix = "EXCLUSION_RULE_";
        Self {
            asked_for: Word::all::<Need>(&considered.asked_for),
            excluded_by: (rule != proto::ExclusionRule::Unspecified)
                .then(|| Word::of_enum(rule.as_str_name(), prefix)),
            total_points: considered.total_points,
            points: considered.points.iter().map(PointsView::from).collect(),
            behaviour: considered.behaviour.map(|behaviour| BehaviourView {
                answered: behaviour.answered,
                accepted: behaviour.accepted,
                mean_minutes_to_accept: behaviour.mean_minutes_to_accept,
                over_days: behaviour.over_days,
            }),
            service: considered.service.map(ServiceView::from),
        }
    }
}

impl From<&proto::PointsLine> for PointsView {
    fn from(line: &proto::PointsLine) -> Self {
        Self {
            points_for: Word::of_enum(line.points_for().as_str_name(), "POINTS_FOR_"),
            points: line.points,
            source: line.source.clone(),
        }
    }
}

impl View for ConsiderationView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        let parts: Vec<String> = self
            .points
            .iter()
            .map(|line| format!("{} {}", line.points, line.points_for.text()))
            .collect();
        let (became, points) = match &self.excluded_by {
            Some(rule) => (format!("out: {}", rule.text()), String::new()),
            None if self.asked_for.is_empty() => {
                ("not needed".to_owned(), self.total_points.to_string())
            }
            None => (
                format!("asked: {}", words(&self.asked_for)),
                self.total_points.to_string(),
            ),
        };
        vec![
            (
                "service",
                self.service
                    .as_ref()
                    .map(ServiceView::label)
                    .unwrap_or_default(),
            ),
            ("became of it", became),
            ("points", points),
            ("for", parts.join(", ")),
            (
                "accepted before",
                self.behaviour
                    .as_ref()
                    .map(BehaviourView::text)
                    .unwrap_or_default(),
            ),
        ]
    }
}

impl BehaviourView {
    fn text(&self) -> String {
        format!(
            "{} of {} in {} days, after {} h",
            self.accepted,
            self.answered,
            self.over_days,
            self.mean_minutes_to_accept / 60
        )
    }
}

/// A need that nobody could be asked for.
#[derive(Debug, Serialize)]
pub(crate) struct UnmetNeedView {
    zone_id: String,
    need: Option<Word>,
    situations: i64,
    last_at: Option<Moment>,
}

impl From<proto::UnmetNeed> for UnmetNeedView {
    fn from(unmet: proto::UnmetNeed) -> Self {
        Self {
            zone_id: unmet.zone_id,
            need: Word::of::<Need>(unmet.need),
            situations: unmet.situations,
            last_at: Moment::of(unmet.last_at),
        }
    }
}

impl View for UnmetNeedView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("zone", self.zone_id.clone()),
            ("need", words(&self.need)),
            ("situations", self.situations.to_string()),
            (
                "last",
                self.last_at.map(|at| at.text(local)).unwrap_or_default(),
            ),
        ]
    }
}
