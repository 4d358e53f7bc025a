//! Referrals and coordinators' items.

use jiff::tz::TimeZone;
use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{
    AgeBand, DeclineReason, ItemKind, Language, Need, ReferralState, Urgency,
};
use serde::Serialize;

use super::{Moment, ServiceView, View, Word, words, zone::ZoneView};

/// One request to one partner service.
#[derive(Debug, Serialize)]
pub(crate) struct ReferralView {
    pub(crate) referral_id: String,
    pub(crate) situation_id: String,
    previous_referral_id: String,
    service: Option<ServiceView>,
    zone_id: String,
    postal_code: String,
    needs: Vec<Word>,
    urgency: Option<Word>,
    language: Option<Word>,
    age_band: Option<Word>,
    state: Option<Word>,
    state_since: Option<Moment>,
    decline_reason: Option<Word>,
    requested_at: Option<Moment>,
    takes_over_referral_id: String,
}

impl From<proto::Referral> for ReferralView {
    fn from(referral: proto::Referral) -> Self {
        Self {
            referral_id: referral.referral_id,
            situation_id: referral.situation_id,
            previous_referral_id: referral.previous_referral_id,
            service: referral.service.map(ServiceView::from),
            zone_id: referral.zone_id,
            postal_code: referral.postal_code,
            needs: Word::all::<Need>(&referral.needs),
            urgency: Word::of::<Urgency>(referral.urgency),
            language: Word::of::<Language>(referral.language),
            age_band: Word::of::<AgeBand>(referral.age_band),
            state: Word::of::<ReferralState>(referral.state),
            state_since: Moment::of(referral.state_since),
            decline_reason: Word::of::<DeclineReason>(referral.decline_reason),
            requested_at: Moment::of(referral.requested_at),
            takes_over_referral_id: referral.takes_over_referral_id,
        }
    }
}

impl View for ReferralView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let state: Vec<&Word> = self.state.iter().chain(&self.decline_reason).collect();
        let mut state = words(state);
        if !self.takes_over_referral_id.is_empty() {
            state.push_str(" (hand-over)");
        }
        vec![
            (
                "requested",
                self.requested_at
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("referral", self.referral_id.clone()),
            ("urgency", words(&self.urgency)),
            ("state", state),
            (
                "since",
                self.state_since
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("place", self.postal_code.clone()),
            ("needs", words(&self.needs)),
            ("language", words(&self.language)),
            ("age", words(&self.age_band)),
            (
                "service",
                self.service
                    .as_ref()
                    .map(|service| service.name.clone())
                    .unwrap_or_default(),
            ),
            (
                "partner",
                self.service
                    .as_ref()
                    .map(|service| service.organisation_id.clone())
                    .unwrap_or_default(),
            ),
            ("situation", self.situation_id.clone()),
        ]
    }
}

/// What may be done with a referral.
#[derive(Debug, Serialize)]
pub(crate) struct ActionsView {
    referral_id: String,
    actions: Vec<Word>,
}

impl ActionsView {
    /// The actions on a referral.
    pub(crate) fn new(referral_id: String, answer: &proto::AvailableActionsResponse) -> Self {
        let known = answer
            .actions()
            .filter(|action| *action != proto::Action::Unspecified);
        let actions = known.map(|action| {
            let name = action.as_str_name();
            Word::named(name.strip_prefix("ACTION_").unwrap_or(name).to_lowercase())
        });
        Self {
            referral_id,
            actions: actions.collect(),
        }
    }

    /// As a person reads it.
    pub(crate) fn text(&self) -> String {
        if self.actions.is_empty() {
            "nothing: it is over, or it is not yours to decide".to_owned()
        } else {
            words(&self.actions)
        }
    }
}

impl View for ActionsView {
    fn cells(&self, _local: &TimeZone) -> Vec<(&'static str, String)> {
        vec![
            ("referral", self.referral_id.clone()),
            ("you may", self.text()),
        ]
    }
}

/// Something a coordinator has to decide.
#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    item_id: String,
    situation_id: String,
    kind: Option<Word>,
    zone_id: String,
    postal_code: String,
    needs: Vec<Word>,
    urgency: Option<Word>,
    opened_at: Option<Moment>,
    other_candidates: Vec<ZoneView>,
    referral_id: String,
    escalated_at: Option<Moment>,
}

impl From<proto::Item> for ItemView {
    fn from(item: proto::Item) -> Self {
        Self {
            item_id: item.item_id,
            situation_id: item.situation_id,
            kind: Word::of::<ItemKind>(item.kind),
            zone_id: item.zone_id,
            postal_code: item.postal_code,
            needs: Word::all::<Need>(&item.needs),
            urgency: Word::of::<Urgency>(item.urgency),
            opened_at: Moment::of(item.opened_at),
            other_candidates: item
                .other_candidates
                .into_iter()
                .map(ZoneView::from)
                .collect(),
            referral_id: item.referral_id,
            escalated_at: Moment::of(item.escalated_at),
        }
    }
}

impl View for ItemView {
    fn cells(&self, local: &TimeZone) -> Vec<(&'static str, String)> {
        let other: Vec<&str> = self
            .other_candidates
            .iter()
            .map(|zone| zone.zone_id.as_str())
            .collect();
        vec![
            (
                "opened",
                self.opened_at.map(|at| at.text(local)).unwrap_or_default(),
            ),
            ("item", self.item_id.clone()),
            ("urgency", words(&self.urgency)),
            ("why here", words(&self.kind)),
            (
                "with the council since",
                self.escalated_at
                    .map(|at| at.text(local))
                    .unwrap_or_default(),
            ),
            ("place", self.postal_code.clone()),
            ("zone", self.zone_id.clone()),
            ("or zone", other.join(", ")),
            ("needs", words(&self.needs)),
            ("situation", self.situation_id.clone()),
            ("referral", self.referral_id.clone()),
        ]
    }
}
