//! What the four services make of what they hear, by their own rules, and which promises follow.

use std::mem;

use knipperlicht_assessment::model::{Inputs, SignalInput};
use knipperlicht_contracts::event::Service as Part;
use knipperlicht_followup::model::{State as FollowUp, due};
use knipperlicht_routing::model::{
    case::{Agreement, Case, Item},
    change::{Change, in_effect},
    hearing::{Assessed, Heard, hear},
    planner::Ground,
    referral::{Referral, State, Waiting},
};
use knipperlicht_vocabulary::{ClockKind, Consent, ItemKind, ReferralId, Urgency};

use super::{What, World};
use crate::{
    clock::{About, Clocks},
    course::{Course, Followed},
    population,
};

/// What follows from what routing changed, besides what it knows.
enum Effect {
    Asked(Referral),
    Held(Referral, Waiting),
    Accepted(Referral),
    Over(Referral, &'static str),
    Raised(ReferralId, Urgency),
    Opened(Item),
    Closed(knipperlicht_vocabulary::ItemId),
    Withheld,
    Decided,
}

impl World<'_> {
    /// Somebody flags a carer for the first time.
    pub(super) fn flag(&mut self) {
        let assumptions = self.setting.assumptions;
        let Some(carer) = population::carer(&mut self.chance, assumptions, self.place) else {
            return;
        };
        let (consent, agrees_later) = population::consent(&mut self.chance, assumptions);
        self.courses.push(Course {
            situation: self.chance.uuid().into(),
            flagged_at: self.now,
            consent: (consent, 1),
            asked_at: None,
            promised_by: None,
            reached_at: None,
            inputs: Inputs::default(),
            case: Case::default(),
            followed: Vec::new(),
            clocks: Clocks::default(),
            assigned: Vec::new(),
            carer,
        });
        let course = self.courses.len() - 1;
        if agrees_later {
            let days = self
                .chance
                .around(assumptions.flagging.days_until_agreed.value);
            self.plan_in(days, What::Agrees(course));
        }
        if self
            .chance
            .happens(assumptions.flagging.flagged_again.value)
        {
            let days = self
                .chance
                .around(assumptions.flagging.days_until_again.value);
            self.plan_in(days, What::FlagAgain(course));
        }
        let urgency = self.signal(course);
        if self.counts() {
            self.tally.situations += 1;
            *self.tally.urgencies.entry(urgency).or_default() += 1;
        }
    }

    pub(super) fn flag_again(&mut self, course: usize) {
        self.signal(course);
    }

    /// A signal: intake says it, assessment judges the situation, routing hears that.
    fn signal(&mut self, course: usize) -> Urgency {
        self.call(Part::Intake);
        self.say("knipperlicht.signal.flagged.v1");
        if self.counts() {
            self.hour().signals += 1;
        }
        let observations = {
            let carer = &self.courses[course].carer;
            population::seen(&mut self.chance, self.setting.assumptions, carer)
        };
        let signal = SignalInput {
            signal: self.chance.uuid().into(),
            at: self.now,
            role: None,
            observations,
        };
        let id = signal.signal;
        let known = &mut self.courses[course];
        known.inputs = mem::take(&mut known.inputs).with_signal(signal);
        let judgement = self.setting.rules.triage.current().judge(&known.inputs);
        let (consent, sequence) = known.consent;
        let assessed = Assessed {
            signal: id,
            urgency: judgement.urgency,
            needs: judgement.needs,
            circumstances: known.carer.circumstances.clone(),
            agreement: Agreement { consent, sequence },
        };
        self.say("knipperlicht.assessment.completed.v1");
        let urgency = assessed.urgency;
        self.hear(course, Heard::Assessed(assessed));
        urgency
    }

    /// A carer who was not asked agrees.
    pub(super) fn agrees(&mut self, course: usize) {
        self.call(Part::Intake);
        self.say("knipperlicht.situation.consent_changed.v1");
        let known = &mut self.courses[course];
        let (_, sequence) = known.consent;
        known.consent = (Consent::Given, sequence + 1);
        let agreement = Agreement {
            consent: Consent::Given,
            sequence: sequence + 1,
        };
        let circumstances = known.carer.circumstances.clone();
        self.hear(course, Heard::Agreed(circumstances, agreement));
    }

    /// Routing hears something of a situation.
    pub(super) fn hear(&mut self, course: usize, what: Heard) {
        let event = self.chance.uuid();
        let id = self.courses[course].situation;
        let _ = self.decide(course, |case, ground| {
            Ok::<_, ()>(hear(id, case, what, event, ground))
        });
    }

