//! The steps that events and calls have in common: ask services, turn to a coordinator, cancel.

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{
    ClockKind, Consent, ItemId, ItemKind, Need, ReferralId, Urgency, ZoneId,
};
use knipperlicht_zones::ZoneTable;
use uuid::Uuid;

use super::{
    case::{Circumstances, History, Item, Situation},
    change::Change,
    decision::{Question, Tables, decide},
    directory::Service,
    record::{Record, Versions},
    referral::{InvalidTransition, Move, Referral, State, Waiting},
};

/// What everything is decided from besides the case itself.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'d> {
    /// What decisions are taken from.
    pub tables: Tables<'d>,
    /// The zone table.
    pub zones: &'d ZoneTable,
    /// When.
    pub at: Timestamp,
    /// The day that is in Belgium.
    pub today: Date,
}

/// What is asked for: these needs, this soon, by whom not.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) needs: Vec<Need>,
    pub(crate) urgency: Urgency,
    pub(crate) history: History,
    pub(crate) previous: Option<ReferralId>,
}

/// Collects what changes. Ids of what it makes are derived from `cause`, so that the same cause
/// makes the same things however often it is handled.
pub(crate) struct Planner<'d, 'g> {
    ground: &'g Ground<'d>,
    cause: Uuid,
    made: u32,
    pub(crate) changes: Vec<Change<'d>>,
}

impl<'d, 'g> Planner<'d, 'g> {
    pub(crate) const fn new(ground: &'g Ground<'d>, cause: Uuid) -> Self {
        Self {
            ground,
            cause,
            made: 0,
            changes: Vec::new(),
        }
    }

    /// Asks the services that cover the needs best. The needs that none covers come back.
    pub(crate) fn ask(&mut self, situation: &Situation, request: Request) -> Vec<Need> {
        let Request {
            needs,
            urgency,
            history: History { asked, knows },
            previous,
        } = request;
        let circumstances = situation.circumstances.clone();
        let (at, on) = (self.ground.at, self.ground.today);
        let question = Question {
            situation: situation.id,
            circumstances,
            needs,
            urgency,
            asked,
            knows,
            at,
            on,
        };
        let decision = decide(&self.ground.tables, &question);
        let referrals: Vec<Referral> = decision
            .chosen
            .iter()
            .map(|choice| {
                self.referral(
                    situation,
                    choice.service,
                    choice.needs.clone(),
                    urgency,
                    previous,
                )
            })
            .collect();
        let uncovered = decision.uncovered.clone();
        self.changes.push(Change::Decided(Box::new(Record {
            question,
            decision,
            versions: Versions::of(self.ground),
        })));
        self.changes.extend(
            referrals
                .into_iter()
                .map(|referral| Change::Referred(Box::new(referral))),
        );
        uncovered
    }

    /// Another zone that the postal code may belong to today, where one is `wanted`.
    pub(crate) fn other_zone(
        &self,
        circumstances: &Circumstances,
        wanted: impl Fn(&ZoneId) -> bool,
    ) -> Option<ZoneId> {
        let ground = self.ground;
        let resolution = ground
            .zones
            .resolve(circumstances.postal_code, ground.today)
            .ok()?;
        let found = resolution
            .candidates()
            .map(|zone| &zone.id)
            .find(|zone| **zone != circumstances.zone && wanted(zone));
        found.cloned()
    }

    /// A new referral to `service`: shown to the partner only if the carer's consent allows it
    /// (rule 3).
    pub(crate) fn referral(
        &mut self,
        situation: &Situation,
        service: &Service,
        needs: Vec<Need>,
        urgency: Urgency,
        previous: Option<ReferralId>,
    ) -> Referral {
        let at = self.ground.at;
        let allowed = situation.agreement.consent.allows_sharing();
        let state = if allowed {
            State::Requested
        } else {
            State::Held(Waiting::ForConsent)
        };
        Referral {
            id: ReferralId::derived(self.cause, &self.part()),
            previous,
            takes_over: None,
            service: service.id.clone(),
            organisation: service.organisation.clone(),
            circumstances: situation.circumstances.clone(),
            needs,
            urgency,
            state,
            state_since: at,
            created_at: at,
            requested_at: allowed.then_some(at),
            followed_up: false,
        }
    }

    /// Turns to a coordinator.
    pub(crate) fn open(
        &mut self,
        situation: &Situation,
        kind: ItemKind,
        needs: Vec<Need>,
        urgency: Urgency,
        referral: Option<ReferralId>,
    ) {
        let item = Item {
            id: ItemId::derived(self.cause, &self.part()),
            kind,
            referral,
            promise: None,
            circumstances: situation.circumstances.clone(),
            needs,
            urgency,
            opened_at: self.ground.at,
            escalated_at: None,
        };
        self.changes.push(Change::Opened(Box::new(item)));
    }

    /// Has a coordinator see to a promise that was not kept, and to nothing else: the needs are with
    /// whoever has the referral in hand.
    pub(crate) fn open_late(
        &mut self,
        situation: &Situation,
        referral: &Referral,
        promise: ClockKind,
    ) {
        let item = Item {
            id: ItemId::derived(self.cause, &self.part()),
            kind: ItemKind::Late,
            referral: Some(referral.id),
            promise: Some(promise),
            circumstances: situation.circumstances.clone(),
            needs: Vec::new(),
            urgency: referral.urgency,
            opened_at: self.ground.at,
            escalated_at: None,
        };
        self.changes.push(Change::Opened(Box::new(item)));
    }

    /// Lets a referral take a step. The referral as it stands then comes back.
    pub(crate) fn step(
        &mut self,
        mut referral: Referral,
        step: Move,
    ) -> Result<Referral, InvalidTransition> {
        let from = referral.state;
        referral.step(step, self.ground.at)?;
        if referral.state != from {
            self.changes.push(Change::Moved {
                from,
                referral: Box::new(referral.clone()),
                next: None,
            });
        }
        Ok(referral)
    }

    /// Ends a referral that is open. As it stands then, it comes back.
    pub(crate) fn cancel(&mut self, referral: &Referral) -> Option<Referral> {
        self.step(referral.clone(), Move::Cancel).ok()
    }

    /// Lets a referral be more urgent from now on.
    pub(crate) fn raise(&mut self, referral: &mut Referral, urgency: Urgency) {
        referral.urgency = urgency;
        self.changes
            .push(Change::Raised(Box::new(referral.clone())));
    }

    /// After a referral ended without success: the next candidate is asked, or a coordinator.
    /// There is no dead end.
    pub(crate) fn go_on(
        &mut self,
        situation: &Situation,
        ended: &Referral,
        history: History,
        otherwise: ItemKind,
    ) {
        if forbids(situation.agreement.consent) {
            return;
        }
        let request = Request {
            needs: ended.needs.clone(),
            urgency: ended.urgency,
            history,
            previous: Some(ended.id),
        };
        let uncovered = self.ask(situation, request);
        if !uncovered.is_empty() || ended.needs.is_empty() {
            self.open(
                situation,
                otherwise,
                uncovered,
                ended.urgency,
                Some(ended.id),
            );
        }
    }

    fn part(&mut self) -> String {
        let part = self.made.to_string();
        self.made += 1;
        part
    }
}

/// Whether the carer does not want a referral.
pub(crate) const fn forbids(consent: Consent) -> bool {
    matches!(consent, Consent::Refused | Consent::Withdrawn)
}
