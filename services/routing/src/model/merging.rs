//! What follows when two situations turn out to be one, and when they are two again.
//!
//! Nobody is asked twice for the same need: of two open referrals for it, one of each situation,
//! the older stays and the younger gives way. What it was asked for besides is asked anew. All
//! that gives way comes back when they are split; what was asked in its place is cancelled then.

mod coming_back;

use knipperlicht_vocabulary::{ItemId, ItemKind, Need, ReferralId, SituationId, Urgency};
use uuid::Uuid;

use coming_back::ComingBack;
pub use coming_back::Homes;

use super::{
    case::{Agreement, Case, Circumstances, Item, Situation, Withheld},
    change::Change,
    hearing::{route, union},
    need_set::NeedSet,
    planner::{Ground, Planner, Request, forbids},
    referral::{Move, Referral, State},
};

/// What holds for a situation from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    /// The situation.
    pub situation: SituationId,
    /// Where, in which language, at what age.
    pub circumstances: Circumstances,
    /// What the carer agreed to.
    pub agreement: Agreement,
}

/// What a situation needs, and how soon.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needed {
    /// How soon; nothing before the first assessment.
    pub urgency: Option<Urgency>,
    /// What.
    pub needs: Vec<Need>,
}

impl Needed {
    /// What this situation needs.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        case.situation
            .as_ref()
            .map_or_else(Self::default, |known| Self {
                urgency: known.urgency,
                needs: known.needs.clone(),
            })
    }

    /// What both need together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            urgency: self.urgency.max(other.urgency),
            needs: union(&self.needs, &other.needs),
        }
    }
}

/// What follows for the survivor.
#[must_use]
pub fn merge<'d>(
    holds: Holds,
    survivor: Case,
    absorbed: Case,
    cause: Uuid,
    ground: &Ground<'d>,
) -> Vec<Change<'d>> {
    let mut planner = Planner::new(ground, cause);
    let needed = Needed::of(&survivor).and(&Needed::of(&absorbed));
    let situation = known_as(holds, needed);
    planner
        .changes
        .push(Change::Learned(Box::new(situation.clone())));
    let withheld = [survivor.withheld.as_ref(), absorbed.withheld.as_ref()];
    let mut pathless = Vec::new();
    for withheld in withheld.into_iter().flatten() {
        pathless = union(&pathless, &withheld.needs);
    }
    if forbids(situation.agreement.consent) {
        withhold(&mut planner, &situation, survivor, absorbed, pathless);
        return planner.changes;
    }

    if survivor.withheld.is_some() {
        planner.changes.push(Change::Lifted);
    }
    let history = survivor.history_in_vain().and(absorbed.history_in_vain());
    let mut together = Together::new(survivor, absorbed);
    for younger in together.give_way(&mut planner) {
        let left = NeedSet::from(younger.needs.as_slice()).without(together.covered());
        if left.is_empty() {
            continue;
        }
        let request = Request {
            needs: left.pick(&younger.needs),
            urgency: younger.urgency,
            history: history.clone(),
            previous: Some(younger.id),
        };
        let made_from = planner.changes.len();
        let uncovered = planner.ask(&situation, request);
        together.learn(&planner.changes[made_from..]);
        if !uncovered.is_empty() {
            planner.open(
                &situation,
                ItemKind::NoCandidate,
                uncovered,
                younger.urgency,
                Some(younger.id),
            );
        }
    }
    together.combine_items(&mut planner);
    let mut both = together.into_case();
    if situation.agreement.consent.allows_sharing() {
        for referral in &mut both.referrals {
            if let Ok(requested) = planner.step(referral.clone(), Move::Consent) {
                *referral = requested;
            }
        }
    }
    if let Some(urgency) = situation.urgency.filter(|_| !pathless.is_empty()) {
        route(&mut planner, &situation, &both, &pathless, urgency);
    }
    planner.changes
}

/// The carer does not want it: all that is open gives way, but for what cannot wait.
fn withhold(
    planner: &mut Planner<'_, '_>,
    situation: &Situation,
    survivor: Case,
    absorbed: Case,
    mut pathless: Vec<Need>,
) {
    let was_withheld = survivor.withheld.clone();
    let referrals = survivor.referrals.into_iter().chain(absorbed.referrals);
    for referral in referrals {
        let needs = referral.needs.clone();
        if planner.step(referral, Move::Merge).is_ok() {
            pathless = union(&pathless, &needs);
        }
    }
    for item in survivor.items.into_iter().chain(absorbed.items) {
        if !item.stays_whatever_is_agreed() {
            pathless = union(&pathless, &item.needs);
            planner.changes.push(Change::GaveWay(item.id));
        }
    }
    if let Some(urgency) = situation.urgency {
        let withheld = Withheld {
            consent: situation.agreement.consent,
            needs: pathless,
            urgency,
        };
        if was_withheld.as_ref() != Some(&withheld) {
            planner.changes.push(Change::Withheld(withheld));
        }
    }
}

