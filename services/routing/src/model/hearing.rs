//! What follows when routing hears an event.

use knipperlicht_vocabulary::{
    ClockKind, Consent, ItemId, ItemKind, Need, ReferralId, SignalId, SituationId, Urgency,
};
use uuid::Uuid;

use super::{
    case::{Agreement, Case, Circumstances, Item, Situation, Withheld},
    change::{Change, FollowUp},
    need_set::NeedSet,
    planner::{Ground, Planner, Request, forbids},
    referral::{Move, Referral, State},
};

/// What was heard of a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A signal was judged.
    Assessed(Assessed),
    /// What the carer agreed to has changed.
    Agreed(Circumstances, Agreement),
    /// The reporter took the last signal of the situation back.
    TakenBack(SignalId),
    /// The reporter took a signal back; others of the situation stand.
    OneTakenBack(SignalId),
    /// The partner was silent for too long.
    Silence(ReferralId),
    /// Whoever has the referral in hand did not keep this promise: a coordinator sees to it.
    Late(ReferralId, ClockKind),
    /// They kept it after all, or it has not to be kept any more.
    Settled(ReferralId),
    /// A coordinator was silent for too long.
    Neglected(ItemId),
    /// A coordinator has read why a vital interest outweighs consent.
    Acknowledged,
    /// The follow-up of a referral ended, or began again.
    FollowUp(ReferralId, FollowUp),
}

/// A signal was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// Which signal.
    pub signal: SignalId,
    /// How soon.
    pub urgency: Urgency,
    /// What is needed, the most pressing first.
    pub needs: Vec<Need>,
    /// Where, in which language, at what age.
    pub circumstances: Circumstances,
    /// What the carer had agreed to then.
    pub agreement: Agreement,
}

/// What follows for the situation `id` from what `event` said.
#[must_use]
pub fn hear<'d>(
    id: SituationId,
    case: Case,
    what: Heard,
    event: Uuid,
    ground: &Ground<'d>,
) -> Vec<Change<'d>> {
    let planner = Planner::new(ground, event);
    match what {
        Heard::Assessed(assessed) => on_assessed(planner, id, case, assessed),
        Heard::Agreed(circumstances, agreement) => {
            on_agreed(planner, id, case, circumstances, agreement)
        }
        Heard::TakenBack(signal) => on_taken_back(planner, case, signal),
        // What is under way goes on for the others.
        Heard::OneTakenBack(signal) => vec![Change::TakenBack(signal)],
        Heard::Silence(referral) => on_silence(planner, &case, referral),
        Heard::Late(referral, promise) => on_late(planner, &case, referral, promise),
        Heard::Settled(referral) => on_settled(planner, &case, referral),
        Heard::Neglected(item) => on_neglected(planner, &case, item),
        Heard::Acknowledged => on_acknowledged(planner, &case),
        Heard::FollowUp(referral, follow_up) => on_follow_up(planner, &case, referral, follow_up),
    }
}

fn on_assessed<'d>(
    mut planner: Planner<'d, '_>,
    id: SituationId,
    mut case: Case,
    heard: Assessed,
) -> Vec<Change<'d>> {
    let Assessed {
        signal,
        urgency,
        needs,
        circumstances,
        agreement,
    } = heard;
    if case.taken_back.contains(&signal) {
        return planner.changes;
    }
    let known = case.situation.take();
    let before = known.as_ref().map(|known| known.agreement.consent);
    // The later word holds, with the circumstances that came with it: what was said of a situation
    // before it became part of this one says nothing of this one.
    let (circumstances, agreement) = match &known {
        Some(known) if known.agreement.sequence > agreement.sequence => {
            (known.circumstances.clone(), known.agreement)
        }
        _ => (circumstances, agreement),
    };
    let situation = Situation {
        id,
        circumstances,
        agreement,
        urgency: Some(urgency),
        needs,
    };
    planner
        .changes
        .push(Change::Learned(Box::new(situation.clone())));
    // The assessment may bring a consent whose own event is still on its way.
    let pathless = settle(&mut planner, &situation, &mut case);
    tell_of_vital_interest(&mut planner, &situation, &case, before);
    let asked_for = union(&pathless.needs, &situation.needs);
    let urgency = pathless.urgency.map_or(urgency, |other| other.max(urgency));

    if forbids(agreement.consent) {
        // A coordinator learns of an emergency whatever was agreed: an item says nothing of who it is.
        if urgency == Urgency::Emergency && !has_emergency(&case) {
            planner.open(
                &situation,
                ItemKind::Emergency,
                asked_for.clone(),
                urgency,
                None,
            );
        }
        planner.changes.push(Change::Withheld(Withheld {
            consent: agreement.consent,
            needs: asked_for,
            urgency,
        }));
    } else {
        raise(&mut planner, &mut case, urgency);
        route(&mut planner, &situation, &case, &asked_for, urgency);
    }
    planner.changes
}

