//! A referral: one request to one partner's service, its states, and who may move it.

use std::fmt;

use jiff::Timestamp;
use knipperlicht_vocabulary::{
    DeclineReason, Need, OrganisationId, ReferralId, ReferralState, ServiceId, Urgency,
};

use super::case::Circumstances;

/// What a held referral waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// The carer's consent: no partner has seen it.
    ForConsent,
    /// The partner, who let it wait.
    ForPartner,
}

/// How a referral stood that gave way when two situations became one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Open {
    /// The partner was asked.
    Requested,
    /// It waited.
    Held(Waiting),
}

/// Where a referral stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The partner was asked.
    Requested,
    /// It waits.
    Held(Waiting),
    /// The partner takes it.
    Accepted,
    /// The partner does not take it.
    Declined(DeclineReason),
    /// It was sent on to another service.
    Redirected,
    /// The partner was silent for too long.
    Expired,
    /// It is over without a follow-up.
    Cancelled,
    /// Its situation and another one are one, in which somebody is asked for the same. If they
    /// are split, it stands as it did.
    Merged(Open),
}

/// What can happen to a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// The partner takes it.
    Accept,
    /// The partner does not take it.
    Decline(DeclineReason),
    /// Somebody sends it on.
    Redirect,
    /// Another service takes its follow-up over.
    HandOver,
    /// The partner lets it wait.
    Hold,
    /// The partner takes it out of waiting.
    Release,
    /// The carer agrees.
    Consent,
    /// The partner was silent for too long.
    Expire,
    /// A coordinator, or a consent or signal taken back, ends it.
    Cancel,
    /// Two situations become one: another referral asks for the same.
    Merge,
    /// They are two again.
    Unmerge,
}

/// Who moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The partner whose service was asked.
    Partner,
    /// A coordinator of the zone.
    Coordinator,
}

/// A move that this state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the referral is {state} and cannot be {tried}; what can be done now: {}", self.allowed())]
pub struct InvalidTransition {
    state: State,
    tried: Move,
}

impl State {
    /// The state after `step` (DESIGN.md, section 3). Accepting twice is harmless.
    pub const fn after(self, step: Move) -> Result<Self, InvalidTransition> {
        use State::{Accepted, Cancelled, Declined, Expired, Held, Merged, Redirected, Requested};
        use Waiting::{ForConsent, ForPartner};
        match (self, step) {
            (Requested | Held(ForPartner) | Accepted, Move::Accept) => Ok(Accepted),
            (Requested | Held(ForPartner), Move::Decline(reason)) => Ok(Declined(reason)),
            (Requested, Move::Redirect) | (Accepted, Move::HandOver) => Ok(Redirected),
            (Requested, Move::Hold) => Ok(Held(ForPartner)),
            (Requested, Move::Expire) => Ok(Expired),
            (Held(ForPartner), Move::Release)
            | (Held(ForConsent), Move::Consent)
            | (Merged(Open::Requested), Move::Unmerge) => Ok(Requested),
            (Requested | Held(_), Move::Cancel) => Ok(Cancelled),
            (Requested, Move::Merge) => Ok(Merged(Open::Requested)),
            (Held(waiting), Move::Merge) => Ok(Merged(Open::Held(waiting))),
            (Merged(Open::Held(waiting)), Move::Unmerge) => Ok(Held(waiting)),
            (state, tried) => Err(InvalidTransition { state, tried }),
        }
    }

    /// What `actor` may do now.
    pub fn moves(self, actor: Actor) -> impl Iterator<Item = Move> {
        let moves: &[Move] = match actor {
            Actor::Partner => &[
                Move::Accept,
                Move::Decline(DeclineReason::Other),
                Move::Redirect,
                Move::Hold,
                Move::Release,
                Move::HandOver,
            ],
            Actor::Coordinator => &[Move::Redirect, Move::Cancel, Move::HandOver],
        };
        // Accepting again is harmless, but nothing to offer.
        let changes = move |step: &Move| self.after(*step).is_ok_and(|after| after != self);
        moves.iter().copied().filter(changes)
    }