/// Whose it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Survivor,
    Absorbed,
}

/// What is under way for both.
struct Together {
    referrals: Vec<(Whose, Referral)>,
    items: Vec<(Whose, Item)>,
}

impl Together {
    fn new(survivor: Case, absorbed: Case) -> Self {
        let both = [(Whose::Survivor, survivor), (Whose::Absorbed, absorbed)];
        let mut together = Self {
            referrals: Vec::new(),
            items: Vec::new(),
        };
        for (whose, case) in both {
            let referrals = case.referrals.into_iter();
            together
                .referrals
                .extend(referrals.map(|referral| (whose, referral)));
            together
                .items
                .extend(case.items.into_iter().map(|item| (whose, item)));
        }
        // What was accepted first, then by age: whoever comes first stays.
        together.referrals.sort_by_key(|(_, referral)| {
            let is_accepted = referral.state == State::Accepted;
            (!is_accepted, referral.created_at, referral.id)
        });
        together
            .items
            .sort_by_key(|(_, item)| (item.opened_at, item.id));
        together
    }

    /// Lets those give way that ask for what is asked for the other situation already.
    fn give_way(&mut self, planner: &mut Planner<'_, '_>) -> Vec<Referral> {
        let (mut of_survivor, mut of_absorbed) = (NeedSet::default(), NeedSet::default());
        let mut gave_way = Vec::new();
        for (whose, referral) in &mut self.referrals {
            if !referral.covers() {
                continue;
            }
            let (own, others) = match whose {
                Whose::Survivor => (&mut of_survivor, &of_absorbed),
                Whose::Absorbed => (&mut of_absorbed, &of_survivor),
            };
            let needs = NeedSet::from(referral.needs.as_slice());
            if needs.and(*others).is_empty() {
                *own = own.or(needs);
            } else if let Ok(merged) = planner.step(referral.clone(), Move::Merge) {
                *referral = merged;
                gave_way.push(referral.clone());
            } else {
                // Accepted by both: each partner goes on.
                *own = own.or(needs);
            }
        }
        gave_way
    }

    fn covered(&self) -> NeedSet {
        let live = self.referrals.iter().filter(|(_, one)| one.covers());
        live.flat_map(|(_, one)| one.needs.iter().copied())
            .collect()
    }

    fn learn(&mut self, changes: &[Change<'_>]) {
        for change in changes {
            if let Change::Referred(made) = change {
                self.referrals.push((Whose::Survivor, (**made).clone()));
            }
        }
    }

    /// Of two items for the same, one of each situation, the older stays; and nobody has to decide
    /// what somebody is asked for.
    fn combine_items(&mut self, planner: &mut Planner<'_, '_>) {
        let mut kept: Vec<(Whose, Item)> = Vec::with_capacity(self.items.len());
        for (whose, item) in std::mem::take(&mut self.items) {
            let needs = NeedSet::from(item.needs.as_slice());
            let mut others = kept.iter().filter(|(other, _)| *other != whose);
            let is_known = others.any(|(_, older)| is_for_the_same(older, &item));
            let is_asked = item.kind != ItemKind::Emergency
                && !needs.is_empty()
                && needs.without(self.covered()).is_empty();
            if is_known || is_asked {
                planner.changes.push(Change::GaveWay(item.id));
            } else {
                kept.push((whose, item));
            }
        }
        self.items = kept;
    }

    fn into_case(self) -> Case {
        Case {
            referrals: self.referrals.into_iter().map(|(_, one)| one).collect(),
            items: self.items.into_iter().map(|(_, one)| one).collect(),
            ..Case::default()
        }
    }
}

/// Whether who decides upon the older item has nothing left to decide upon the other one. Each
/// delay is about a referral of its own.
fn is_for_the_same(older: &Item, item: &Item) -> bool {
    let needs = NeedSet::from(item.needs.as_slice());
    let is_alike = older.kind == item.kind && item.kind != ItemKind::Late;
    is_alike
        && needs
            .without(NeedSet::from(older.needs.as_slice()))
            .is_empty()
}

/// One of two situations that are two again: what it has of its own, what gave way for the merge,
/// and what was made since and goes with it.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// All that is known of it, each thing with the situation it was made for.
    pub case: Case,
    /// What gave way, for whichever of the situations that became part of it.
    pub gave_way: Vec<ReferralId>,
    /// Items that gave way, the oldest first.
    pub items: Vec<Item>,
    /// Where what was moved was made.
    pub homes: Homes,
    /// Open referrals made since the merge, that go with it: whoever watches its promises has to
    /// learn whose they are.
    pub made_since: Vec<ReferralId>,
    /// Open items made since the merge, that go with it: as with the referrals.
    pub items_made_since: Vec<ItemId>,
}

