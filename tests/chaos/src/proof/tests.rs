//! The proof can fail: books that are whole have no findings, and each way to tamper with them
//! has its own.

use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::{Need, ReferralState};
use uuid::Uuid;

use super::*;
use crate::{
    books::{
        AcceptClock, Assessment, AuditLog, Books, Grant, Heard, Item, Parked, Referral, Said,
        Signal, Step, Task, Told, Withheld,
    },
    load::{Decision, Promises, Receipt},
};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(millis: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(millis).unwrap()
}

const SIGNAL: u128 = 1;
const SITUATION: u128 = 2;
const DECLINED: u128 = 3;
const ACCEPTED: u128 = 4;

/// One signal with two needs: both were declined; one was accepted by the next partner, the other
/// lies with a coordinator.
fn whole() -> (Books, Promises) {
    let situation = id(SITUATION);
    let (respite, financial) = (Need::Respite, Need::Financial);
    let referral = |number, previous, needs, state| Referral {
        id: id(number),
        situation,
        previous,
        organisation: format!("organisation-{number}"),
        needs,
        state,
        was_requested: true,
        created_at: at(3),
    };
    let mut books = Books {
        signals: vec![Signal {
            id: id(SIGNAL),
            situation,
            received_at: at(1),
        }],
        steps: vec![Step {
            situation,
            step: "assessed".to_owned(),
        }],
        grants: vec![Grant {
            situation,
            organisation: format!("organisation-{ACCEPTED}"),
        }],
        assessments: vec![Assessment {
            signal: id(SIGNAL),
            situation,
            needs: vec![respite, financial],
        }],
        referrals: vec![
            referral(
                DECLINED,
                None,
                vec![respite, financial],
                ReferralState::Declined,
            ),
            referral(
                ACCEPTED,
                Some(id(DECLINED)),
                vec![respite],
                ReferralState::Accepted,
            ),
        ],
        items: vec![Item {
            id: id(5),
            situation,
            referral: Some(id(DECLINED)),
            needs: vec![financial],
            is_open: true,
        }],
        tasks: vec![Task {
            referral: id(ACCEPTED),
            state: "completed".to_owned(),
        }],
        accept_clocks: [DECLINED, ACCEPTED]
            .map(|number| AcceptClock {
                referral: id(number),
                runs: false,
            })
            .to_vec(),
        ..Books::default()
    };
    tell(&mut books);
    let receipt = Receipt {
        signal: id(SIGNAL),
        situation,
        received_at: at(1),
    };
    let promises = Promises {
        sent: 1,
        receipts: HashMap::from([(id(SIGNAL), receipt)]),
        decisions: HashMap::from([
            (id(ACCEPTED), Decision::Accepted),
            (id(DECLINED), Decision::PassedOn),
        ]),
        completed: vec![id(ACCEPTED)],
        ..Promises::default()
    };
    (books, promises)
}

/// Its events: said, heard by everybody who listens, and told.
fn tell(books: &mut Books) {
    let situation = id(SITUATION);
    let said = [
        (Service::Intake, "signal.flagged"),
        (Service::Assessment, "assessment.completed"),
        (Service::Routing, "referral.requested"),
        (Service::Routing, "referral.declined"),
        (Service::Routing, "referral.requested"),
        (Service::Routing, "referral.unroutable"),
        (Service::Routing, "referral.accepted"),
        (Service::Followup, "followup.completed"),
    ];
    let mut places: HashMap<Service, i64> = HashMap::new();
    for (number, (source, what)) in (1..).zip(said) {
        let place = places.entry(source).or_insert(0);
        *place += 1;
        let (sequence, event) = (*place, id(100 + u128::try_from(number).unwrap()));
        let (kind, at) = (format!("knipperlicht.{what}.v1"), at(number));
        books.timeline.push(Told {
            situation,
            kind: kind.clone(),
            at,
        });
        books.said.push(Said {
            source,
            situation,
            sequence,
            position: number,
            event,
            kind,
            at,
            is_published: true,
        });
        for listener in Service::ALL {
            if knipperlicht_eventing::topology::sources(*listener).contains(&source) {
                books.heard.push(Heard {
                    listener: *listener,
                    source,
                    situation,
                    sequence,
                    event,
                    at,
                });
            }
        }
    }
}

