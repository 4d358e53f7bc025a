//! What is to happen, in the order of time; of two things at once, the one that was planned first.

use std::{cmp::Reverse, collections::BinaryHeap};

use jiff::Timestamp;

/// Things to come.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    planned: u64,
    heap: BinaryHeap<Reverse<Planned<T>>>,
}

#[derive(Debug)]
struct Planned<T> {
    at: Timestamp,
    number: u64,
    what: T,
}

impl<T> PartialEq for Planned<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<T> Eq for Planned<T> {}

impl<T> PartialOrd for Planned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Planned<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            planned: 0,
            heap: BinaryHeap::new(),
        }
    }
}

impl<T> Queue<T> {
    pub(crate) fn plan(&mut self, at: Timestamp, what: T) {
        self.heap.push(Reverse(Planned {
            at,
            number: self.planned,
            what,
        }));
        self.planned += 1;
    }

    pub(crate) fn next(&mut self) -> Option<(Timestamp, T)> {
        let Reverse(Planned { at, what, .. }) = self.heap.pop()?;
        Some((at, what))
    }
}
