//! What holds of every loop, whatever happens: the models of routing and follow-up together, as a
//! state machine, without servers.
//!
//! From any state that can be reached some action leads to closed, and every open loop has a
//! running clock or a coordinator; so has what a broken promise leads to.

use std::{collections::HashMap, sync::LazyLock};

use jiff::{SignedDuration, Timestamp, civil::Date};
use knipperlicht_followup::model::{
    Action, Outcome, PlannedVisit, Silence, State as TaskState, Timeliness, VisitResult,
    promised_while, rung,
};
use knipperlicht_routing::model::{
    behaviour::Behaviours,
    calls::{self, Answer},
    case::{Agreement, Case, Circumstances},
    change::{Change, FollowUp},
    decision::Tables,
    directory::{Area, Directory, Fit, Service},
    hearing::{Assessed, Heard, hear},
    planner::Ground,
    points::PointsTables,
    referral::{Actor, Move, State},
};
use knipperlicht_vocabulary::{
    ClockKind, Consent, ContactResult, DeclineReason, ItemKind, Language, Need, OutcomeReason,
    OutcomeResult, ReferralId, Rung, SituationId, Urgency,
};
use knipperlicht_zones::ZoneTable;
use proptest::prelude::*;
use uuid::Uuid;

const SERVICES: [&str; 4] = ["broad", "other", "respite", "listening"];

fn situation() -> SituationId {
    Uuid::from_u128(0x51).into()
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn service(id: &str, needs: &[Need]) -> Service {
    Service {
        id: id.parse().unwrap(),
        organisation: format!("of-{id}").parse().unwrap(),
        name: id.to_owned(),
        organisation_name: id.to_owned(),
        url: None,
        needs: needs.into(),
        area: Area::Zones(vec!["here".parse().unwrap()]),
        postal_codes: Vec::new(),
        languages: vec![Language::Dutch],
        age_bands: Vec::new(),
        target_group: None,
        fit: Fit::Generic,
        capacity: None,
        valid_from: Date::constant(2024, 1, 1),
        valid_to: None,
        synthetic: true,
    }
}

fn ground() -> Ground<'static> {
    static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
        let needs: [&[Need]; 4] = [
            &[Need::Information, Need::Financial, Need::Administration],
            &[Need::Information, Need::Financial],
            &[Need::Respite],
            &[Need::RecognitionAndListening, Need::Information],
        ];
        let services = SERVICES.iter().zip(needs);
        let services = services.map(|(id, needs)| service(id, needs));
        Directory::new(1, services.collect())
    });
    static POINTS: LazyLock<PointsTables> = LazyLock::new(|| PointsTables::builtin().unwrap());
    static ZONES: LazyLock<ZoneTable> = LazyLock::new(|| ZoneTable::builtin().unwrap());
    static NOBODY: Behaviours = Behaviours::new();
    Ground {
        tables: Tables {
            directory: &DIRECTORY,
            points: POINTS.current(),
            behaviours: &NOBODY,
        },
        zones: &ZONES,
        at: now(),
        today: Date::constant(2026, 11, 21),
    }
}

/// Everything that is known of one situation, in both services.
#[derive(Debug, Clone, Default)]
struct Loop {
    case: Case,
    /// The follow-ups of accepted referrals.
    tasks: HashMap<ReferralId, TaskState>,
    /// Promises that were broken, and not kept since.
    broken: Vec<(ReferralId, ClockKind)>,
    /// How much has happened: each thing has a cause of its own.
    happened: u32,
}

impl Loop {
    fn cause(&mut self) -> Uuid {
        self.happened += 1;
        Uuid::from_u128(9_000 + u128::from(self.happened))
    }

    fn hear(&mut self, what: Heard) {
        let cause = self.cause();
        let changes = hear(situation(), self.case.clone(), what, cause, &ground());
        self.write(changes);
    }