/// Whoever sees to the situation, or is asked to, has to know that it has become more urgent.
fn raise(planner: &mut Planner<'_, '_>, case: &mut Case, urgency: Urgency) {
    for referral in &mut case.referrals {
        if referral.covers() && referral.urgency < urgency {
            planner.raise(referral, urgency);
        }
    }
}

/// Asks for the needs that nobody takes care of yet.
pub(crate) fn route(
    planner: &mut Planner<'_, '_>,
    situation: &Situation,
    case: &Case,
    needs: &[Need],
    urgency: Urgency,
) {
    let wanted = NeedSet::from(needs).without(case.covered());
    let uncovered = if wanted.is_empty() {
        Vec::new()
    } else {
        let history = case.history_in_vain();
        planner.ask(
            situation,
            Request {
                needs: wanted.pick(needs),
                urgency,
                history,
                previous: None,
            },
        )
    };
    let nothing_under_way = wanted.is_empty() && !case.is_live();
    if urgency == Urgency::Emergency && !has_emergency(case) {
        planner.open(situation, ItemKind::Emergency, uncovered, urgency, None);
    } else if !uncovered.is_empty() || nothing_under_way {
        // Rule 1: also a signal from which no need follows ends somewhere.
        planner.open(situation, ItemKind::NoCandidate, uncovered, urgency, None);
    }
}

fn has_emergency(case: &Case) -> bool {
    case.items
        .iter()
        .any(|item| item.kind == ItemKind::Emergency)
}

fn on_agreed<'d>(
    mut planner: Planner<'d, '_>,
    id: SituationId,
    mut case: Case,
    circumstances: Circumstances,
    agreement: Agreement,
) -> Vec<Change<'d>> {
    let known = case.situation.take();
    let before = known.as_ref().map(|known| known.agreement.consent);
    let situation = match known {
        // An older word than the one that holds, late on its way.
        Some(known) if known.agreement.sequence > agreement.sequence => return planner.changes,
        Some(known) => Situation {
            circumstances,
            agreement,
            ..known
        },
        None => Situation {
            id,
            circumstances,
            agreement,
            urgency: None,
            needs: Vec::new(),
        },
    };
    planner
        .changes
        .push(Change::Learned(Box::new(situation.clone())));
    let withheld_for = case.withheld.as_ref().map(|withheld| withheld.consent);
    let settled_from = planner.changes.len();
    let pathless = settle(&mut planner, &situation, &mut case);
    tell_of_vital_interest(&mut planner, &situation, &case, before);
    let Some(urgency) = pathless.urgency else {
        return planner.changes;
    };
    if forbids(agreement.consent) {
        let consent = agreement.consent;
        if withheld_for != Some(consent) || planner.changes.len() > settled_from {
            planner.changes.push(Change::Withheld(Withheld {
                consent,
                needs: pathless.needs,
                urgency,
            }));
        }
    } else {
        route(&mut planner, &situation, &case, &pathless.needs, urgency);
    }
    planner.changes
}

/// Needs that have lost their path, and how soon, if there was a path to lose.
#[derive(Default)]
struct Pathless {
    needs: Vec<Need>,
    urgency: Option<Urgency>,
}

impl Pathless {
    fn add(&mut self, needs: &[Need], urgency: Urgency) {
        self.needs = union(&self.needs, needs);
        self.urgency = Some(self.urgency.map_or(urgency, |other| other.max(urgency)));
    }
}

/// Brings everything under way in line with what the carer agreed to. Doing it twice changes
/// nothing more. Accepted referrals stay: intake itself refuses their partner from now on.
fn settle(planner: &mut Planner<'_, '_>, situation: &Situation, case: &mut Case) -> Pathless {
    let consent = situation.agreement.consent;
    let mut pathless = Pathless::default();
    if let Some(withheld) = case.withheld.take() {
        pathless.add(&withheld.needs, withheld.urgency);
        if !forbids(consent) {
            planner.changes.push(Change::Lifted);
        }
    }
    if forbids(consent) {
        cancel_referrals(planner, case, &mut pathless);
        let closing = case
            .items
            .extract_if(.., |item| !item.stays_whatever_is_agreed());
        for item in closing {
            pathless.add(&item.needs, item.urgency);
            planner.changes.push(Change::Closed(item.id));
        }
    } else if consent.allows_sharing() {
        for referral in &mut case.referrals {
            if let Ok(requested) = planner.step(referral.clone(), Move::Consent) {
                *referral = requested;
            }
        }
    }
    pathless
}

fn cancel_referrals(planner: &mut Planner<'_, '_>, case: &mut Case, pathless: &mut Pathless) {
    for referral in &mut case.referrals {
        if let Some(cancelled) = planner.cancel(referral) {
            pathless.add(&cancelled.needs, cancelled.urgency);
            *referral = cancelled;
        }
    }
}

