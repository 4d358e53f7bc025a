//! A partner's desk: work that waits, done in the order in which it is promised, by as many hours a week
//! as there are.
//!
//! A desk is one line of work: with 80 hours a week it does in half an hour what takes an hour, with 10
//! in four. Over days that comes to the same as two people, or one who comes on Tuesdays.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use jiff::{SignedDuration, Timestamp};
use knipperlicht_routing::model::{behaviour::Behaviour, directory::Service};
use knipperlicht_vocabulary::CapacityState;

use crate::assumptions::Partners;

/// Hours that doors are open in a week without a holiday: Monday to Friday from 9 to 17.
pub const OPEN_A_WEEK: f64 = 40.0;

/// What somebody at a desk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Calls the carer of a follow-up for the first time.
    Call(usize),
    /// Talks to them, or visits.
    Session(usize),
}

/// Work on one situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Job {
    /// When it is promised for.
    pub(crate) due: Timestamp,
    pub(crate) course: usize,
    pub(crate) work: Work,
    seconds: i64,
}

impl Job {
    pub(crate) fn new(due: Timestamp, course: usize, work: Work, hours: f64) -> Self {
        Self {
            due,
            course,
            work,
            seconds: seconds(hours),
        }
    }

    fn hours(self) -> f64 {
        SignedDuration::from_secs(self.seconds).as_secs_f64() / 3600.0
    }
}

/// So many hours, as a duration.
pub(crate) fn of_hours(hours: f64) -> SignedDuration {
    SignedDuration::from_secs(seconds(hours))
}

fn seconds(hours: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "hours of work are few")]
    let seconds = (hours * 3600.0) as i64;
    seconds
}

/// How many hours a week there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hours {
    /// As many as it takes: nobody ever waits for somebody to have time.
    Enough,
    /// So many a week.
    Weekly(f64),
}

/// A partner's desk.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) service: Service,
    hours: Hours,
    waiting: BinaryHeap<Reverse<Job>>,
    is_busy: bool,
    /// Hours of work that wait, or are being done.
    backlog: f64,
    /// Hours of sessions that carers in follow-up still have before them.
    pub(crate) ahead: f64,
    /// Hours worked since the tally began.
    pub(crate) worked: f64,
    answered: VecDeque<Answered>,
}

#[derive(Debug, Clone, Copy)]
struct Answered {
    at: Timestamp,
    /// Minutes it took, where it was accepted.
    accepted: Option<u64>,
}

impl Desk {
    pub(crate) fn new(service: Service, hours: Hours) -> Self {
        Self {
            service,
            hours,
            waiting: BinaryHeap::new(),
            is_busy: false,
            backlog: 0.0,
            ahead: 0.0,
            worked: 0.0,
            answered: VecDeque::new(),
        }
    }

    /// Work comes in. What is begun at once comes back, with the opening time it takes.
    pub(crate) fn put(&mut self, job: Job) -> Option<(Job, SignedDuration)> {
        self.backlog += job.hours();
        self.waiting.push(Reverse(job));
        self.begin()
    }

    /// Work is done. What is begun next comes back, with the opening time it takes.
    pub(crate) fn done(&mut self, job: Job) -> Option<(Job, SignedDuration)> {
        self.backlog -= job.hours();
        self.worked += job.hours();
        self.is_busy = false;
        self.begin()
    }

    fn begin(&mut self) -> Option<(Job, SignedDuration)> {
        let pace = match self.hours {
            Hours::Enough => 1.0,
            Hours::Weekly(_) if self.is_busy => return None,
            Hours::Weekly(hours) => hours / OPEN_A_WEEK,
        };
        let Reverse(job) = self.waiting.pop()?;
        self.is_busy = true;
        Some((job, of_hours(job.hours() / pace)))
    }

    /// For how many weeks there is work.
    pub(crate) fn weeks(&self) -> f64 {
        match self.hours {
            Hours::Enough => 0.0,
            Hours::Weekly(hours) => (self.backlog + self.ahead) / hours,
        }
    }

    /// What it says of its room.
    pub(crate) fn room(&self, partners: &Partners) -> CapacityState {
        let weeks = self.weeks();
        if weeks >= partners.declines_from_weeks.value {
            CapacityState::Full
        } else if weeks >= partners.lets_wait_from_weeks.value {
            CapacityState::Waitlist
        } else {
            CapacityState::Available
        }
    }

    /// Notes an answer: after so many minutes where it accepted, nothing where it declined or kept
    /// silent.
    pub(crate) fn note(&mut self, at: Timestamp, accepted: Option<u64>) {
        self.answered.push_back(Answered { at, accepted });
    }

    /// How it behaved since.
    pub(crate) fn behaviour(&mut self, since: Timestamp) -> Behaviour {
        while self.answered.front().is_some_and(|first| first.at < since) {
            self.answered.pop_front();
        }
        let mut behaviour = Behaviour::default();
        for one in &self.answered {
            behaviour.answered += 1;
            behaviour.accepted += u32::from(one.accepted.is_some());
            behaviour.minutes_to_accept += one.accepted.unwrap_or_default();
        }
        behaviour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(due: i64, hours: f64) -> Job {
        let due = Timestamp::from_second(due).unwrap();
        Job::new(due, 0, Work::Call(0), hours)
    }

    fn desk(hours: Hours) -> Desk {
        let rules = crate::rules::Rules::builtin().unwrap();
        let zone = rules.zones.zones().next().unwrap();
        let partners =
            knipperlicht_routing::model::synthetic::partners(zone, Timestamp::UNIX_EPOCH);
        Desk::new(partners.unwrap().remove(0), hours)
    }

    #[test]
    fn what_is_promised_sooner_is_done_sooner_and_half_the_hours_take_twice_as_long() {
        let mut desk = desk(Hours::Weekly(20.0));
        let (first, takes) = desk.put(job(300, 1.0)).unwrap();
        assert_eq!(takes, SignedDuration::from_hours(2));
        assert!(desk.put(job(200, 1.0)).is_none(), "one thing at a time");
        assert!(desk.put(job(100, 1.0)).is_none());
        assert!((desk.weeks() - 3.0 / 20.0).abs() < 1e-9);
        let (next, _) = desk.done(first).unwrap();
        assert_eq!(next.due.as_second(), 100);
    }

    #[test]
    fn who_has_time_enough_does_all_at_once() {
        let mut desk = desk(Hours::Enough);
        for _ in 0..3 {
            let (_, takes) = desk.put(job(100, 1.0)).unwrap();
            assert_eq!(takes, SignedDuration::from_hours(1));
        }
        assert!(desk.weeks() < f64::EPSILON);
    }
}
