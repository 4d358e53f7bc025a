//! The follow-up of one accepted referral: where it stands and what may happen to it.

use std::fmt;

use jiff::Timestamp;
use knipperlicht_vocabulary::{
    ClockKind, ContactResult, FollowUpState, OrganisationId, ReferralId, SituationId, TaskId,
    Urgency, ZoneId,
};

use super::{Outcome, PlannedVisit, Silence, Timeliness, VisitResult};

/// The follow-up of one accepted referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The follow-up.
    pub id: TaskId,
    /// The situation.
    pub situation: SituationId,
    /// The referral.
    pub referral: ReferralId,
    /// The partner organisation.
    pub organisation: OrganisationId,
    /// The zone.
    pub zone: ZoneId,
    /// How soon.
    pub urgency: Urgency,
    /// Where it stands.
    pub state: State,
}

/// Where a follow-up stands, with what is true there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Accepted; nobody tried to reach the carer yet.
    Open,
    /// Tried, not reached.
    ContactAttempted,
    /// The carer was reached.
    Contacted,
    /// A visit is planned.
    Scheduled {
        /// For when.
        visit_at: Timestamp,
    },
    /// The visit took place.
    Seen,
    /// The visit did not take place.
    Missed,
    /// The partner closed it, and the carer is heard yet.
    Completed {
        /// How it ended.
        outcome: Outcome,
        /// Whether by the promised day.
        timeliness: Timeliness,
    },
    /// The carer was asked and kept silent, and a coordinator let it rest. For everybody else it is
    /// completed.
    AtRest {
        /// How it ended.
        outcome: Outcome,
        /// Whether by the promised day.
        timeliness: Timeliness,
    },
    /// The carer says that it helped.
    Confirmed {
        /// How it ended.
        outcome: Outcome,
        /// Whether by the promised day.
        timeliness: Timeliness,
    },
    /// Closed too early: as `Open`, and on record that it was closed before.
    Reopened,
}

/// What somebody does to a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Tries to reach the carer, with this result.
    Contact(ContactResult),
    /// Plans a visit, or plans it anew.
    Schedule(PlannedVisit),
    /// Says what came of a visit.
    Visit(VisitResult),
    /// Closes it.
    Complete(Outcome, Timeliness),
    /// Asks the carer whether it helped.
    AskCarer,
    /// The carer says that it helped.
    Confirm,
    /// Opens it again.
    Reopen,
    /// Closes the loop of a carer who does not answer.
    LetRest(Silence),
}

/// What sort of thing somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// See [`Action::Contact`].
    Contact,
    /// See [`Action::Schedule`].
    Schedule,
    /// See [`Action::Visit`].
    Visit,
    /// See [`Action::Complete`].
    Complete,
    /// See [`Action::AskCarer`].
    AskCarer,
    /// See [`Action::Confirm`].
    Confirm,
    /// See [`Action::Reopen`].
    Reopen,
    /// See [`Action::LetRest`].
    LetRest,
}

/// A move that does not go with where the follow-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a follow-up that is `{state}` does not allow to {action}; it allows to {}", list(.allowed))]
pub struct InvalidTransition {
    /// Where it stands.
    pub state: FollowUpState,
    /// What was wanted.
    pub action: ActionKind,
    /// What is possible instead.
    pub allowed: &'static [ActionKind],
}

