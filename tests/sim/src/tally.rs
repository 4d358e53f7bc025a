//! What is counted of a simulated year, so that zones add up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::{ClockKind, ItemKind, Need, Urgency};

use crate::course::Standing;

/// The time in which things count: what happens before only fills desks and lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When the simulation begins.
    pub begins: Timestamp,
    /// From when on things count.
    pub from: Timestamp,
    /// Until when, and then it ends.
    pub until: Timestamp,
}

/// How often something was done by when it was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Promised {
    /// In time.
    pub in_time: u64,
    /// Later, or not by the end of the simulation.
    pub late: u64,
}

impl Promised {
    pub(crate) fn note(&mut self, in_time: bool) {
        if in_time {
            self.in_time += 1;
        } else {
            self.late += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.in_time += other.in_time;
        self.late += other.late;
    }

    /// The share in time.
    #[must_use]
    pub fn share(self) -> f64 {
        share(self.in_time, self.in_time + self.late)
    }
}

/// One hour of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hour {
    /// Signals received.
    pub signals: u64,
    /// Events said.
    pub events: u64,
}

/// What is counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Events, by their types.
    pub said: BTreeMap<&'static str, u64>,
    /// Calls that people make, by the service that answers them.
    pub calls: BTreeMap<Service, u64>,
    /// Hour by hour, from the beginning of the period.
    pub hours: Vec<Hour>,
    /// Situations that began.
    pub situations: u64,
    /// First judgements, by how soon.
    pub urgencies: BTreeMap<Urgency, u64>,
    /// Decisions of routing.
    pub decisions: u64,
    /// What was promised, by kind.
    pub promises: BTreeMap<ClockKind, Promised>,
    /// First talks by the moment that a carer could count on when a partner was first asked.
    pub first_talks: Promised,
    /// Days from the first request to the first talk.
    pub waits: Vec<f64>,
    /// Needs for which a coordinator's item arose, and why.
    pub unmet: BTreeMap<(Need, ItemKind), u64>,
    /// Coordinators' items, with the promise that was not kept, where one is about that.
    pub items: BTreeMap<(ItemKind, Option<ClockKind>), u64>,
    /// Hours of work, by service.
    pub worked: BTreeMap<String, f64>,
    /// Where every situation stands at the end, of all that began.
    pub standings: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Events, all together.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.said.values().sum()
    }

    /// Signals, all together.
    #[must_use]
    pub fn signals(&self) -> u64 {
        self.hours.iter().map(|hour| hour.signals).sum()
    }

    /// The hour with most signals, and that with most events.
    #[must_use]
    pub fn busiest(&self) -> Hour {
        Hour {
            signals: self
                .hours
                .iter()
                .map(|hour| hour.signals)
                .max()
                .unwrap_or(0),
            events: self.hours.iter().map(|hour| hour.events).max().unwrap_or(0),
        }
    }

    /// Days from the first request to the first talk, of which this share waits at most so long.
    #[must_use]
    pub fn waited(&self, share: f64) -> f64 {
        let mut waits = self.waits.clone();
        waits.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a position in a list"
        )]
        let position = (share * waits.len().saturating_sub(1) as f64) as usize;
        waits.get(position).copied().unwrap_or_default()
    }

    /// Needs that nobody could be asked for, or nobody would take, together.
    #[must_use]
    pub fn unmet_needs(&self) -> u64 {
        self.unmet.values().sum()
    }

    /// With what another zone counted.
    pub fn add(&mut self, other: Self) {
        add(&mut self.said, other.said);
        add(&mut self.calls, other.calls);
        add(&mut self.urgencies, other.urgencies);
        add(&mut self.unmet, other.unmet);
        add(&mut self.items, other.items);
        add(&mut self.standings, other.standings);
        self.hours
            .resize(self.hours.len().max(other.hours.len()), Hour::default());
        for (hour, more) in self.hours.iter_mut().zip(other.hours) {
            hour.signals += more.signals;
            hour.events += more.events;
        }
        self.situations += other.situations;
        self.decisions += other.decisions;
        for (kind, promised) in other.promises {
            self.promises.entry(kind).or_default().add(promised);
        }
        self.first_talks.add(other.first_talks);
        self.waits.extend(other.waits);
        for (service, hours) in other.worked {
            *self.worked.entry(service).or_default() += hours;
        }
    }

    pub(crate) fn stands(&mut self, standing: &Standing) {
        let word = match standing {
            Standing::Ended => "ended",
            Standing::NotShared => "not shared",
            Standing::Open(_) => "open",
            Standing::Lost(_) => "lost",
        };
        *self.standings.entry(word).or_default() += 1;
    }
}

fn add<K: Ord>(to: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *to.entry(key).or_default() += count;
    }
}

/// `part` of `whole`; nothing of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of a year")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
