//! Situations that may be one.

use jiff::tz::TimeZone;
use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{MatchReason, ResolutionReason};
use serde::Serialize;

use super::{Moment, View, Word, words};

/// A question, and its answer where there is one.
#[derive(Debug, Serialize)]
pub(crate) struct DuplicateView {
    duplicate_id: String,
    state: Word,
    reasons: Vec<Word>,
    first: SideView,
    later: SideView,
    found_at: Option<Moment>,
    reason: Option<Word>,
    resolved_at: Option<Moment>,
}

/// One of the two situations.
#[derive(Debug, Default, Serialize)]
struct SideView {
    situation_id: String,
    zone_id: String,
    postal_code: String,
    opened_at: Option<Moment>,
    signals: i32,
}

impl From<proto::DuplicateSide> for SideView {
    fn from(side: proto::DuplicateSide) -> Self {
        Self {
            situation_id: side.situation_id,
            zone_id: side.zone_id,
            postal_code: side.postal_code,
            opened_at: Moment::of(side.opened_at),
            signals: side.signals,
        }
    }
}

impl From<proto::Duplicate> for DuplicateView {
    fn from(duplicate: proto::Duplicate) -> Self {
        let state = match duplicate.state() {
            proto::DuplicateState::Unspecified => "unknown",
            proto::DuplicateState::Open => "open",
            proto::DuplicateState::Merged => "merged",
            proto::DuplicateState::KeptApart => "kept_apart",
            proto::DuplicateState::Split => "split",
        };
        Self {
            duplicate_id: duplicate.duplicate_id,
            state: Word::named(state.to_owned()),
            reasons: Word::all::<MatchReason>(&duplicate.reasons),
            first: duplicate.first.map(SideView::from).unwrap_or_default(),
            later: duplicate.later.map(SideView::from).unwrap_or_default(),
            found_at: Moment::of(duplicate.found_at),
            reason: Word::of::<ResolutionReason>(duplicate.reason),
            resolved_at: Moment::of(duplicate.resolved_at),
        }
    }
}

impl View for DuplicateView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let moment = |at: Option<Moment>| at.map(|at| at.text(local)).unwrap_or_default();
        vec![
            ("found", moment(self.found_at)),
            ("duplicate", self.duplicate_id.clone()),
            ("state", self.state.text()),
            ("because", words(&self.reasons)),
            ("first", self.first.situation_id.clone()),
            ("later", self.later.situation_id.clone()),
            (
                "places",
                format!("{}, {}", self.first.postal_code, self.later.postal_code),
            ),
            ("why so", words(&self.reason)),
            ("answered", moment(self.resolved_at)),
        ]
    }
}
