//! What coordinators do: they give what no rule could route to somebody of the zone, and close the loop
//! of a carer who was asked in vain.

use knipperlicht_contracts::event::Service as Part;
use knipperlicht_followup::model::{Action, Silence, State, Timeliness};
use knipperlicht_routing::model::{calls, case::Item, directory::Area, need_set::NeedSet};
use knipperlicht_vocabulary::{ClockKind, ItemId, ItemKind, ServiceId, Urgency};

use super::{What, World};
use crate::{clock::About, desk::of_hours};

/// Opening hours until a coordinator looks at an emergency.
const EMERGENCY: f64 = 0.5;

/// Opening hours until one looks again at what nobody had room for: a week.
const AGAIN: f64 = 40.0;

impl World<'_> {
    pub(super) fn have_looked_at(&mut self, course: usize, item: &Item) {
        let hours = if item.urgency == Urgency::Emergency {
            EMERGENCY
        } else {
            let partners = &self.setting.assumptions.partners;
            (self.chance).around(partners.hours_until_a_coordinator_decides.value)
        };
        let at = self.calendar.add_opening_time(self.now, of_hours(hours));
        self.queue.plan(at, What::Looks(course, item.id));
    }

    pub(super) fn looks(&mut self, course: usize, id: ItemId) {
        let known = &self.courses[course];
        let Some(item) = known.case.items.iter().find(|item| item.id == id) else {
            return;
        };
        match item.kind {
            ItemKind::Late => {
                if item.promise == Some(ClockKind::Confirmation) {
                    self.let_rest(course, item.referral.map(About::Referral));
                }
            }
            ItemKind::VitalInterest => {}
            ItemKind::NoCandidate
            | ItemKind::AllDeclined
            | ItemKind::Emergency
            | ItemKind::Cancelled
            | ItemKind::ClockBreached => {
                let needs = NeedSet::from(item.needs.as_slice());
                self.give(course, id, needs);
            }
        }
    }

    /// To whoever of the zone meets most of the needs and has least to do; where nobody has room, a
    /// coordinator looks again after a week.
    fn give(&mut self, course: usize, id: ItemId, needs: NeedSet) {
        let Some(service) = self.who_has_room(needs) else {
            let at = self.calendar.add_opening_time(self.now, of_hours(AGAIN));
            self.queue.plan(at, What::Looks(course, id));
            return;
        };
        self.call(Part::Routing);
        let before = self.courses[course].case.referrals.len();
        let given = self.decide(course, |case, ground| {
            calls::assign(case, id, &service, ground).map(|answer| answer.changes)
        });
        if given.is_ok() {
            let known = &mut self.courses[course];
            let new = known.case.referrals[before..].iter().map(|one| one.id);
            known.assigned.extend(new);
        }
    }

    fn who_has_room(&self, needs: NeedSet) -> Option<ServiceId> {
        let partners = &self.setting.assumptions.partners;
        let at_most = partners.refuses_a_coordinator_from_weeks.value;
        let mut local: Vec<_> = self
            .desks
            .iter()
            .filter(|desk| matches!(desk.service.area, Area::Zones(_)))
            .filter(|desk| desk.service.target_group.is_none() && desk.weeks() < at_most)
            .collect();
        local.sort_by(|one, other| {
            let met = |desk: &crate::desk::Desk| desk.service.needs.and(needs).len();
            met(other)
                .cmp(&met(one))
                .then(one.weeks().total_cmp(&other.weeks()))
                .then_with(|| one.service.id.cmp(&other.service.id))
        });
        local.first().map(|desk| desk.service.id.clone())
    }

    /// Closes the loop of a carer who was asked as often as carers are and kept silent.
    fn let_rest(&mut self, course: usize, about: Option<About>) {
        let known = &self.courses[course];
        let mut followed = known.followed.iter();
        let Some(number) = followed.position(|one| Some(About::Referral(one.referral)) == about)
        else {
            return;
        };
        let one = &known.followed[number];
        if !matches!(one.state, State::Completed { .. }) {
            return;
        }
        if let Ok(silence) = Silence::of(one.times_asked, Timeliness::Late) {
            self.call(Part::Followup);
            self.say("knipperlicht.followup.loop_closed.v1");
            self.act(course, number, Action::LetRest(silence));
        }
    }
}
