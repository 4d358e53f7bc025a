//! What carers say of it when they are asked.

use knipperlicht_contracts::event::Service as Part;
use knipperlicht_followup::model::{Action, State};
use knipperlicht_routing::model::{change::FollowUp, hearing::Heard};
use knipperlicht_vocabulary::{ClockKind, OutcomeResult};

use super::{What, World};
use crate::clock::About;

impl World<'_> {
    /// The carer is asked whether it helped: the partner's list says so, and the partner makes a link.
    pub(super) fn ask(&mut self, course: usize, followed: usize) {
        let one = &mut self.courses[course].followed[followed];
        if !matches!(one.state, State::Completed { .. }) {
            return;
        }
        one.times_asked += 1;
        let times = one.times_asked;
        self.say("knipperlicht.followup.carer_asked.v1");
        self.call(Part::Followup);
        self.say("knipperlicht.followup.link_made.v1");
        let carers = &self.setting.assumptions.carers;
        if self.chance.happens(carers.answers_when_asked.value) {
            let days = self.chance.around(carers.days_until_the_answer.value);
            self.plan_in(days, What::Answers(course, followed));
        } else if let Some(next) = self.setting.rules.asking.next(times, self.now) {
            self.queue.plan(next, What::Ask(course, followed));
        }
    }

    pub(super) fn answers(&mut self, course: usize, followed: usize) {
        let one = &self.courses[course].followed[followed];
        let State::Completed { outcome, .. } = one.state else {
            return;
        };
        let referral = one.referral;
        self.call(Part::Followup);
        let carers = &self.setting.assumptions.carers;
        let reopens = if outcome.result() == OutcomeResult::NotHelped {
            carers.asks_again.value
        } else {
            1.0 - carers.says_that_it_helped.value
        };
        // How they are goes to assessment.
        self.say("knipperlicht.followup.carer_answered.v1");
        if !self.chance.happens(reopens) {
            self.say("knipperlicht.followup.confirmed.v1");
            self.act(course, followed, Action::Confirm);
            return;
        }
        self.say("knipperlicht.followup.reopened.v1");
        self.act(course, followed, Action::Reopen);
        self.hear(course, Heard::FollowUp(referral, FollowUp::Resumed));
        let known = &self.courses[course];
        let about = About::Referral(referral);
        let promise = known.clocks.open(about, ClockKind::FirstContact);
        let due = promise.map_or(self.now, |clock| clock.due_at);
        self.have_called(course, followed, due);
    }
}
