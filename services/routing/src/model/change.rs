//! What follows from an event or a call: written and said by the shell, decided here.

use jiff::Timestamp;
use knipperlicht_vocabulary::{ItemId, OrganisationId, ReferralId, SignalId, SituationId, ZoneId};

use super::{
    case::{Case, Item, Situation, Withheld},
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

/// What is known once these changes took effect at `at`: what the store makes of its tables, for who
/// has none.
#[must_use]
pub fn in_effect(mut case: Case, changes: Vec<Change<'_>>, at: Timestamp) -> Case {
    for change in changes {
        match change {
            Change::Learned(situation) => case.situation = Some(*situation),
            Change::Referred(referral) => case.referrals.push(*referral),
            Change::Moved { from, referral, .. } | Change::TookOver { from, referral, .. } => {
                let known = case.referrals.iter_mut().find(|one| one.id == referral.id);
                debug_assert_eq!(
                    known.as_ref().map(|known| known.state),
                    Some(from),
                    "moved from where it does not stand"
                );
                if let Some(known) = known {
                    *known = *referral;
                }
            }
            Change::Raised(referral) => {
                let known = case.referrals.iter_mut().find(|one| one.id == referral.id);
                if let Some(known) = known {
                    *known = *referral;
                }
            }
            Change::Escalated(id) => {
                let item = case.items.iter_mut().find(|item| item.id == id);
                if let Some(item) = item {
                    item.escalated_at = Some(at);
                }
            }
            Change::Opened(item) | Change::CameBack(item) => case.items.push(*item),
            Change::Closed(id) | Change::GaveWay(id) => {
                let open = case.items.len();
                case.items.retain(|item| item.id != id);
                debug_assert_eq!(case.items.len() + 1, open, "closed what was not open");
            }
            Change::Withheld(withheld) => case.withheld = Some(withheld),
            Change::Lifted => {
                let withheld = case.withheld.take();
                debug_assert!(withheld.is_some(), "lifted what was not withheld");
            }
            Change::TakenBack(signal) => case.taken_back.push(signal),
            Change::FollowedUp(id, follow_up) => {
                let known = case.referrals.iter_mut().find(|one| one.id == id);
                if let Some(known) = known {
                    known.followed_up = follow_up == FollowUp::Ended;
                }
            }
            Change::Decided(_) => {}
        }
    }
    case
}
