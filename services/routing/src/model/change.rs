//! What follows from an event or a call: written and said by the shell, decided here.

use knipperlicht_vocabulary::{ItemId, OrganisationId, ReferralId, SignalId, SituationId, ZoneId};

use super::{
    case::{Item, Situation, Withheld},
    record::Record,
    referral::{Referral, State},
};

/// One thing that changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<'d> {
    /// The facts of the situation.
    Learned(Box<Situation>),
    /// A decision was taken.
    Decided(Box<Record<'d>>),
    /// A referral was made.
    Referred(Box<Referral>),
    /// A referral moved.
    Moved {
        /// Where it stood.
        from: State,
        /// As it stands now.
        referral: Box<Referral>,
        /// The referral that takes its place, where it was redirected.
        next: Option<ReferralId>,
    },
    /// A referral was accepted, and the follow-up of another one goes over to it.
    TookOver {
        /// Where it stood.
        from: State,
        /// As it stands now.
        referral: Box<Referral>,
        /// Whose follow-up it was.
        giver: ReferralId,
        /// Its organisation, where it has no other referral of the situation in hand.
        leaving: Option<OrganisationId>,
    },
    /// A referral has become more urgent.
    Raised(Box<Referral>),
    /// A coordinator has to decide something.
    Opened(Box<Item>),
    /// A coordinator has no longer to decide it.
    Closed(ItemId),
    /// A coordinator has no longer to decide it, for two situations became one.
    GaveWay(ItemId),
    /// A coordinator has to decide it again, or goes on having to, for they are two again.
    CameBack(Box<Item>),
    /// The coordinator was silent for too long: it lies with the zone's council too.
    Escalated(ItemId),
    /// No referral is made.
    Withheld(Withheld),
    /// The reason for making none is gone.
    Lifted,
    /// A signal was taken back: an assessment of it that comes later does nothing.
    TakenBack(SignalId),
    /// The follow-up of a referral ended, or began again.
    FollowedUp(ReferralId, FollowUp),
}

/// How it stands with a follow-up, as far as routing cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// It ended: the needs may be asked anew.
    Ended,
    /// It is open again.
    Resumed,
}

/// Everything that changes for one situation, in the order in which it is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'d> {
    /// The situation.
    pub situation: SituationId,
    /// Its zone.
    pub zone: ZoneId,
    /// What changes.
    pub changes: Vec<Change<'d>>,
}

impl Plan<'_> {
    /// Whether the reason for making no referral is gone.
    #[must_use]
    pub fn lifts(&self) -> bool {
        self.changes.contains(&Change::Lifted)
    }
}
