//! The promises of one situation, as follow-up keeps them: started, moved and stopped by its own rules.

use jiff::Timestamp;
use knipperlicht_followup::model::{hastens, raised};
use knipperlicht_vocabulary::{ClockKind, ItemId, ReferralId, Urgency, WorkingCalendar};

/// What a promise is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A referral, or its follow-up.
    Referral(ReferralId),
    /// A coordinator's item.
    Item(ItemId),
}

/// A promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Of what kind.
    pub kind: ClockKind,
    /// About what.
    pub about: About,
    /// How soon, as known when it was made or moved.
    pub urgency: Urgency,
    /// When it was made.
    pub started_at: Timestamp,
    /// When it falls due.
    pub due_at: Timestamp,
    /// Since when it waits, where a partner lets the referral wait.
    pub paused_at: Option<Timestamp>,
    /// When it ran out.
    pub breached_at: Option<Timestamp>,
    /// When there was nothing to promise any more.
    pub stopped_at: Option<Timestamp>,
    /// Since when it is due sooner than it was.
    pub hastened_at: Option<Timestamp>,
}

/// The promises of one situation.
#[derive(Debug, Clone, Default)]
pub struct Clocks(Vec<Clock>);

impl Clocks {
    /// All that were ever made.
    pub fn iter(&self) -> impl Iterator<Item = &Clock> {
        self.0.iter()
    }

    /// One that still holds, kept or broken.
    #[must_use]
    pub fn open(&self, about: About, kind: ClockKind) -> Option<&Clock> {
        let mut open = self.0.iter().filter(|clock| clock.stopped_at.is_none());
        open.find(|clock| clock.about == about && clock.kind == kind)
    }

    /// A new one, unless there is one already. Its number comes back.
    pub(crate) fn start(&mut self, clock: Clock) -> Option<usize> {
        if self.open(clock.about, clock.kind).is_some() {
            return None;
        }
        self.0.push(clock);
        Some(self.0.len() - 1)
    }

    /// Whether this one runs out at `at`, which it then does.
    pub(crate) fn breach(&mut self, number: usize, at: Timestamp) -> Option<Clock> {
        let clock = self.0.get_mut(number)?;
        let runs = clock.stopped_at.is_none()
            && clock.breached_at.is_none()
            && clock.paused_at.is_none()
            && clock.due_at <= at;
        if !runs {
            return None;
        }
        clock.breached_at = Some(at);
        Some(*clock)
    }

    /// Stops those about this, of these kinds or of all where none is named. As they stood then, they
    /// come back.
    pub(crate) fn stop(&mut self, about: About, kinds: &[ClockKind], at: Timestamp) -> Vec<Clock> {
        let mut stopped = Vec::new();
        for clock in &mut self.0 {
            let is_meant = kinds.is_empty() || kinds.contains(&clock.kind);
            if clock.about == about && clock.stopped_at.is_none() && is_meant {
                clock.stopped_at = Some(at);
                stopped.push(*clock);
            }
        }
        stopped
    }

    /// The promise to answer waits while the partner lets the referral wait.
    pub(crate) fn pause(&mut self, referral: ReferralId, at: Timestamp) {
        for clock in &mut self.0 {
            let is_meant = clock.kind == ClockKind::Accept && clock.stopped_at.is_none();
            if is_meant && clock.about == About::Referral(referral) {
                clock.paused_at.get_or_insert(at);
            }
        }
    }

    /// Those of a referral that has become more urgent are due sooner. Their numbers come back.
    pub(crate) fn hasten(
        &mut self,
        referral: ReferralId,
        urgency: Urgency,
        calendar: &WorkingCalendar,
        at: Timestamp,
    ) -> Vec<usize> {
        let mut moved = Vec::new();
        for (number, clock) in self.0.iter_mut().enumerate() {
            let runs = clock.stopped_at.is_none() && clock.breached_at.is_none();
            if runs && clock.about == About::Referral(referral) && hastens(clock.kind) {
                let (was_due, started) = (clock.due_at, clock.started_at);
                clock.due_at = raised(calendar, clock.kind, urgency, was_due, started, at);
                clock.urgency = urgency;
                clock.hastened_at = Some(at);
                moved.push(number);
            }
        }
        moved
    }

    /// When this one falls due.
    pub(crate) fn due(&self, number: usize) -> Option<Timestamp> {
        self.0.get(number).map(|clock| clock.due_at)
    }
}
