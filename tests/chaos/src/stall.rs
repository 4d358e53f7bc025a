//! How long the line stood still.

use jiff::{SignedDuration, Timestamp};
use knipperlicht_contracts::event::Service;

use crate::{attack::Happened, books::Books, load::Promises};

/// When the line showed that it runs.
pub struct Pulse {
    /// When reporters were given a receipt, in order.
    receipts: Vec<Timestamp>,
    /// When routing had done with signals: each lay with a partner or a coordinator then, or nowhere
    /// for a reason. In order; by the clock of PostgreSQL.
    inboxes: Vec<Timestamp>,
}

/// How long the line stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// The longest time in which no reporter got a receipt.
    pub receipt: SignedDuration,
    /// The longest time in which no signal reached an inbox.
    pub inbox: SignedDuration,
}

impl Pulse {
    /// As promises and books show it.
    #[must_use]
    pub fn of(promises: &Promises, books: &Books) -> Self {
        let receipts = promises.acks.iter().map(|ack| ack.at);
        let inboxes = books.heard.iter().filter(|heard| {
            heard.listener == Service::Routing && heard.source == Service::Assessment
        });
        Self {
            receipts: in_order(receipts),
            inboxes: in_order(inboxes.map(|heard| heard.at)),
        }
    }

    /// How long the line stood still for each of these. Until the next one began: whose stall would it
    /// be after that?
    #[must_use]
    pub fn stalls(&self, happened: &[Happened]) -> Vec<Stall> {
        let next = happened.iter().skip(1).map(|next| next.at);
        let until = next.chain([Timestamp::MAX]);
        happened
            .iter()
            .zip(until)
            .map(|(one, until)| Stall {
                receipt: longest(&self.receipts, one.at, until),
                inbox: longest(&self.inboxes, one.at, until),
            })
            .collect()
    }
}

fn in_order(moments: impl Iterator<Item = Timestamp>) -> Vec<Timestamp> {
    let mut moments: Vec<Timestamp> = moments.collect();
    moments.sort_unstable();
    moments
}

/// The longest time without one of these that touches the time from `at` to `until`.
fn longest(moments: &[Timestamp], at: Timestamp, until: Timestamp) -> SignedDuration {
    let first = moments.partition_point(|moment| *moment <= at);
    let from = first.saturating_sub(1);
    moments[from..]
        .windows(2)
        .take_while(|pair| pair[0] < until)
        .map(|pair| pair[1].duration_since(pair[0]))
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_stall_is_the_longest_gap_that_touches_the_time_of_a_mishap() {
        let moments = [1, 2, 3, 9, 10, 30].map(second);
        let longest = |at, until| longest(&moments, second(at), second(until)).as_secs();
        assert_eq!(longest(1, 3), 1, "nothing happened in it");
        assert_eq!(longest(4, 8), 6, "a gap that began before and ended after");
        assert_eq!(
            longest(2, 10),
            6,
            "the gap after the next one began is not its own"
        );
        assert_eq!(longest(2, 11), 20);
        assert_eq!(longest(30, 40), 0, "nothing came after");
    }
}
