//! How long the line took to run again after a kill.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{books::Books, killing::Kill, load::Promises};

/// How long the line took to run again after a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// Until a signal was acknowledged that was sent after the kill.
    pub(crate) acknowledged: Option<SignedDuration>,
    /// Until a signal was with a partner or coordinator that was stored after the kill.
    pub(crate) routed: Option<SignedDuration>,
}

/// One for each kill. Nothing where the next kill came first: whose recovery would it be?
pub(crate) fn recoveries(kills: &[Kill], promises: &Promises, books: &Books) -> Vec<Recovery> {
    let mut routed: HashMap<Uuid, Timestamp> = HashMap::new();
    for referral in &books.referrals {
        let first = routed
            .entry(referral.situation)
            .or_insert(referral.created_at);
        *first = (*first).min(referral.created_at);
    }
    let routed: Vec<(Timestamp, Timestamp)> = books
        .signals
        .iter()
        .filter_map(|signal| Some((signal.received_at, *routed.get(&signal.situation)?)))
        .collect();
    let acknowledged: Vec<(Timestamp, Timestamp)> = promises
        .acks
        .iter()
        .map(|ack| (ack.called_at, ack.at))
        .collect();
    kills
        .iter()
        .enumerate()
        .map(|(number, kill)| {
            let until = kills.get(number + 1).map_or(Timestamp::MAX, |next| next.at);
            Recovery {
                acknowledged: first_after(&acknowledged, kill.at, until),
                routed: first_after(&routed, kill.at, until),
            }
        })
        .collect()
}

/// From `kill` to the first end of what began after it, if that was before `until`.
fn first_after(
    spans: &[(Timestamp, Timestamp)],
    kill: Timestamp,
    until: Timestamp,
) -> Option<SignedDuration> {
    let ends = spans
        .iter()
        .filter(|(begun, _)| *begun > kill)
        .map(|(_, ended)| *ended);
    let first = ends.min()?;
    (first <= until).then(|| first.duration_since(kill))
}