    /// A call; one that is refused changes nothing.
    fn call(&mut self, decide: impl FnOnce(Case, &Ground<'static>) -> Option<Answer<'static>>) {
        self.cause();
        if let Some(answer) = decide(self.case.clone(), &ground()) {
            self.write(answer.changes);
        }
    }

    /// What the databases of both would hold after these changes.
    fn write(&mut self, changes: Vec<Change<'static>>) {
        let case = &mut self.case;
        for change in changes {
            match change {
                Change::Learned(situation) => case.situation = Some(*situation),
                Change::Referred(referral) => case.referrals.push(*referral),
                Change::Moved { referral, .. } | Change::Raised(referral) => {
                    let id = referral.id;
                    if referral.state == State::Accepted {
                        self.tasks.entry(id).or_insert(TaskState::Open);
                    }
                    let held = case.referrals.iter_mut().find(|one| one.id == id);
                    *held.unwrap() = *referral;
                }
                Change::TookOver {
                    referral, giver, ..
                } => {
                    // A follow-up that ended meanwhile stays where it was.
                    self.tasks
                        .retain(|id, task| *id != giver || task.ending().is_some());
                    self.tasks.insert(referral.id, TaskState::Open);
                    let held = case.referrals.iter_mut().find(|one| one.id == referral.id);
                    *held.unwrap() = *referral;
                }
                Change::Opened(item) | Change::CameBack(item) => case.items.push(*item),
                Change::Closed(id) | Change::GaveWay(id) => {
                    case.items.retain(|item| item.id != id);
                }
                Change::Escalated(id) => {
                    let item = case.items.iter_mut().find(|item| item.id == id);
                    item.unwrap().escalated_at = Some(now());
                }
                Change::Withheld(withheld) => case.withheld = Some(withheld),
                Change::Lifted => case.withheld = None,
                Change::TakenBack(signal) => case.taken_back.push(signal),
                Change::FollowedUp(id, follow_up) => {
                    let held = case.referrals.iter_mut().find(|one| one.id == id);
                    held.unwrap().followed_up = follow_up == FollowUp::Ended;
                }
                Change::Decided(_) => {}
            }
        }
        self.settle();
    }

    /// The promise about a referral, as follow-up keeps it.
    fn promise(&self, id: ReferralId) -> Option<ClockKind> {
        let referral = self.case.referral(id)?;
        // What was promised stays with whoever wants to hand over.
        let is_hand_over = referral.takes_over.is_some() && referral.state == State::Requested;
        match self.tasks.get(&id) {
            Some(task) => task.promise(),
            None => promised_while(referral.state.code()).filter(|_| !is_hand_over),
        }
    }

    /// A promise that was broken and is not the one that runs any more was settled, and whoever
    /// saw to it hears so.
    fn settle(&mut self) {
        let broken = std::mem::take(&mut self.broken);
        let (open, settled): (Vec<_>, Vec<_>) = broken
            .into_iter()
            .partition(|(id, kind)| self.promise(*id) == Some(*kind));
        self.broken = open;
        for (id, kind) in settled {
            if rung(kind) == Rung::Coordinator {
                self.hear(Heard::Settled(id));
            }
        }
    }

    fn work(&mut self, id: ReferralId, action: Action) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        let Ok(after) = task.after(action) else {
            return;
        };
        let (was_closed, is_closed) = (task.ending().is_some(), after.ending().is_some());
        *task = after;
        match (was_closed, is_closed) {
            (false, true) => self.hear(Heard::FollowUp(id, FollowUp::Ended)),
            (true, false) => self.hear(Heard::FollowUp(id, FollowUp::Resumed)),
            _ => self.settle(),
        }
    }

    /// The clock of the promise about this referral runs out.
    fn run_out(&mut self, id: ReferralId) {
        // Where the carer wants nothing, nothing runs.
        let runs = |kind: &ClockKind| !self.forbids() && !self.broken.contains(&(id, *kind));
        let Some(kind) = self.promise(id).filter(runs) else {
            return;
        };
        self.broken.push((id, kind));
        match rung(kind) {
            Rung::NextCandidate => self.hear(Heard::Silence(id)),
            Rung::Coordinator => self.hear(Heard::Late(id, kind)),
            Rung::Council => unreachable!("a referral is no item"),
        }
    }

    /// A coordinator lets the follow-up of a carer rest who does not answer. Before they were asked
    /// in vain nobody may.
    fn let_rest(&mut self, id: ReferralId) {
        let was_heard = if self.broken.contains(&(id, ClockKind::Confirmation)) {
            Timeliness::Late
        } else {
            Timeliness::InTime
        };
        if let Ok(silence) = Silence::of(2, was_heard) {
            self.work(id, Action::LetRest(silence));
        }
    }

    fn forbids(&self) -> bool {
        let situation = self.case.situation.as_ref();
        situation.is_some_and(|known| {
            matches!(
                known.agreement.consent,
                Consent::Refused | Consent::Withdrawn
            )
        })
    }

    /// Whether everything about it is over: every need was seen to, and the carer said that it
    /// helped or was asked in vain.
    fn is_closed(&self) -> bool {
        let no_task_is_open = self.tasks.values().all(|task| task.promise().is_none());
        let nobody_is_asked = self.case.referrals.iter().all(|one| !one.state.is_open());
        no_task_is_open && nobody_is_asked && self.case.items.is_empty()
    }

