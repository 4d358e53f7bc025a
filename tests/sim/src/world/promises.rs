//! Promises that begin, end, and run out.

use jiff::Timestamp;
use knipperlicht_followup::model::rung;
use knipperlicht_routing::model::hearing::Heard;
use knipperlicht_vocabulary::{ClockKind, Rung, Urgency};

use super::{What, World};
use crate::clock::{About, Clock};

impl World<'_> {
    /// Promises something from now on. When it falls due comes back.
    pub(super) fn promise(
        &mut self,
        course: usize,
        kind: ClockKind,
        about: About,
        urgency: Urgency,
    ) -> Timestamp {
        let asking = self.setting.rules.asking;
        let due_at = asking.due(self.calendar, kind, urgency, self.now);
        let started = self.courses[course].clocks.start(Clock {
            kind,
            about,
            urgency,
            started_at: self.now,
            due_at,
            paused_at: None,
            breached_at: None,
            stopped_at: None,
            hastened_at: None,
        });
        if let Some(clock) = started {
            self.queue.plan(due_at, What::Due(course, clock));
        }
        due_at
    }

    /// Nothing is promised about this any more. What lay with a coordinator for being late does not
    /// any more, and routing hears it.
    pub(super) fn stop(&mut self, course: usize, about: About, kinds: &[ClockKind]) {
        let stopped = self.courses[course].clocks.stop(about, kinds, self.now);
        let About::Referral(referral) = about else {
            return;
        };
        for clock in stopped {
            if clock.breached_at.is_some() && rung(clock.kind) == Rung::Coordinator {
                self.say("knipperlicht.followup.clock_settled.v1");
                self.hear(course, Heard::Settled(referral));
            }
        }
    }

    /// A promise may run out.
    pub(super) fn due(&mut self, course: usize, clock: usize) {
        let breached = self.courses[course].clocks.breach(clock, self.now);
        let Some(clock) = breached else { return };
        self.say("knipperlicht.followup.clock_breached.v1");
        let heard = match (clock.about, rung(clock.kind)) {
            (About::Referral(referral), Rung::NextCandidate) => Heard::Silence(referral),
            (About::Referral(referral), _) => Heard::Late(referral, clock.kind),
            (About::Item(item), _) => Heard::Neglected(item),
        };
        match clock.kind {
            ClockKind::Accept | ClockKind::Coordinator => self.kept(clock.kind, false),
            ClockKind::FirstContact
            | ClockKind::Outcome
            | ClockKind::Confirmation
            | ClockKind::Held => {}
        }
        self.hear(course, heard);
    }

    /// Something promised was done, in time or not; or will not be done any more.
    pub(super) fn kept(&mut self, kind: ClockKind, in_time: bool) {
        if self.counts() {
            self.tally.promises.entry(kind).or_default().note(in_time);
        }
    }
}
