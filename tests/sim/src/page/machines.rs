//! What it asks of machines.

use std::fmt::{Result, Write};

use knipperlicht_contracts::event::Service as Part;
use knipperlicht_vocabulary::PARTITIONS;

use super::{
    Page, count_u64, expected_signals,
    figures::{bytes, count, decimal, percent_of_little, small, table},
};
use crate::{
    assumptions::Burden,
    load::{Load, Region, load, regions},
    tally::{Tally, share},
};

/// Instances of everything, so that losing one is not noticed: what NATS and PostgreSQL need for a majority.
const FOR_A_MAJORITY: f64 = 3.0;

/// The hours in which a campaign has everybody flagged who is heavily burdened.
const A_WORKING_DAY: f64 = 8.0;

const SECONDS_AN_HOUR: f64 = 3600.0;

pub(super) fn write(text: &mut String, page: &Page<'_>, all: &Tally) -> Result {
    let regions = regions(&page.assumptions.regions);
    let loads: Vec<(&Region, Load)> = regions
        .iter()
        .map(|region| (region, load(all, page.measured, region)))
        .collect();
    writeln!(text, "## What a region asks of machines\n")?;
    regions_table(text, &loads)?;
    costs(text, page, all)?;
    parts(text, page, all)?;
    nodes(text, page, all, &loads)
}

fn regions_table(text: &mut String, loads: &[(&Region, Load)]) -> Result {
    let rows = loads.iter().map(|(region, load)| {
        vec![
            region.name.to_owned(),
            count(load.signals),
            small(load.signals_a_second),
            small(load.busiest_signals),
            small(load.events_a_second),
            small(load.busiest_events),
            small(load.busiest_rows),
            bytes(load.table_bytes),
            bytes(load.stream_bytes),
        ]
    });
    let heads = [
        "region",
        "signals a year",
        "signals/s",
        "in the busiest hour",
        "events/s",
        "in the busiest hour",
        "rows written/s in it",
        "tables, a year",
        "stream, a year",
    ];
    table(text, &heads, rows.collect())
}

fn costs(text: &mut String, page: &Page<'_>, all: &Tally) -> Result {
    let measured = page.measured;
    writeln!(
        text,
        "What an event costs was measured: {}. There, {} signals came to {} events, {} a signal (in the \
         simulation {}), and each event to {} rows written, {} of tables with their indexes and {} of \
         stream. An event is read by every service, five times in all.\n",
        measured.how,
        count_u64(measured.signals),
        count_u64(measured.events),
        decimal(measured.events_a_signal(), 1),
        decimal(share(all.events(), all.signals()), 1),
        decimal(measured.rows_an_event(), 1),
        bytes(measured.table_bytes_an_event()),
        bytes(measured.stream_bytes_an_event()),
    )
}

/// What Flanders asks of each service.
fn parts(text: &mut String, page: &Page<'_>, all: &Tally) -> Result {
    writeln!(text, "Part by part, for Flanders, in a year:\n")?;
    let events = all.events();
    #[expect(clippy::cast_precision_loss, reason = "counts of a year")]
    let times = events as f64 / page.measured.events as f64;
    let rows = page.measured.schemas.iter().map(|schema| {
        let part = Part::named(&schema.name);
        let said: u64 = all
            .said
            .iter()
            .filter(|(event, _)| part.is_some_and(|part| says(part, event)))
            .map(|(_, count)| count)
            .sum();
        let calls = part.and_then(|part| all.calls.get(&part));
        #[expect(clippy::cast_precision_loss, reason = "counts of a year")]
        let (written, stored) = (schema.rows as f64 * times, schema.bytes as f64 * times);
        vec![
            schema.name.clone(),
            count_u64(calls.copied().unwrap_or_default()),
            count_u64(said),
            count_u64(events - said),
            count(written),
            bytes(stored),
        ]
    });
    let heads = [
        "part",
        "calls that change something",
        "events said",
        "events heard",
        "rows written",
        "tables",
    ];
    table(text, &heads, rows.collect())
}

fn says(part: Part, event: &str) -> bool {
    let aggregate = event.split('.').nth(1);
    aggregate.is_some_and(|aggregate| part.aggregates().contains(&aggregate))
}

fn nodes(text: &mut String, page: &Page<'_>, all: &Tally, loads: &[(&Region, Load)]) -> Result {
    let to_inbox = events_to_inbox(all);
    let node = page.node * to_inbox;
    writeln!(
        text,
        "One node keeps up with {} signals a second from the tap to a partner's inbox (README, on two cores \
         with its PostgreSQL and NATS). On that way a signal comes to {} events here, so a node is counted \
         for {} events a second; that later events cost no more than these is assumed.\n",
        count(page.node),
        decimal(to_inbox, 1),
        count(node),
    )?;
    let rows = loads.iter().map(|(region, load)| {
        let for_load = (load.busiest_events / node).ceil().max(1.0);
        vec![
            region.name.to_owned(),
            percent_of_little(load.busiest_events / node),
            count(for_load),
            count(for_load.max(FOR_A_MAJORITY)),
            PARTITIONS.to_string(),
        ]
    });
    let heads = [
        "region",
        "of one node, in the busiest hour",
        "nodes for the load",
        "nodes that may lose one",
        "partitions",
    ];
    table(text, &heads, rows.collect())?;
    let europe = loads.last().map(|(_, load)| load.busiest_events);
    let room = europe.map_or(0.0, |busiest| node / busiest);
    writeln!(
        text,
        "Of the {} partitions each is handled by one process at a time, so up to {} processes of a service \
         share the work; more partitions than there are ask for nothing. How much faster two nodes are than \
         one was not measured. One node is full at {} times the busiest hour of {}.\n",
        PARTITIONS,
        PARTITIONS,
        decimal(room, 1),
        loads.last().map_or("", |(region, _)| region.name),
    )?;
    campaign(text, page, loads, node, to_inbox)
}

/// Events said until a partner is asked or it is known that nobody is, for each signal.
fn events_to_inbox(all: &Tally) -> f64 {
    let said = |event: &str| all.said.get(event).copied().unwrap_or_default();
    let first = said("knipperlicht.signal.flagged.v1");
    let asked = said("knipperlicht.referral.requested.v1");
    share(first * 2 + asked, first)
}

fn campaign(
    text: &mut String,
    page: &Page<'_>,
    loads: &[(&Region, Load)],
    node: f64,
    to_inbox: f64,
) -> Result {
    let people = &page.assumptions.people;
    let heavy = people.burden.get(&Burden::Heavy).unwrap_or_default() * people.carers.value;
    let told: Vec<String> = loads
        .iter()
        .map(|(region, _)| {
            let signals = heavy * region.times / A_WORKING_DAY / SECONDS_AN_HOUR;
            format!(
                "{} signals a second for {} ({} of a node)",
                small(signals),
                region.name,
                percent_of_little(signals * to_inbox / node)
            )
        })
        .collect();
    writeln!(
        text,
        "More than a year can bring: every heavily burdened carer flagged on one working day, {} of them in \
         Flanders instead of {} signals a year: {}.\n",
        count(heavy),
        count(expected_signals(page)),
        told.join("; "),
    )
}