/// What follows for one of both.
#[must_use]
pub fn split<'d>(
    holds: Holds,
    needed: Needed,
    part: Part,
    cause: Uuid,
    ground: &Ground<'d>,
) -> Vec<Change<'d>> {
    let coming_back = ComingBack::of(holds.situation, &part);
    let Part {
        case: mut own,
        gave_way,
        items,
        made_since,
        items_made_since,
        ..
    } = part;
    let mut planner = Planner::new(ground, cause);
    let situation = known_as(holds, needed);
    planner
        .changes
        .push(Change::Learned(Box::new(situation.clone())));
    if forbids(situation.agreement.consent) {
        stay_away(&mut planner, &situation, &own, &gave_way, &items);
        return planner.changes;
    }
    cancel_replacements(&mut planner, &mut own, &coming_back.referrals);
    for referral in &mut own.referrals {
        if coming_back.referrals.contains(&referral.id)
            && let Ok(back) = planner.step(referral.clone(), Move::Unmerge)
        {
            *referral = back;
        } else if made_since.contains(&referral.id) && referral.state.is_open() {
            planner.changes.push(Change::Moved {
                from: referral.state,
                referral: Box::new(referral.clone()),
                next: None,
            });
        }
    }
    let items = own.items.iter();
    let told_anew = items.filter(|item| items_made_since.contains(&item.id));
    planner
        .changes
        .extend(told_anew.map(|item| Change::CameBack(Box::new(item.clone()))));
    for item in coming_back.items {
        planner
            .changes
            .push(Change::CameBack(Box::new(item.clone())));
        own.items.push(item);
    }
    if let Some(mut withheld) = own.withheld.take() {
        planner.changes.push(Change::Lifted);
        // What only the other one needs is its own.
        withheld.needs.retain(|need| situation.needs.contains(need));
        if !withheld.needs.is_empty() {
            let urgency = withheld.urgency;
            route(&mut planner, &situation, &own, &withheld.needs, urgency);
        }
    }
    planner.changes
}

/// The carer does not want it, then or since: what gave way stays so, for a recorded reason.
fn stay_away(
    planner: &mut Planner<'_, '_>,
    situation: &Situation,
    case: &Case,
    gave_way: &[ReferralId],
    items: &[Item],
) {
    let known = case.withheld.as_ref();
    let mut needs = known.map_or_else(Vec::new, |withheld| withheld.needs.clone());
    let referrals = case.referrals.iter();
    for referral in referrals.filter(|one| gave_way.contains(&one.id)) {
        needs = union(&needs, &referral.needs);
    }
    for item in items {
        needs = union(&needs, &item.needs);
    }
    let Some(urgency) = situation.urgency else {
        return;
    };
    let withheld = Withheld {
        consent: situation.agreement.consent,
        needs,
        urgency: known.map_or(urgency, |known| known.urgency),
    };
    if known != Some(&withheld) {
        planner.changes.push(Change::Withheld(withheld));
    }
}

/// Ends what was asked in the place of a referral that comes back, wherever it went since.
fn cancel_replacements(planner: &mut Planner<'_, '_>, case: &mut Case, gave_way: &[ReferralId]) {
    let mut replaced = gave_way.to_vec();
    // The oldest first: what follows on a referral is younger than it.
    for referral in &mut case.referrals {
        if referral
            .previous
            .is_none_or(|previous| !replaced.contains(&previous))
        {
            continue;
        }
        replaced.push(referral.id);
        if let Some(cancelled) = planner.cancel(referral) {
            *referral = cancelled;
        }
    }
    let closing = case.items.extract_if(.., |item| {
        item.referral
            .is_some_and(|referral| replaced.contains(&referral))
    });
    for item in closing {
        planner.changes.push(Change::Closed(item.id));
    }
}

fn known_as(holds: Holds, needed: Needed) -> Situation {
    Situation {
        id: holds.situation,
        circumstances: holds.circumstances,
        agreement: holds.agreement,
        urgency: needed.urgency,
        needs: needed.needs,
    }
}

#[cfg(test)]
mod tests;