    /// Routing decides, and all that follows from it takes effect; nothing where it refuses.
    pub(super) fn decide<E>(
        &mut self,
        course: usize,
        rule: impl for<'d> FnOnce(Case, &Ground<'d>) -> Result<Vec<Change<'d>>, E>,
    ) -> Result<(), E> {
        let books = self.books.clone();
        let ground = books.ground(self.now);
        let case = self.courses[course].case.clone();
        let changes = rule(case, &ground)?;
        let effects: Vec<Effect> = changes.iter().filter_map(effect).collect();
        let case = mem::take(&mut self.courses[course].case);
        self.courses[course].case = in_effect(case, changes, self.now);
        for effect in effects {
            self.take_effect(course, effect);
        }
        Ok(())
    }

    fn take_effect(&mut self, course: usize, effect: Effect) {
        match effect {
            Effect::Asked(referral) => self.asked(course, &referral),
            Effect::Held(referral, waiting) => {
                self.say("knipperlicht.referral.held.v1");
                if waiting == Waiting::ForPartner {
                    let now = self.now;
                    self.courses[course].clocks.pause(referral.id, now);
                }
                let about = About::Referral(referral.id);
                self.promise(course, ClockKind::Held, about, referral.urgency);
            }
            Effect::Accepted(referral) => self.accepted(course, &referral),
            Effect::Over(referral, event) => {
                self.say(event);
                let kinds = [ClockKind::Accept, ClockKind::Held];
                self.stop(course, About::Referral(referral.id), &kinds);
                let desk = self.desk_of.get(&referral.service);
                if let Some(desk) = desk.filter(|_| referral.state == State::Expired) {
                    self.desks[*desk].note(self.now, None);
                }
            }
            Effect::Raised(referral, urgency) => {
                self.say("knipperlicht.referral.raised.v1");
                let clocks = &mut self.courses[course].clocks;
                for clock in clocks.hasten(referral, urgency, self.calendar, self.now) {
                    if let Some(due) = self.courses[course].clocks.due(clock) {
                        self.queue.plan(due, What::Due(course, clock));
                    }
                }
            }
            Effect::Opened(item) => self.opened(course, &item),
            Effect::Closed(item) => {
                self.say("knipperlicht.referral.item_closed.v1");
                let about = About::Item(item);
                let clocks = &self.courses[course].clocks;
                let clock = clocks.open(about, ClockKind::Coordinator);
                if clock.is_some_and(|clock| clock.breached_at.is_none()) {
                    self.kept(ClockKind::Coordinator, true);
                }
                self.stop(course, about, &[]);
            }
            Effect::Withheld => self.say("knipperlicht.referral.withheld.v1"),
            Effect::Decided if self.counts() => self.tally.decisions += 1,
            Effect::Decided => {}
        }
    }

    fn asked(&mut self, course: usize, referral: &Referral) {
        self.say("knipperlicht.referral.requested.v1");
        let about = About::Referral(referral.id);
        self.stop(course, about, &[ClockKind::Held]);
        let accept = self.promise(course, ClockKind::Accept, about, referral.urgency);
        let known = &mut self.courses[course];
        if known.asked_at.is_none() {
            known.asked_at = Some(self.now);
            // What a carer can count on: somebody takes it, then somebody calls.
            let kind = ClockKind::FirstContact;
            known.promised_by = Some(due(self.calendar, kind, referral.urgency, accept));
        }
        self.request(course, referral);
    }

    fn accepted(&mut self, course: usize, referral: &Referral) {
        self.say("knipperlicht.referral.accepted.v1");
        // Intake shares who it is.
        self.say("knipperlicht.situation.shared.v1");
        let about = About::Referral(referral.id);
        let in_time = {
            let clock = self.courses[course].clocks.open(about, ClockKind::Accept);
            clock.map(|clock| clock.breached_at.is_none())
        };
        if let Some(in_time) = in_time {
            self.kept(ClockKind::Accept, in_time);
        }
        self.stop(course, about, &[ClockKind::Accept, ClockKind::Held]);
        let Some(desk) = self.desk_of.get(&referral.service).copied() else {
            return;
        };
        self.courses[course].followed.push(Followed {
            referral: referral.id,
            state: FollowUp::Open,
            opened_at: self.now,
            desk,
            attempts: Vec::new(),
            sessions_left: 0,
            times_asked: 0,
        });
        let followed = self.courses[course].followed.len() - 1;
        let due = self.promise(course, ClockKind::FirstContact, about, referral.urgency);
        self.have_called(course, followed, due);
    }

    fn opened(&mut self, course: usize, item: &Item) {
        self.say("knipperlicht.referral.unroutable.v1");
        if self.counts() {
            let about = (item.kind, item.promise);
            *self.tally.items.entry(about).or_default() += 1;
            // As the zone's report counts them.
            if matches!(item.kind, ItemKind::NoCandidate | ItemKind::AllDeclined) {
                for need in &item.needs {
                    *self.tally.unmet.entry((*need, item.kind)).or_default() += 1;
                }
            }
        }
        let about = About::Item(item.id);
        self.promise(course, ClockKind::Coordinator, about, item.urgency);
        self.have_looked_at(course, item);
    }
}

fn effect(change: &Change<'_>) -> Option<Effect> {
    let effect = match change {
        Change::Referred(referral) | Change::Moved { referral, .. } => standing(referral)?,
        Change::Raised(referral) => Effect::Raised(referral.id, referral.urgency),
        Change::Opened(item) => Effect::Opened((**item).clone()),
        Change::Closed(item) => Effect::Closed(*item),
        Change::Withheld(_) => Effect::Withheld,
        Change::Decided(_) => Effect::Decided,
        // Nobody hands over here, no situations become one, and no signal is taken back.
        Change::TookOver { .. }
        | Change::GaveWay(_)
        | Change::CameBack(_)
        | Change::TakenBack(_)
        | Change::Learned(_)
        | Change::Escalated(_)
        | Change::Lifted
        | Change::FollowedUp(..) => return None,
    };
    Some(effect)
}

fn standing(referral: &Referral) -> Option<Effect> {
    let effect = match referral.state {
        State::Requested => Effect::Asked(referral.clone()),
        State::Held(waiting) => Effect::Held(referral.clone(), waiting),
        State::Accepted => Effect::Accepted(referral.clone()),
        State::Declined(_) => Effect::Over(referral.clone(), "knipperlicht.referral.declined.v1"),
        State::Expired => Effect::Over(referral.clone(), "knipperlicht.referral.expired.v1"),
        State::Cancelled => Effect::Over(referral.clone(), "knipperlicht.referral.cancelled.v1"),
        State::Redirected | State::Merged(_) => return None,
    };
    Some(effect)
}