impl State {
    /// Where it stands once `action` is done.
    ///
    /// Completing is possible from every open state, for a carer may move away, or help may come
    /// from elsewhere, before anybody is reached. Completing again with the same outcome changes
    /// nothing: an answer that was lost is asked for again.
    #[allow(
        clippy::match_same_arms,
        reason = "a table: a line for every kind of move"
    )]
    pub fn after(self, action: Action) -> Result<Self, InvalidTransition> {
        use Action::{AskCarer, Complete, Confirm, Contact, LetRest, Reopen, Schedule, Visit};
        use State::{
            AtRest, Completed, Confirmed, ContactAttempted, Contacted, Missed, Open, Reopened,
            Scheduled, Seen,
        };

        match (self, action) {
            (Open | ContactAttempted | Reopened, Contact(ContactResult::Reached)) => Ok(Contacted),
            (
                Open | ContactAttempted | Reopened,
                Contact(ContactResult::NoAnswer | ContactResult::MessageLeft),
            ) => Ok(ContactAttempted),
            // Once reached, a call that is not answered does not undo it.
            (Contacted | Scheduled { .. } | Seen | Missed, Contact(_)) => Ok(self),

            (Contacted | Scheduled { .. } | Seen | Missed, Schedule(visit)) => Ok(Scheduled {
                visit_at: visit.at(),
            }),
            (Scheduled { .. }, Visit(VisitResult::Seen)) => Ok(Seen),
            (Scheduled { .. }, Visit(VisitResult::Missed)) => Ok(Missed),

            (
                Open | ContactAttempted | Contacted | Scheduled { .. } | Seen | Missed | Reopened,
                Complete(outcome, timeliness),
            ) => Ok(Completed {
                outcome,
                timeliness,
            }),
            (
                Completed { outcome, .. } | AtRest { outcome, .. } | Confirmed { outcome, .. },
                Complete(again, _),
            ) if outcome == again => Ok(self),

            // Also at rest: whoever meets the carer after all may ask.
            (Completed { .. } | AtRest { .. }, AskCarer) => Ok(self),
            (
                Completed {
                    outcome,
                    timeliness,
                },
                LetRest(_),
            ) => Ok(AtRest {
                outcome,
                timeliness,
            }),
            (AtRest { .. }, LetRest(_)) => Ok(self),
            (
                Completed {
                    outcome,
                    timeliness,
                }
                | AtRest {
                    outcome,
                    timeliness,
                },
                Confirm,
            ) => Ok(Confirmed {
                outcome,
                timeliness,
            }),
            // A second link says the same as the first.
            (Confirmed { .. }, Confirm) => Ok(self),
            (Completed { .. } | AtRest { .. } | Confirmed { .. }, Reopen) => Ok(Reopened),

            (state, action) => Err(state.refusal(action.kind())),
        }
    }

    /// Why that does not go with where it stands.
    #[must_use]
    pub const fn refusal(self, action: ActionKind) -> InvalidTransition {
        InvalidTransition {
            state: self.code(),
            action,
            allowed: self.allowed(),
        }
    }

    /// What may happen next.
    #[must_use]
    pub const fn allowed(self) -> &'static [ActionKind] {
        use ActionKind::{AskCarer, Complete, Confirm, Contact, LetRest, Reopen, Schedule, Visit};

        match self {
            Self::Open | Self::ContactAttempted | Self::Reopened => &[Contact, Complete],
            Self::Contacted | Self::Seen | Self::Missed => &[Contact, Schedule, Complete],
            Self::Scheduled { .. } => &[Contact, Schedule, Visit, Complete],
            Self::Completed { .. } => &[AskCarer, Confirm, Reopen, LetRest],
            Self::AtRest { .. } => &[AskCarer, Confirm, Reopen],
            Self::Confirmed { .. } => &[Reopen],
        }
    }

    /// The promise that runs meanwhile. There is one until the carer says that it helped, or was
    /// asked in vain.
    #[must_use]
    pub const fn promise(self) -> Option<ClockKind> {
        match self {
            Self::Open | Self::ContactAttempted | Self::Reopened => Some(ClockKind::FirstContact),
            Self::Contacted | Self::Scheduled { .. } | Self::Seen | Self::Missed => {
                Some(ClockKind::Outcome)
            }
            Self::Completed { .. } => Some(ClockKind::Confirmation),
            Self::AtRest { .. } | Self::Confirmed { .. } => None,
        }
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> FollowUpState {
        match self {
            Self::Open => FollowUpState::Open,
            Self::ContactAttempted => FollowUpState::ContactAttempted,
            Self::Contacted => FollowUpState::Contacted,
            Self::Scheduled { .. } => FollowUpState::Scheduled,
            Self::Seen => FollowUpState::Seen,
            Self::Missed => FollowUpState::Missed,
            Self::Completed { .. } | Self::AtRest { .. } => FollowUpState::Completed,
            Self::Confirmed { .. } => FollowUpState::Confirmed,
            Self::Reopened => FollowUpState::Reopened,
        }
    }

    /// Whether there is work to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        self.ending().is_none()
    }

    /// The codes of the states in which there is work to do.
    #[must_use]
    pub const fn open_codes() -> [FollowUpState; 7] {
        [
            FollowUpState::Open,
            FollowUpState::ContactAttempted,
            FollowUpState::Contacted,
            FollowUpState::Scheduled,
            FollowUpState::Seen,
            FollowUpState::Missed,
            FollowUpState::Reopened,
        ]
    }

    /// How it ended, once closed.
    #[must_use]
    pub const fn ending(self) -> Option<(Outcome, Timeliness)> {
        match self {
            Self::Completed {
                outcome,
                timeliness,
            }
            | Self::AtRest {
                outcome,
                timeliness,
            }
            | Self::Confirmed {
                outcome,
                timeliness,
            } => Some((outcome, timeliness)),
            _ => None,
        }
    }

    /// The planned visit, where one is.
    #[must_use]
    pub const fn visit_at(self) -> Option<Timestamp> {
        match self {
            Self::Scheduled { visit_at } => Some(visit_at),
            _ => None,
        }
    }
}

impl Action {
    /// What sort of thing it is.
    #[must_use]
    pub const fn kind(self) -> ActionKind {
        match self {
            Self::Contact(_) => ActionKind::Contact,
            Self::Schedule(_) => ActionKind::Schedule,
            Self::Visit(_) => ActionKind::Visit,
            Self::Complete(..) => ActionKind::Complete,
            Self::AskCarer => ActionKind::AskCarer,
            Self::Confirm => ActionKind::Confirm,
            Self::Reopen => ActionKind::Reopen,
            Self::LetRest(_) => ActionKind::LetRest,
        }
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contact => "record a contact",
            Self::Schedule => "plan a visit",
            Self::Visit => "record a visit",
            Self::Complete => "complete it",
            Self::AskCarer => "ask the carer",
            Self::Confirm => "confirm it",
            Self::Reopen => "reopen it",
            Self::LetRest => "close the loop",
        })
    }
}

fn list(actions: &[ActionKind]) -> String {
    let names: Vec<String> = actions.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
