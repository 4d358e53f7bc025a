//! What comes back when one of several situations that had become one stands by itself again.
//!
//! Of two it is all that gave way. Of three or more it is what nobody stands in the way of any
//! more: a referral that gave way to the one that left, or for another that is still here.

use std::collections::HashMap;

use knipperlicht_vocabulary::{ItemKind, ReferralId, SituationId};
use uuid::Uuid;

use super::Part;
use crate::model::{case::Item, need_set::NeedSet, referral::Referral};

/// The situation that referrals and items were made for, of those that were ever moved.
pub type Homes = HashMap<Uuid, SituationId>;

/// What comes back, and what goes on giving way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ComingBack {
    pub(super) referrals: Vec<ReferralId>,
    pub(super) items: Vec<Item>,
}

impl ComingBack {
    /// Of what gave way in this part, the oldest first.
    pub(super) fn of(situation: SituationId, part: &Part) -> Self {
        let ways = Ways::of(situation, part);
        let mut live: Vec<&Referral> = part.case.referrals.iter().collect();
        live.retain(|one| one.covers());
        let mut back = Self::default();
        let gave_way = part.case.referrals.iter();
        for one in gave_way.filter(|one| part.gave_way.contains(&one.id)) {
            let is_in_its_place = |other: &Referral| ways.leads_to(one.id, other.id);
            let others = live.iter().filter(|other| {
                ways.home(other.id) != ways.home(one.id) && !is_in_its_place(other)
            });
            if covered(others).and(needs_of(one)).is_empty() {
                live.retain(|other| !is_in_its_place(other));
                live.push(one);
                back.referrals.push(one.id);
            }
        }

        let mut open: Vec<&Item> = part.case.items.iter().collect();
        for item in &part.items {
            let home = ways.home_of_item(item);
            let needs = NeedSet::from(item.needs.as_slice());
            let asked = covered(live.iter().filter(|other| ways.home(other.id) != home));
            let is_asked = item.kind != ItemKind::Emergency
                && !needs.is_empty()
                && needs.without(asked).is_empty();
            let is_known = open.iter().any(|other| {
                ways.home_of_item(other) != home && super::is_for_the_same(other, item)
            });
            if !is_asked && !is_known {
                open.push(item);
                back.items.push(item.clone());
            }
        }
        back
    }
}

fn needs_of(referral: &Referral) -> NeedSet {
    NeedSet::from(referral.needs.as_slice())
}

fn covered<'r>(referrals: impl Iterator<Item = &'r &'r Referral>) -> NeedSet {
    referrals.fold(NeedSet::default(), |all, one| all.or(needs_of(one)))
}

/// The way that each referral came by.
struct Ways<'p> {
    situation: SituationId,
    previous: HashMap<ReferralId, ReferralId>,
    homes: &'p Homes,
}

impl<'p> Ways<'p> {
    fn of(situation: SituationId, part: &'p Part) -> Self {
        let referrals = part.case.referrals.iter();
        Self {
            situation,
            previous: referrals
                .filter_map(|one| Some((one.id, one.previous?)))
                .collect(),
            homes: &part.homes,
        }
    }

    /// A referral and all before it, the latest first; no more than there are, whatever they say.
    fn back_from(&self, referral: ReferralId) -> impl Iterator<Item = ReferralId> {
        std::iter::successors(Some(referral), |one| self.previous.get(one).copied())
            .take(self.previous.len() + 1)
    }

    /// Whether `later` was asked in the place of `first`, in however many steps.
    fn leads_to(&self, first: ReferralId, later: ReferralId) -> bool {
        self.back_from(later).skip(1).any(|one| one == first)
    }

    /// The situation for which the way to a referral began.
    fn home(&self, referral: ReferralId) -> SituationId {
        let first = self.back_from(referral).last().unwrap_or(referral);
        self.home_of(first.uuid())
    }

    fn home_of_item(&self, item: &Item) -> SituationId {
        match item.referral {
            Some(referral) => self.home(referral),
            None => self.home_of(item.id.uuid()),
        }
    }

    fn home_of(&self, id: Uuid) -> SituationId {
        self.homes.get(&id).copied().unwrap_or(self.situation)
    }
}