    /// Of everything that is open, what nobody watches.
    fn unwatched(&self) -> Option<String> {
        if self.forbids() {
            // Nothing has to be kept then, and the reason is recorded.
            return None;
        }
        for referral in &self.case.referrals {
            let id = referral.id;
            let is_over = !referral.state.is_open() && referral.state != State::Accepted;
            let Some(kind) = self.promise(id) else {
                let was_heard = self
                    .tasks
                    .get(&id)
                    .is_some_and(|task| task.promise().is_none());
                if !is_over && !was_heard && !self.case.is_in_hand(id) {
                    return Some(format!("nothing is promised about {referral:?}"));
                }
                continue;
            };
            let runs = !self.broken.contains(&(id, kind));
            let lies_with_coordinator = self
                .case
                .items
                .iter()
                .any(|item| item.kind == ItemKind::Late && item.referral == Some(id));
            if !runs && !lies_with_coordinator {
                return Some(format!(
                    "{kind} of {referral:?} was broken and nobody knows"
                ));
            }
        }
        // Items have a clock of their own, and are with a coordinator until they are closed.
        None
    }

    /// One thing that brings it nearer to its end, if there is one.
    fn drive(&mut self) {
        let mut items = self.case.items.iter();
        if items.any(|item| item.kind == ItemKind::VitalInterest) {
            return self.hear(Heard::Acknowledged);
        }
        if let Some(item) = self
            .case
            .items
            .iter()
            .find(|item| item.kind != ItemKind::Late)
        {
            let id = item.id;
            let target = SERVICES[0].parse().unwrap();
            return self.call(|case, ground| calls::assign(case, id, &target, ground).ok());
        }
        let open = self.case.referrals.iter().find(|one| one.state.is_open());
        if let Some(referral) = open {
            let (id, state) = (referral.id, referral.state);
            return match state {
                State::Requested => self.step(id, Move::Accept),
                State::Held(_) if referral.requested_at.is_some() => self.step(id, Move::Accept),
                // The carer is asked at last, and agrees.
                _ => self.agree(Consent::Given),
            };
        }
        let open = self.tasks.iter().find(|(_, task)| task.promise().is_some());
        if let Some((id, task)) = open {
            let id = *id;
            if task.ending().is_none() {
                self.work(id, Action::Complete(outcome(), Timeliness::Late));
            } else if self.broken.contains(&(id, ClockKind::Confirmation)) {
                self.let_rest(id);
            } else {
                self.work(id, Action::Confirm);
            }
        }
    }

    fn step(&mut self, id: ReferralId, step: Move) {
        self.call(|case, ground| match step {
            Move::Accept => calls::accept(case, id, ground).ok(),
            step => calls::step(case, id, step, ground).ok(),
        });
    }

    fn agree(&mut self, consent: Consent) {
        let sequence = i64::from(self.happened) + 2;
        let agreement = Agreement { consent, sequence };
        self.hear(Heard::Agreed(circumstances(), agreement));
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        zone: "here".parse().unwrap(),
        postal_code: "8400".parse().unwrap(),
        language: Language::Dutch,
        age_band: None,
    }
}

fn outcome() -> Outcome {
    Outcome::new(OutcomeResult::PartlyHelped, Some(OutcomeReason::Other)).unwrap()
}

/// What may happen, with a number to choose the referral or item by.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Judged(Consent, Urgency, u8),
    Agreed(Consent),
    RunsOut(usize),
    Neglected(usize),
    Step(usize, Move),
    Decline(usize),
    Redirect(usize, usize, Actor),
    HandOver(usize, usize),
    Cancel(usize),
    Assign(usize, usize),
    Work(usize, Action),
    LetRest(usize),
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let visit = PlannedVisit::new(now() + SignedDuration::from_hours(24), now()).unwrap();
    let work = vec![
        Action::Contact(ContactResult::Reached),
        Action::Contact(ContactResult::NoAnswer),
        Action::Schedule(visit),
        Action::Visit(VisitResult::Seen),
        Action::Visit(VisitResult::Missed),
        Action::Complete(outcome(), Timeliness::InTime),
        Action::Confirm,
        Action::Reopen,
    ];
    let one = || 0..5_usize;
    prop_oneof![
        2 => (
            prop::sample::select(Consent::ALL),
            prop::sample::select(Urgency::ALL),
            1..=u8::MAX
        )
            .prop_map(|(consent, urgency, needs)| Happening::Judged(consent, urgency, needs)),
        1 => prop::sample::select(Consent::ALL).prop_map(Happening::Agreed),
        4 => one().prop_map(Happening::RunsOut),
        1 => one().prop_map(Happening::Neglected),
        3 => (one(), prop::sample::select(vec![Move::Accept, Move::Hold, Move::Release]))
            .prop_map(|(one, step)| Happening::Step(one, step)),
        1 => one().prop_map(Happening::Decline),
        1 => (one(), 0..4_usize, prop::sample::select(vec![Actor::Partner, Actor::Coordinator]))
            .prop_map(|(one, to, actor)| Happening::Redirect(one, to, actor)),
        2 => (one(), 0..4_usize).prop_map(|(one, to)| Happening::HandOver(one, to)),
        1 => one().prop_map(Happening::Cancel),
        1 => (one(), 0..4_usize).prop_map(|(one, to)| Happening::Assign(one, to)),
        4 => (one(), prop::sample::select(work)).prop_map(|(one, action)| Happening::Work(one, action)),
        1 => one().prop_map(Happening::LetRest),
    ]
}