/// No signal of the situation stands any more: nothing is under way for it either.
fn on_taken_back<'d>(
    mut planner: Planner<'d, '_>,
    mut case: Case,
    signal: SignalId,
) -> Vec<Change<'d>> {
    planner.changes.push(Change::TakenBack(signal));
    cancel_referrals(&mut planner, &mut case, &mut Pathless::default());
    planner
        .changes
        .extend(case.items.iter().map(|item| Change::Closed(item.id)));
    if case.withheld.is_some() {
        planner.changes.push(Change::Lifted);
    }
    planner.changes
}

/// The next candidate is asked; after two in a row who were silent the coordinator decides, for a
/// carer cannot wait for as many silences as there are partners. That two are enough is our own
/// default, not validated.
fn on_silence<'d>(mut planner: Planner<'d, '_>, case: &Case, id: ReferralId) -> Vec<Change<'d>> {
    // Answered in the meantime, or held: the clock is late, not the partner.
    let Some(situation) = &case.situation else {
        return planner.changes;
    };
    if let Some(silent) = case.referral(id).cloned()
        && let Ok(expired) = planner.step(silent, Move::Expire)
    {
        if case.giver(&expired).is_some() {
            return planner.changes;
        }
        let before = expired.previous.and_then(|before| case.referral(before));
        let was_silent_too = before.is_some_and(|before| before.state == State::Expired);
        if was_silent_too && !forbids(situation.agreement.consent) {
            let (needs, urgency) = (expired.needs, expired.urgency);
            planner.open(situation, ItemKind::ClockBreached, needs, urgency, Some(id));
        } else {
            planner.go_on(situation, &expired, case.history(), ItemKind::ClockBreached);
        }
    }
    planner.changes
}

/// Where the carer took consent back, nothing has to be kept.
fn on_late<'d>(
    mut planner: Planner<'d, '_>,
    case: &Case,
    id: ReferralId,
    promise: ClockKind,
) -> Vec<Change<'d>> {
    let Some(situation) = &case.situation else {
        return planner.changes;
    };
    let is_known = case.items.iter().any(|item| is_about_delay(item, id));
    let in_hand = |referral: &&Referral| {
        matches!(referral.state, State::Accepted | State::Held(_)) && !is_known
    };
    if forbids(situation.agreement.consent) {
        return planner.changes;
    }
    if let Some(referral) = case.referral(id).filter(in_hand) {
        planner.open_late(situation, referral, promise);
    }
    planner.changes
}

fn on_settled<'d>(mut planner: Planner<'d, '_>, case: &Case, id: ReferralId) -> Vec<Change<'d>> {
    let settled = case.items.iter().filter(|item| is_about_delay(item, id));
    planner
        .changes
        .extend(settled.map(|item| Change::Closed(item.id)));
    planner.changes
}

fn on_neglected<'d>(mut planner: Planner<'d, '_>, case: &Case, id: ItemId) -> Vec<Change<'d>> {
    let neglected = case.items.iter().find(|item| item.id == id);
    if neglected.is_some_and(|item| item.escalated_at.is_none()) {
        planner.changes.push(Change::Escalated(id));
    }
    planner.changes
}

/// What has ended can no longer be handed over.
fn on_follow_up<'d>(
    mut planner: Planner<'d, '_>,
    case: &Case,
    id: ReferralId,
    follow_up: FollowUp,
) -> Vec<Change<'d>> {
    planner.changes.push(Change::FollowedUp(id, follow_up));
    let asked = case.asked_to_take_over(id);
    if let Some(asked) = asked.filter(|_| follow_up == FollowUp::Ended) {
        planner.cancel(asked);
    }
    planner.changes
}

fn on_acknowledged<'d>(mut planner: Planner<'d, '_>, case: &Case) -> Vec<Change<'d>> {
    let items = case.items.iter();
    let noted = items.filter(|item| item.kind == ItemKind::VitalInterest);
    planner
        .changes
        .extend(noted.map(|item| Change::Closed(item.id)));
    planner.changes
}

/// Somebody shares who it is without being asked to by the carer: a coordinator takes note of it, each
/// time that it comes to hold. At least `urgent`, for it is about somebody's life. Own default.
fn tell_of_vital_interest(
    planner: &mut Planner<'_, '_>,
    situation: &Situation,
    case: &Case,
    before: Option<Consent>,
) {
    let holds = situation.agreement.consent == Consent::VitalInterest;
    let is_told = before == Some(Consent::VitalInterest)
        || (case.items.iter()).any(|item| item.kind == ItemKind::VitalInterest);
    if holds && !is_told {
        let urgency = situation.urgency.max(Some(Urgency::Urgent));
        let urgency = urgency.unwrap_or(Urgency::Urgent);
        planner.open(
            situation,
            ItemKind::VitalInterest,
            Vec::new(),
            urgency,
            None,
        );
    }
}

fn is_about_delay(item: &Item, referral: ReferralId) -> bool {
    item.kind == ItemKind::Late && item.referral == Some(referral)
}

/// All of both, once each, the first ones first.
pub(crate) fn union(first: &[Need], then: &[Need]) -> Vec<Need> {
    let mut all = first.to_vec();
    all.extend(then.iter().filter(|need| !first.contains(need)));
    all
}

#[cfg(test)]
mod tests;
