//! One situation: what each service knows of it, and where it stands.

use jiff::Timestamp;
use knipperlicht_assessment::model::Inputs;
use knipperlicht_followup::model::{Attempt, State, promised_while};
use knipperlicht_routing::model::{
    case::Case, need_set::NeedSet, referral::State as ReferralState,
};
use knipperlicht_vocabulary::{ClockKind, Consent, ReferralId, SituationId};

use crate::{
    clock::{About, Clocks},
    population::Carer,
};

/// One situation.
#[derive(Debug, Clone)]
pub struct Course {
    /// Which.
    pub situation: SituationId,
    /// When it was first flagged.
    pub flagged_at: Timestamp,
    /// What the carer agreed to, and how often they were asked.
    pub consent: (Consent, i64),
    /// When a partner was first asked.
    pub asked_at: Option<Timestamp>,
    /// By when a first talk was promised then.
    pub promised_by: Option<Timestamp>,
    /// When somebody first talked to the carer.
    pub reached_at: Option<Timestamp>,
    /// What assessment knows.
    pub inputs: Inputs,
    /// What routing knows.
    pub case: Case,
    /// What follow-up knows: one follow-up for each referral that was accepted.
    pub followed: Vec<Followed>,
    /// Its promises.
    pub clocks: Clocks,
    /// Referrals that a coordinator gave to a service.
    pub(crate) assigned: Vec<ReferralId>,
    pub(crate) carer: Carer,
}

/// One follow-up.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Of which referral.
    pub referral: ReferralId,
    /// Where it stands.
    pub state: State,
    /// When it began.
    pub opened_at: Timestamp,
    pub(crate) desk: usize,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) sessions_left: u32,
    pub(crate) times_asked: u8,
}

/// Where a situation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The carer was heard, or asked in vain, and nothing is left to do.
    Ended,
    /// The carer refused: on record, and nothing follows.
    NotShared,
    /// Something is under way, and these promises say what, the first made first.
    Open(Vec<ClockKind>),
    /// Nobody is at it, and nothing says why: this must never be.
    Lost(&'static str),
}

impl Course {
    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if let Some(why) = self.lost() {
            return Standing::Lost(why);
        }
        let open = self
            .clocks
            .iter()
            .filter(|clock| clock.stopped_at.is_none());
        let open: Vec<ClockKind> = open.map(|clock| clock.kind).collect();
        if !open.is_empty() {
            Standing::Open(open)
        } else if self.case.withheld.is_some() {
            Standing::NotShared
        } else {
            Standing::Ended
        }
    }

    fn lost(&self) -> Option<&'static str> {
        let Some(situation) = &self.case.situation else {
            return Some("routing never heard of it");
        };
        let wanted = NeedSet::from(situation.needs.as_slice());
        if !wanted.without(self.seen_to()).is_empty() {
            return Some("nobody sees to a need");
        }
        let runs = |about, kind| self.clocks.open(about, kind).is_some();
        for referral in &self.case.referrals {
            let kind = match referral.state {
                ReferralState::Accepted => {
                    let mut followed = self.followed.iter();
                    let Some(followed) = followed.find(|one| one.referral == referral.id) else {
                        return Some("accepted, and nobody follows it up");
                    };
                    followed.state.promise()
                }
                open => promised_while(open.code()),
            };
            if kind.is_some_and(|kind| !runs(About::Referral(referral.id), kind)) {
                return Some("a referral without its promise");
            }
        }
        let unpromised = |item: &knipperlicht_routing::model::case::Item| {
            !runs(About::Item(item.id), ClockKind::Coordinator)
        };
        if self.case.items.iter().any(unpromised) {
            return Some("a coordinator's item without its promise");
        }
        None
    }

    /// The needs that somebody sees to or saw to, or that are on record as withheld.
    fn seen_to(&self) -> NeedSet {
        let ended = self.case.referrals.iter().filter(|one| one.followed_up);
        let ended = ended.flat_map(|one| &one.needs);
        let withheld = self.case.withheld.iter().flat_map(|one| &one.needs);
        let these: NeedSet = ended.chain(withheld).copied().collect();
        these.or(self.case.covered())
    }
}