fn happen(open: &mut Loop, happening: Happening) {
    let referral = |one: usize| open.case.referrals.get(one).map(|referral| referral.id);
    match happening {
        Happening::Judged(consent, urgency, bits) => {
            let needs = Need::ALL.iter().copied();
            let needs = needs.filter(|need| bits & (1 << (need.number() % 8)) != 0);
            let sequence = i64::from(open.happened) + 2;
            open.hear(Heard::Assessed(Assessed {
                signal: Uuid::from_u128(0x516).into(),
                urgency,
                needs: needs.collect(),
                circumstances: circumstances(),
                agreement: Agreement { consent, sequence },
            }));
        }
        Happening::Agreed(consent) => open.agree(consent),
        Happening::RunsOut(one) => {
            if let Some(id) = referral(one) {
                open.run_out(id);
            }
        }
        Happening::Neglected(one) => {
            if let Some(id) = open.case.items.get(one).map(|item| item.id) {
                assert_eq!(rung(ClockKind::Coordinator), Rung::Council);
                open.hear(Heard::Neglected(id));
            }
        }
        Happening::Step(one, step) => {
            if let Some(id) = referral(one) {
                open.step(id, step);
            }
        }
        Happening::Decline(one) => {
            if let Some(id) = referral(one) {
                let reason = DeclineReason::NoCapacity;
                open.call(|case, ground| calls::decline(case, id, reason, ground).ok());
            }
        }
        Happening::Redirect(one, to, actor) => {
            if let Some(id) = referral(one) {
                let (target, reason) = (SERVICES[to].parse().unwrap(), DeclineReason::Other);
                open.call(|case, ground| {
                    calls::redirect(case, id, &target, reason, actor, ground).ok()
                });
            }
        }
        Happening::HandOver(one, to) => {
            if let Some(id) = referral(one) {
                let target = SERVICES[to].parse().unwrap();
                open.call(|case, ground| calls::hand_over(case, id, &target, ground).ok());
            }
        }
        Happening::Cancel(one) => {
            if let Some(id) = referral(one) {
                open.call(|case, ground| calls::cancel(case, id, ground).ok());
            }
        }
        Happening::Assign(one, to) => {
            if let Some(id) = open.case.items.get(one).map(|item| item.id) {
                let target = SERVICES[to].parse().unwrap();
                open.call(|case, ground| calls::assign(case, id, &target, ground).ok());
            }
        }
        Happening::Work(one, action) => {
            if let Some(id) = referral(one) {
                open.work(id, action);
            }
        }
        Happening::LetRest(one) => {
            if let Some(id) = referral(one) {
                open.let_rest(id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_open_loop_is_watched_and_can_be_closed(
        happenings in prop::collection::vec(any_happening(), 1..24),
    ) {
        let mut open = Loop::default();
        for happening in happenings {
            happen(&mut open, happening);
            if open.forbids() {
                // Given again, what was promised begins anew.
                open.broken.clear();
            }
            let unwatched = open.unwatched();
            prop_assert!(unwatched.is_none(), "after {happening:?}: {}", unwatched.unwrap());
        }
        // Whoever wanted nothing more changes their mind, so that there is something to close.
        if open.forbids() {
            open.agree(Consent::Given);
        }
        for _ in 0..100 {
            if open.is_closed() {
                break;
            }
            open.drive();
        }
        prop_assert!(open.is_closed(), "cannot be closed: {open:?}");
    }
}
