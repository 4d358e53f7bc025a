//! Situations that were forgotten, or are to be.

use jiff::tz::TimeZone;
use knipperlicht_contracts::intake::v1 as proto;
use serde::Serialize;

use super::{Moment, View};

/// A situation that was forgotten.
#[derive(Debug, Serialize)]
pub(crate) struct ErasedView {
    situation_id: String,
    erased_at: Option<Moment>,
}

impl From<proto::EraseSituationResponse> for ErasedView {
    fn from(erased: proto::EraseSituationResponse) -> Self {
        Self {
            situation_id: erased.situation_id,
            erased_at: Moment::of(erased.erased_at),
        }
    }
}

impl View for ErasedView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let erased = self.erased_at.map(|at| at.text(local)).unwrap_or_default();
        vec![("situation", self.situation_id.clone()), ("erased", erased)]
    }
}

/// That a carer asked to be forgotten.
#[derive(Debug, Serialize)]
pub(crate) struct ErasureRequestView {
    situation_id: String,
    zone_id: String,
    asked_at: Option<Moment>,
    due_at: Option<Moment>,
}

impl From<proto::ErasureRequest> for ErasureRequestView {
    fn from(asked: proto::ErasureRequest) -> Self {
        Self {
            situation_id: asked.situation_id,
            zone_id: asked.zone_id,
            asked_at: Moment::of(asked.asked_at),
            due_at: Moment::of(asked.due_at),
        }
    }
}

impl View for ErasureRequestView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let moment = |at: Option<Moment>| at.map(|at| at.text(local)).unwrap_or_default();
        vec![
            ("situation", self.situation_id.clone()),
            ("zone", self.zone_id.clone()),
            ("asked", moment(self.asked_at)),
            ("answer due", moment(self.due_at)),
        ]
    }
}