/// Findings of each sort, in the order of [`Fault::ALL`], once the books were tampered with.
fn tampered(tamper: impl Fn(&mut Books, &mut Promises)) -> [usize; 4] {
    let (mut books, mut promises) = whole();
    tamper(&mut books, &mut promises);
    let findings = Findings::of(&books, &promises);
    Fault::ALL.map(|fault| findings.count(fault))
}

#[test]
fn whole_books_have_no_findings() {
    let (books, promises) = whole();
    assert_eq!(Findings::of(&books, &promises).all(), []);
}

#[test]
fn a_signal_that_is_gone_is_lost() {
    // Not stored, though promised, and its assessment is of nothing.
    assert_eq!(tampered(|books, _| books.signals.clear()), [2, 0, 0, 0]);
    // Promised otherwise.
    assert_eq!(
        tampered(|books, _| books.signals[0].received_at = at(9)),
        [1, 0, 0, 0]
    );
    assert_eq!(
        tampered(|_, promises| promises.refused.push((id(9), "full".to_owned()))),
        [1, 0, 0, 0]
    );
    assert_eq!(
        tampered(|_, promises| promises.contradicted.push(id(SIGNAL))),
        [0, 1, 0, 0]
    );
}

#[test]
fn a_signal_is_judged_once() {
    // No assessment: without one there are no needs to look for.
    assert_eq!(tampered(|books, _| books.assessments.clear()), [1, 0, 0, 0]);
    assert_eq!(
        tampered(|books, _| books.assessments.push(books.assessments[0].clone())),
        [0, 1, 0, 0]
    );
    assert_eq!(tampered(|books, _| books.steps.clear()), [1, 0, 0, 0]);
    assert_eq!(
        tampered(|books, _| books.steps.push(books.steps[0].clone())),
        [0, 1, 0, 0]
    );
}

#[test]
fn a_referral_that_is_gone_leaves_its_need_without_a_path() {
    // Its need; what the declined one passed on; the desk that accepted it and then completed its
    // follow-up: the task is nobody's.
    assert_eq!(
        tampered(|books, _| drop(books.referrals.pop())),
        [3, 1, 0, 0]
    );
    // A need that was never asked for.
    assert_eq!(
        tampered(|books, _| books.assessments[0].needs.push(Need::Safety)),
        [1, 0, 0, 0]
    );
    // The item: its need, and what the declined one passed on.
    assert_eq!(tampered(|books, _| books.items.clear()), [2, 0, 0, 0]);
    // Unless it is on record why nobody is asked.
    let withheld = |books: &mut Books, _: &mut Promises| {
        let needs = vec![Need::Safety];
        books.assessments[0].needs.push(Need::Safety);
        books.withheld.push(Withheld {
            situation: id(SITUATION),
            needs,
        });
    };
    assert_eq!(tampered(withheld), [0, 0, 0, 0]);
}

#[test]
fn a_situation_without_any_path_is_lost() {
    let no_path = |books: &mut Books, promises: &mut Promises| {
        books.assessments[0].needs.clear();
        books.referrals.clear();
        books.items.clear();
        books.tasks.clear();
        books.accept_clocks.clear();
        *promises = Promises {
            decisions: HashMap::new(),
            completed: Vec::new(),
            ..promises.clone()
        };
    };
    assert_eq!(tampered(no_path), [1, 0, 0, 0]);
}

#[test]
fn a_referral_made_twice_is_doubled() {
    // The same one: its id, its need, what it follows on; its follow-up and clock are one each.
    assert_eq!(
        tampered(|books, _| books.referrals.push(books.referrals[1].clone())),
        [0, 3, 0, 0]
    );
    // Another one for the same need.
    let another = |books: &mut Books, _: &mut Promises| {
        let state = ReferralState::Held;
        let again = Referral {
            id: id(9),
            was_requested: false,
            state,
            ..books.referrals[1].clone()
        };
        books.referrals.push(again);
    };
    assert_eq!(tampered(another), [0, 2, 0, 0]);
}

