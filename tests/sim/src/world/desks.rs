//! What partners do: answer, call, help, and close.

use knipperlicht_contracts::event::Service as Part;
use knipperlicht_followup::model::{
    Action, Attempt, Outcome, State as FollowUp, Timeliness, may_be_unreachable,
};
use knipperlicht_routing::model::{
    calls,
    change::FollowUp as FollowUpChange,
    hearing::Heard,
    referral::{Move, Referral, State, Waiting},
};
use knipperlicht_vocabulary::{
    ClockKind, ContactResult, DeclineReason, OutcomeReason, OutcomeResult, ReferralId, Urgency,
};

use super::{What, World};
use crate::{
    clock::About,
    desk::{Job, Work, of_hours},
};

/// After so many opening hours somebody who was not reached is called again: twice a day.
const HOURS_UNTIL_NEXT_CALL: u32 = 4;

/// How often a desk looks whether it has room for those on its list, in days.
const LIST_EVERY_DAYS: f64 = 3.0;

impl World<'_> {
    /// A request reaches a desk, where somebody reads it.
    pub(super) fn request(&mut self, course: usize, referral: &Referral) {
        let partners = &self.setting.assumptions.partners;
        let Some(desk) = self.desk_of.get(&referral.service).copied() else {
            return;
        };
        if !self.chance.happens(partners.never_answers.value) {
            let hours = self
                .chance
                .around(partners.hours_until_a_request_is_read.value);
            let at = self.calendar.add_opening_time(self.now, of_hours(hours));
            self.queue.plan(at, What::Reads(course, desk, referral.id));
        }
    }

    pub(super) fn put(&mut self, desk: usize, job: Job) {
        let begun = self.desks[desk].put(job);
        self.begin(desk, begun);
    }

    pub(super) fn done(&mut self, desk: usize, job: Job) {
        let next = self.desks[desk].done(job);
        if !self.counts() {
            self.desks[desk].worked = 0.0;
        }
        self.begin(desk, next);
        match job.work {
            Work::Call(followed) => self.called(job.course, followed),
            Work::Session(followed) => self.met(job.course, followed),
        }
    }

    fn begin(&mut self, desk: usize, begun: Option<(Job, jiff::SignedDuration)>) {
        if let Some((job, takes)) = begun {
            let at = self.calendar.add_opening_time(self.now, takes);
            self.queue.plan(at, What::Done(desk, job));
        }
    }

    /// Work comes to a desk when somebody is there.
    fn at_work(&mut self, desk: usize, job: Job) {
        let at = self.calendar.next_opening(self.now);
        self.queue.plan(at, What::Comes(desk, job));
    }

    /// Somebody read the request and answers it, by how much work waits; or looks again at one that is
    /// on the list.
    pub(super) fn answer(&mut self, course: usize, desk: usize, id: ReferralId) {
        let known = &self.courses[course];
        let Some(referral) = known.case.referral(id) else {
            return;
        };
        let is_listed = referral.state == State::Held(Waiting::ForPartner);
        if referral.state != State::Requested && !is_listed {
            return;
        }
        let is_assigned = known.assigned.contains(&id);
        let asked_at = referral.requested_at.unwrap_or(self.now);
        let partners = &self.setting.assumptions.partners;
        let weeks = self.desks[desk].weeks();
        let declines = partners.declines_for_another_reason.value;
        if is_listed && weeks >= partners.lets_wait_from_weeks.value {
            self.look_again(course, desk, id);
        } else if !is_listed && !is_assigned && self.chance.happens(declines) {
            self.decline(course, desk, id, DeclineReason::NeedsOtherHelp);
        } else if !is_listed && weeks >= self.declines_from(is_assigned) {
            self.decline(course, desk, id, DeclineReason::NoCapacity);
        } else if weeks >= partners.lets_wait_from_weeks.value && !is_assigned {
            self.call(Part::Routing);
            let held = self.decide(course, |case, ground| {
                calls::step(case, id, Move::Hold, ground).map(|answer| answer.changes)
            });
            if held.is_ok() {
                self.look_again(course, desk, id);
            }
        } else {
            self.call(Part::Routing);
            let minutes = self.now.duration_since(asked_at).as_mins();
            let accepted = self.decide(course, |case, ground| {
                calls::accept(case, id, ground).map(|answer| answer.changes)
            });
            if accepted.is_ok() {
                let now = self.now;
                let minutes = u64::try_from(minutes).unwrap_or_default();
                self.desks[desk].note(now, Some(minutes));
            }
        }
    }

    fn declines_from(&self, is_assigned: bool) -> f64 {
        let partners = &self.setting.assumptions.partners;
        if is_assigned {
            partners.refuses_a_coordinator_from_weeks.value
        } else {
            partners.declines_from_weeks.value
        }
    }

    fn look_again(&mut self, course: usize, desk: usize, id: ReferralId) {
        self.plan_at_work_in(LIST_EVERY_DAYS, What::Reads(course, desk, id));
    }

    fn decline(&mut self, course: usize, desk: usize, id: ReferralId, reason: DeclineReason) {
        self.call(Part::Routing);
        let declined = self.decide(course, |case, ground| {
            calls::decline(case, id, reason, ground).map(|answer| answer.changes)
        });
        if declined.is_ok() {
            let now = self.now;
            self.desks[desk].note(now, None);
        }
    }

    /// The carer of a follow-up is to be called.
    pub(super) fn have_called(&mut self, course: usize, followed: usize, due: jiff::Timestamp) {
        let hours = self.hours_of_a_call();
        let desk = self.courses[course].followed[followed].desk;
        self.at_work(desk, Job::new(due, course, Work::Call(followed), hours));
    }

    /// Whether somebody answers shows when they are called: a call takes what it takes on average.
    fn hours_of_a_call(&self) -> f64 {
        let partners = &self.setting.assumptions.partners;
        let reached = partners.reached.value;
        reached * partners.hours_of_a_first_contact.value
            + (1.0 - reached) * partners.hours_of_a_call_in_vain.value
    }

    fn called(&mut self, course: usize, followed: usize) {
        if !is_to_be_reached(self.courses[course].followed[followed].state) {
            return;
        }
        let reached = self.setting.assumptions.partners.reached.value;
        let result = if self.chance.happens(reached) {
            ContactResult::Reached
        } else {
            ContactResult::NoAnswer
        };
        let day = self.setting.rules.day(self.now);
        let attempts = &mut self.courses[course].followed[followed].attempts;
        attempts.push(Attempt { day, result });
        let unreachable = may_be_unreachable(attempts).is_ok();
        self.call(Part::Followup);
        self.say("knipperlicht.followup.contact_recorded.v1");
        self.act(course, followed, Action::Contact(result));
        if result == ContactResult::Reached {
            self.reached(course, followed);
        } else if unreachable {
            let reason = Some(OutcomeReason::Unreachable);
            self.complete(course, followed, OutcomeResult::NotHelped, reason);
        } else {
            let at = (self.calendar).add_working_hours(self.now, HOURS_UNTIL_NEXT_CALL);
            let known = &self.courses[course];
            let about = About::Referral(known.followed[followed].referral);
            let promise = known.clocks.open(about, ClockKind::FirstContact);
            let due = promise.map_or(at, |clock| clock.due_at);
            let desk = known.followed[followed].desk;
            let hours = self.hours_of_a_call();
            let job = Job::new(due, course, Work::Call(followed), hours);
            self.queue.plan(at, What::Comes(desk, job));
        }
    }

    /// Somebody talks to the carer for the first time, and says who is there for them from now on.
    fn reached(&mut self, course: usize, followed: usize) {
        self.call(Part::Followup);
        self.say("knipperlicht.followup.contact_person_named.v1");
        let counts = self.counts();
        let known = &mut self.courses[course];
        if known.reached_at.is_none() {
            known.reached_at = Some(self.now);
            let asked_at = known.asked_at.unwrap_or(known.flagged_at);
            let days = self.now.duration_since(asked_at).as_secs_f64() / 86_400.0;
            if counts {
                self.tally.waits.push(days);
            }
        }
        let partners = &self.setting.assumptions.partners;
        let burden = self.courses[course].carer.burden;
        let mean = partners.sessions.get(&burden).unwrap_or_default();
        let sessions = self.chance.how_often(mean);
        let one = &mut self.courses[course].followed[followed];
        one.sessions_left = sessions;
        self.desks[one.desk].ahead += f64::from(sessions) * partners.hours_of_a_session.value;
        self.next_session(course, followed);
    }

    /// The next session is planned; after the last one it is closed.
    fn next_session(&mut self, course: usize, followed: usize) {
        let partners = &self.setting.assumptions.partners;
        let one = &self.courses[course].followed[followed];
        if one.sessions_left == 0 {
            let (result, reason) = self.helped(course);
            self.complete(course, followed, result, reason);
            return;
        }
        let (desk, referral) = (one.desk, one.referral);
        let days = self.chance.around(partners.days_between_sessions.value);
        let promise = self.courses[course]
            .clocks
            .open(About::Referral(referral), ClockKind::Outcome);
        let due = promise.map_or(self.now, |clock| clock.due_at);
        let hours = partners.hours_of_a_session.value;
        let job = Job::new(due, course, Work::Session(followed), hours);
        self.plan_at_work_in(days, What::Comes(desk, job));
    }

    fn met(&mut self, course: usize, followed: usize) {
        let hours = self.setting.assumptions.partners.hours_of_a_session.value;
        let one = &mut self.courses[course].followed[followed];
        one.sessions_left = one.sessions_left.saturating_sub(1);
        self.desks[one.desk].ahead -= hours;
        self.call(Part::Followup);
        self.say("knipperlicht.followup.contact_recorded.v1");
        self.act(course, followed, Action::Contact(ContactResult::Reached));
        self.next_session(course, followed);
    }

    fn helped(&mut self, course: usize) -> (OutcomeResult, Option<OutcomeReason>) {
        let carers = &self.setting.assumptions.carers;
        let burden = self.courses[course].carer.burden;
        let helped = carers.helped.get(&burden).unwrap_or_default();
        let luck = self.chance.share();
        if luck < helped {
            (OutcomeResult::Helped, None)
        } else if luck < helped + carers.partly_helped.value {
            (OutcomeResult::PartlyHelped, Some(OutcomeReason::Other))
        } else {
            (
                OutcomeResult::NotHelped,
                Some(OutcomeReason::NoLongerNeeded),
            )
        }
    }

    fn complete(
        &mut self,
        course: usize,
        followed: usize,
        result: OutcomeResult,
        reason: Option<OutcomeReason>,
    ) {
        let Ok(outcome) = Outcome::new(result, reason) else {
            return;
        };
        let known = &self.courses[course];
        let one = &known.followed[followed];
        let referral = one.referral;
        let promise = one.state.promise();
        let clock = promise.and_then(|kind| known.clocks.open(About::Referral(referral), kind));
        let timeliness = Timeliness::of(self.now, clock.map(|clock| clock.due_at));
        self.call(Part::Followup);
        self.say("knipperlicht.followup.completed.v1");
        self.act(course, followed, Action::Complete(outcome, timeliness));
        self.hear(course, Heard::FollowUp(referral, FollowUpChange::Ended));
        self.courses[course].followed[followed].times_asked = 0;
        let first = self.setting.rules.asking.first(self.now);
        self.queue.plan(first, What::Ask(course, followed));
    }

    /// Lets something happen to a follow-up, with the promises that go with it. Whether it may.
    pub(super) fn act(&mut self, course: usize, followed: usize, action: Action) -> bool {
        let one = &mut self.courses[course].followed[followed];
        let before = one.state;
        let Ok(after) = before.after(action) else {
            return false;
        };
        one.state = after;
        let referral = one.referral;
        let (was, is) = (before.promise(), after.promise());
        if was != is {
            let about = About::Referral(referral);
            if let Some(kind) = was {
                let is_met = kind != ClockKind::FirstContact || after == FollowUp::Contacted;
                let clock = self.courses[course].clocks.open(about, kind);
                let in_time = clock.is_some_and(|clock| clock.breached_at.is_none());
                if is_met {
                    self.kept(kind, in_time);
                }
            }
            self.stop(course, about, &[]);
            if let Some(kind) = is {
                let known = self.courses[course].case.referral(referral);
                let urgency = known.map_or(Urgency::Routine, |referral| referral.urgency);
                self.promise(course, kind, about, urgency);
            }
        }
        true
    }
}

const fn is_to_be_reached(state: FollowUp) -> bool {
    matches!(
        state,
        FollowUp::Open | FollowUp::ContactAttempted | FollowUp::Reopened
    )
}
