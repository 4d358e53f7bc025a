//! What is wrong with the books. Nothing may be.

mod audit;
mod decisions;
mod followups;
mod order;
mod paths;
mod signals;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt::{self, Display},
    hash::Hash,
};

use serde::Serialize;

use crate::{books::Books, load::Promises};

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Something that was promised or follows from what was said is not there.
    Lost,
    /// Something is there more often than it may be.
    Doubled,
    /// Something happened before what comes before it.
    OutOfOrder,
    /// Something could not be handled.
    Parked,
}

impl Fault {
    /// Every sort.
    pub const ALL: [Self; 4] = [Self::Lost, Self::Doubled, Self::OutOfOrder, Self::Parked];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::OutOfOrder => "out of order",
            Self::Parked => "parked",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What sort.
    pub fault: Fault,
    /// What, in words.
    pub what: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fault.name(), self.what)
    }
}

/// All that is wrong.
#[derive(Debug, Clone, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Holds what is promised against what is stored, and what is stored against itself.
    #[must_use]
    pub fn of(books: &Books, promises: &Promises) -> Self {
        let mut findings = Self::default();
        signals::check(books, promises, &mut findings);
        paths::check(books, &mut findings);
        order::check(books, &mut findings);
        followups::check(books, &mut findings);
        decisions::check(books, promises, &mut findings);
        audit::check(books, promises, &mut findings);
        for parked in &books.parked {
            findings.add(
                Fault::Parked,
                format!("by {}: {}", parked.listener.name(), parked.error),
            );
        }
        findings
    }

    /// Everything.
    #[must_use]
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    /// How many of one sort.
    #[must_use]
    pub fn count(&self, fault: Fault) -> usize {
        self.0
            .iter()
            .filter(|finding| finding.fault == fault)
            .count()
    }

    fn add(&mut self, fault: Fault, what: String) {
        self.0.push(Finding { fault, what });
    }

    /// There must be one: none is lost, more are doubled.
    fn exactly_one(&mut self, found: usize, what: impl FnOnce() -> String) {
        match found {
            1 => {}
            0 => self.add(Fault::Lost, what()),
            _ => self.add(Fault::Doubled, what()),
        }
    }
}

/// How often each key occurs.
fn counted<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// Things by their key.
fn grouped<K: Eq + Hash, T>(things: &[T], key: impl Fn(&T) -> K) -> HashMap<K, Vec<&T>> {
    let mut groups: HashMap<K, Vec<&T>> = HashMap::new();
    for thing in things {
        groups.entry(key(thing)).or_default().push(thing);
    }
    groups
}