#[test]
fn places_that_are_swapped_are_out_of_order() {
    let swap_said = |books: &mut Books, _: &mut Promises| {
        let (two, three) = (books.said[2].position, books.said[3].position);
        (books.said[2].position, books.said[3].position) = (three, two);
    };
    assert_eq!(tampered(swap_said), [0, 0, 1, 0]);
    // Handled in the wrong order by one listener.
    let swap_heard = |books: &mut Books, _: &mut Promises| {
        let mine = |heard: &&mut Heard| {
            heard.listener == Service::Intake && heard.source == Service::Routing
        };
        let mut mine = books.heard.iter_mut().filter(mine);
        let (first, second) = (mine.next().unwrap(), mine.next().unwrap());
        std::mem::swap(&mut first.at, &mut second.at);
    };
    assert_eq!(tampered(swap_heard), [0, 0, 1, 0]);
    // Another event in its place.
    assert_eq!(
        tampered(|books, _| books.heard[0].event = id(9)),
        [0, 0, 1, 0]
    );
}

#[test]
fn a_gap_is_lost_for_the_one_who_has_it_and_out_of_order_for_what_follows() {
    let forget = |books: &mut Books, _: &mut Promises| {
        let gap = |heard: &Heard| {
            heard.listener == Service::Followup
                && heard.source == Service::Routing
                && heard.sequence == 2
        };
        books.heard.retain(|heard| !gap(heard));
    };
    assert_eq!(tampered(forget), [1, 0, 1, 0]);
    assert_eq!(
        tampered(|books, _| books.said[0].is_published = false),
        [1, 0, 0, 0]
    );
    assert_eq!(
        tampered(|books, _| books.heard.push(books.heard[0].clone())),
        [0, 1, 0, 0]
    );
}

#[test]
fn what_follow_up_must_have_is_looked_for() {
    // The follow-up, and the desk's word that it is completed.
    assert_eq!(tampered(|books, _| books.tasks.clear()), [2, 0, 0, 0]);
    assert_eq!(
        tampered(|books, _| books.tasks.push(books.tasks[0].clone())),
        [0, 1, 0, 0]
    );
    assert_eq!(
        tampered(|books, _| books.accept_clocks.truncate(1)),
        [1, 0, 0, 0]
    );
    assert_eq!(
        tampered(|books, _| books.accept_clocks[0].runs = true),
        [0, 1, 0, 0]
    );
    assert_eq!(
        tampered(|books, _| drop(books.timeline.pop())),
        [1, 0, 0, 0]
    );
    assert_eq!(
        tampered(|books, _| books.timeline.push(books.timeline[0].clone())),
        [0, 1, 0, 0]
    );
    assert_eq!(tampered(|books, _| books.grants.clear()), [1, 0, 0, 0]);
}

#[test]
fn a_desk_that_was_told_otherwise_has_lost_its_decision() {
    let taken_back = |_: &mut Books, promises: &mut Promises| {
        promises.decisions.insert(id(ACCEPTED), Decision::PassedOn);
    };
    assert_eq!(tampered(taken_back), [1, 0, 0, 0]);
    assert_eq!(
        tampered(|books, _| books.tasks[0].state = "contacted".to_owned()),
        [1, 0, 0, 0]
    );
}

#[test]
fn what_is_parked_is_a_finding() {
    let parked = Parked {
        listener: Service::Routing,
        error: "no such code".to_owned(),
    };
    assert_eq!(
        tampered(|books, _| books.parked.push(parked.clone())),
        [0, 0, 0, 1]
    );
}

#[test]
fn who_looked_at_what_is_noted_and_the_log_is_whole() {
    assert_eq!(
        tampered(|_, promises| promises.looked_at.push(id(SITUATION))),
        [1, 0, 0, 0]
    );
    let noted = |books: &mut Books, promises: &mut Promises| {
        promises.looked_at.push(id(SITUATION));
        books.looked_at.push(id(SITUATION));
    };
    assert_eq!(tampered(noted), [0, 0, 0, 0]);
    let broken = |books: &mut Books, _: &mut Promises| {
        books.audit.push(AuditLog {
            service: Service::Intake,
            rows: 3,
            faults: vec!["row 2 is missing".to_owned()],
        });
    };
    assert_eq!(tampered(broken), [1, 0, 0, 0]);
}