    /// Whether it waits for an answer.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Held(_))
    }

    /// Whether it gave way to another referral.
    #[must_use]
    pub const fn gave_way(self) -> bool {
        matches!(self, Self::Merged(_))
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> ReferralState {
        match self {
            Self::Requested => ReferralState::Requested,
            Self::Held(_) => ReferralState::Held,
            Self::Accepted => ReferralState::Accepted,
            Self::Declined(_) => ReferralState::Declined,
            Self::Redirected => ReferralState::Redirected,
            Self::Expired => ReferralState::Expired,
            Self::Cancelled => ReferralState::Cancelled,
            Self::Merged(_) => ReferralState::Merged,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(Waiting::ForConsent) => f.write_str("waiting for the carer's consent"),
            other => other.code().fmt(f),
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accepted",
            Self::Decline(_) => "declined",
            Self::Redirect => "redirected",
            Self::HandOver => "handed over",
            Self::Hold => "held",
            Self::Release => "released",
            Self::Consent => "requested",
            Self::Expire => "expired",
            Self::Cancel => "cancelled",
            Self::Merge => "merged",
            Self::Unmerge => "split",
        })
    }
}

impl InvalidTransition {
    fn allowed(self) -> String {
        let named = |step: Move| match step {
            Move::Accept => "accept",
            Move::Decline(_) => "decline",
            Move::Redirect => "redirect",
            Move::HandOver => "hand over",
            Move::Hold => "hold",
            Move::Release => "release",
            Move::Cancel => "cancel (a coordinator)",
            Move::Consent | Move::Expire | Move::Merge | Move::Unmerge => "wait",
        };
        let mut moves: Vec<&str> = Vec::new();
        for step in [Actor::Partner, Actor::Coordinator]
            .into_iter()
            .flat_map(|actor| self.state.moves(actor))
        {
            if !moves.contains(&named(step)) {
                moves.push(named(step));
            }
        }
        if moves.is_empty() {
            "nothing".to_owned()
        } else {
            moves.join(", ")
        }
    }
}

/// One request to one partner's service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// The referral.
    pub id: ReferralId,
    /// The referral this one follows on.
    pub previous: Option<ReferralId>,
    /// The accepted referral whose follow-up its partner wants to hand over to this one.
    pub takes_over: Option<ReferralId>,
    /// The service that is asked.
    pub service: ServiceId,
    /// Its organisation.
    pub organisation: OrganisationId,
    /// Where, in which language, at what age: what the partner may know before accepting.
    pub circumstances: Circumstances,
    /// The needs it is asked to meet, the most pressing first.
    pub needs: Vec<Need>,
    /// How soon.
    pub urgency: Urgency,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub state_since: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the partner was first asked; never, while it waits for consent.
    pub requested_at: Option<Timestamp>,
    /// Whether its follow-up came to an end, so that its needs may be asked anew.
    pub followed_up: bool,
}

impl Referral {
    /// Lets `step` happen.
    pub fn step(&mut self, step: Move, at: Timestamp) -> Result<(), InvalidTransition> {
        let after = self.state.after(step)?;
        if after != self.state {
            self.state = after;
            self.state_since = at;
            // What comes back was asked when it was asked.
            if after == State::Requested && step != Move::Unmerge {
                self.requested_at = Some(at);
            }
        }
        Ok(())
    }

    /// What `actor` may do with it now. A follow-up that ended is nothing to hand over.
    pub fn moves(&self, actor: Actor) -> impl Iterator<Item = Move> {
        let ended = self.followed_up;
        self.state
            .moves(actor)
            .filter(move |step| !(ended && *step == Move::HandOver))
    }

    /// Whether its follow-up goes on.
    #[must_use]
    pub const fn is_followed_up(&self) -> bool {
        matches!(self.state, State::Accepted) && !self.followed_up
    }

    /// Whether somebody sees to its needs, or is being asked to.
    #[must_use]
    pub const fn covers(&self) -> bool {
        self.state.is_open() || self.is_followed_up()
    }

    /// Whether its service was asked in vain.
    #[must_use]
    pub const fn was_in_vain(&self) -> bool {
        matches!(
            self.state,
            State::Declined(_) | State::Redirected | State::Expired
        )
    }
}

#[cfg(test)]
mod tests;
