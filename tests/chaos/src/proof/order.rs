//! Rule 5: every event takes effect once, and those of one situation in order.

use std::collections::HashMap;

use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::topology::sources;
use uuid::Uuid;

use super::{Fault, Findings};
use crate::books::{Books, Heard, Said};

type Line = (Service, Uuid);

pub(super) fn check(books: &Books, findings: &mut Findings) {
    let mut said: HashMap<Line, Vec<&Said>> = HashMap::new();
    for event in &books.said {
        said.entry((event.source, event.situation))
            .or_default()
            .push(event);
        if !event.is_published {
            findings.add(
                Fault::Lost,
                format!(
                    "event {} of {} was not published",
                    event.event,
                    event.source.name()
                ),
            );
        }
    }
    for (line, events) in &mut said {
        events.sort_by_key(|event| event.sequence);
        said_in_order(*line, events, findings);
    }

    let mut heard: HashMap<(Service, Line), Vec<&Heard>> = HashMap::new();
    for event in &books.heard {
        heard
            .entry((event.listener, (event.source, event.situation)))
            .or_default()
            .push(event);
    }
    for ((listener, line), events) in &mut heard {
        events.sort_by_key(|event| event.sequence);
        heard_in_order(*listener, *line, events, findings);
        if !said.contains_key(line) {
            findings.add(
                Fault::Doubled,
                format!("{} heard of {} what nobody said", listener.name(), line.1),
            );
        }
    }
    for (line, events) in &said {
        for listener in Service::ALL
            .iter()
            .filter(|listener| sources(**listener).contains(&line.0))
        {
            let heard = heard
                .get(&(*listener, *line))
                .map_or(&[][..], Vec::as_slice);
            heard_what_was_said(*listener, events, heard, findings);
        }
    }
}

/// Places are 1, 2, 3, ... and the outbox holds them in that order.
fn said_in_order((source, situation): Line, events: &[&Said], findings: &mut Findings) {
    let places = events.iter().map(|event| event.sequence);
    contiguous(places, findings, || {
        format!("what {} said of {situation}", source.name())
    });
    for pair in events.windows(2) {
        if let [earlier, later] = pair
            && earlier.position >= later.position
        {
            let source = source.name();
            findings.add(
                Fault::OutOfOrder,
                format!(
                    "{source} has number {} of {situation} behind the next",
                    earlier.sequence
                ),
            );
        }
    }
}

/// Places are 1, 2, 3, ... and none was handled before the one before it.
fn heard_in_order(
    listener: Service,
    (source, situation): Line,
    events: &[&Heard],
    findings: &mut Findings,
) {
    let places = events.iter().map(|event| event.sequence);
    contiguous(places, findings, || {
        format!(
            "what {} heard of {situation} from {}",
            listener.name(),
            source.name()
        )
    });
    for pair in events.windows(2) {
        if let [earlier, later] = pair
            && earlier.at > later.at
        {
            let (listener, source) = (listener.name(), source.name());
            findings.add(
                Fault::OutOfOrder,
                format!("{listener} handled number {} of {situation} from {source} before the one before", later.sequence),
            );
        }
    }
}

fn contiguous(places: impl Iterator<Item = i64>, findings: &mut Findings, of: impl Fn() -> String) {
    let mut expected = 1;
    for place in places {
        match place.cmp(&expected) {
            std::cmp::Ordering::Equal => expected += 1,
            std::cmp::Ordering::Less => {
                findings.add(Fault::Doubled, format!("{}: number {place} twice", of()));
            }
            std::cmp::Ordering::Greater => {
                findings.add(
                    Fault::OutOfOrder,
                    format!("{}: number {place} where {expected} should be", of()),
                );
                expected = place + 1;
            }
        }
    }
}

/// All of it, each event the very one that was said.
fn heard_what_was_said(
    listener: Service,
    said: &[&Said],
    heard: &[&Heard],
    findings: &mut Findings,
) {
    let heard: HashMap<i64, Uuid> = heard
        .iter()
        .map(|event| (event.sequence, event.event))
        .collect();
    for event in said {
        match heard.get(&event.sequence) {
            Some(id) if *id == event.event => {}
            Some(id) => findings.add(
                Fault::OutOfOrder,
                format!(
                    "{} heard event {id} in the place of {}",
                    listener.name(),
                    event.event
                ),
            ),
            None => findings.add(
                Fault::Lost,
                format!(
                    "{} has not heard {} ({}) of {}",
                    listener.name(),
                    event.event,
                    event.kind,
                    event.source.name()
                ),
            ),
        }
    }
}
