//! What it asks of people.

use std::{
    collections::BTreeSet,
    fmt::{Result, Write},
};

use knipperlicht_vocabulary::{ClockKind, ItemKind, Need};

use super::{
    Page, count_u64,
    figures::{count, decimal, percent, table},
};
use crate::{
    capacity::{CLOSED_LESS, ENOUGH_IN_TIME, Found, SHORT, Staffed},
    tally::{Promised, Tally, share},
};

/// A zone with more languages than most.
const BRUSSELS: &str = "bruzel";

pub(super) fn write(text: &mut String, page: &Page<'_>, all: &Tally, short: &Tally) -> Result {
    hours(text, page)?;
    waiting(text, page)?;
    promises(text, all, short)?;
    unmet(text, page, all, short)?;
    standings(text, page, all)
}

fn hours(text: &mut String, page: &Page<'_>) -> Result {
    writeln!(text, "## How many hours a zone takes\n")?;
    writeln!(
        text,
        "In time is a first talk within the promise to accept and the promise to call together, counted \
         in working time from the moment in which a partner is first asked. Hours are searched for with which \
         {} of the first talks are in time, and {} of those promised upon acceptance; then for hours with \
         which, besides, at most {} fewer follow-ups are closed in time than where nobody ever waits for \
         somebody to have time. All five partners of a zone get the same multiple of the work that comes to \
         them on average. Each zone in {} chances.\n",
        percent(ENOUGH_IN_TIME),
        percent(ENOUGH_IN_TIME),
        percent(CLOSED_LESS),
        page.chances,
    )?;
    let rows = page.found.iter().map(|found| {
        let of = |staffed: &Staffed| {
            if staffed.is_enough {
                let hours = staffed.multiple * found.work;
                let thousand = hours / (found.place.carers / 1000.0);
                format!(
                    "**{}** ({} times the work, {} for each 1,000 carers)",
                    count(hours),
                    decimal(staffed.multiple, 2),
                    decimal(thousand, 1)
                )
            } else {
                format!("not with {} times the work", decimal(staffed.multiple, 1))
            }
        };
        vec![
            found.place.name.clone(),
            count(found.place.inhabitants),
            count(found.place.carers),
            count_u64(found.unbounded.signals() / page.chances),
            count(found.work),
            of(&found.first_talks),
            of(&found.all_promises),
        ]
    });
    let heads = [
        "zone",
        "inhabitants",
        "carers",
        "signals a year",
        "hours of work a week",
        "hours a week for first talks",
        "hours a week for closings too",
    ];
    table(text, &heads, rows.collect())
}

fn waiting(text: &mut String, page: &Page<'_>) -> Result {
    let mut rows = Vec::new();
    for found in page.found {
        let cases = [
            ("as many as it takes".to_owned(), &found.unbounded),
            ("for closings too".to_owned(), &found.all_promises.tally),
            ("for first talks".to_owned(), &found.first_talks.tally),
            (format!("{} fewer than these", percent(SHORT)), &found.short),
        ];
        rows.extend(cases.map(|(hours, tally)| row(found, &hours, tally, page.chances)));
    }
    let heads = [
        "zone",
        "hours",
        "first talks in time",
        "in time, of those accepted",
        "closed in time",
        "days to the first talk, half",
        "nine in ten",
        "declined",
        "items for a coordinator",
        "unmet needs",
    ];
    writeln!(
        text,
        "What a lack of hours does, in a year (the days are those on the calendar, from the first request, of \
         those who were reached). A desk does first what is promised soonest, so with hours that are just \
         enough for first talks nobody has an hour to spare, and the talks after them wait.\n"
    )?;
    table(text, &heads, rows)
}

fn row(found: &Found, hours: &str, tally: &Tally, runs: u64) -> Vec<String> {
    let kept = promised(tally, ClockKind::FirstContact);
    let declined = tally.said.get("knipperlicht.referral.declined.v1");
    vec![
        found.place.name.clone(),
        hours.to_owned(),
        percent(tally.first_talks.share()),
        percent(kept.share()),
        percent(promised(tally, ClockKind::Outcome).share()),
        decimal(tally.waited(0.5), 1),
        decimal(tally.waited(0.9), 1),
        count_u64(declined.copied().unwrap_or_default() / runs),
        count_u64(tally.items.values().sum::<u64>() / runs),
        count_u64(tally.unmet_needs() / runs),
    ]
}

fn promised(tally: &Tally, kind: ClockKind) -> Promised {
    tally.promises.get(&kind).copied().unwrap_or_default()
}

/// Kind by kind, in all of Flanders.
fn promises(text: &mut String, all: &Tally, short: &Tally) -> Result {
    writeln!(
        text,
        "All of Flanders, every zone with the multiple of the middle one that closings take too, and with {} fewer \
         than first talks take:\n",
        percent(SHORT)
    )?;
    let kinds = [
        (
            ClockKind::Accept,
            "accepted in time, of all requests answered or run out",
        ),
        (
            ClockKind::FirstContact,
            "first talk in time, of those accepted and reached",
        ),
        (ClockKind::Outcome, "closed in time"),
        (
            ClockKind::Coordinator,
            "dealt with by a coordinator in time, or run out",
        ),
        (
            ClockKind::Confirmation,
            "the carer's word in time, of those who were asked or let rest",
        ),
    ];
    let rows = kinds.map(|(kind, what)| {
        let (one, other) = (promised(all, kind), promised(short, kind));
        vec![
            what.to_owned(),
            count_u64(one.in_time + one.late),
            percent(one.share()),
            percent(other.share()),
        ]
    });
    let heads = ["promise", "how many", "kept", "kept with fewer hours"];
    table(text, &heads, rows.to_vec())?;
    let urgencies: Vec<String> = all
        .urgencies
        .iter()
        .map(|(urgency, count)| format!("{urgency} {}", percent(share(*count, all.situations))))
        .collect();
    writeln!(
        text,
        "How soon somebody has to act, by the first judgement: {}.\n",
        urgencies.join(", ")
    )
}

fn unmet(text: &mut String, page: &Page<'_>, all: &Tally, short: &Tally) -> Result {
    writeln!(text, "## Unmet needs\n")?;
    writeln!(
        text,
        "As a zone's report counts them: needs for which a coordinator's item arose because nobody could be \
         asked (which also is so when all say that they are full), or because all declined. In the year, with hours \
         for closings too (with {} fewer than first talks take):\n",
        percent(SHORT)
    )?;
    let zone = |id: &str| {
        let position = page
            .places
            .iter()
            .position(|place| place.zone.as_str() == id)?;
        let simulated = page.simulated;
        let name = page.places[position].name.clone();
        Some((
            name,
            simulated.enough.get(position)?,
            simulated.short.get(position)?,
        ))
    };
    let searched = page.found.iter().map(|found| found.place.zone.as_str());
    let mut columns: Vec<(String, &Tally, &Tally)> =
        searched.chain([BRUSSELS]).filter_map(zone).collect();
    columns.push(("all of Flanders".to_owned(), all, short));
    let needs: BTreeSet<(Need, ItemKind)> = all
        .unmet
        .keys()
        .chain(short.unmet.keys())
        .copied()
        .collect();
    let times =
        |tally: &Tally, what: &(Need, ItemKind)| tally.unmet.get(what).copied().unwrap_or(0);
    let mut rows: Vec<Vec<String>> = needs
        .iter()
        .map(|what| {
            let why = if what.1 == ItemKind::NoCandidate {
                "nobody to ask"
            } else {
                "all declined"
            };
            let cells = columns.iter().map(|(_, enough, short)| {
                format!(
                    "{} ({})",
                    count_u64(times(enough, what)),
                    count_u64(times(short, what))
                )
            });
            [what.0.to_string().replace('_', " "), why.to_owned()]
                .into_iter()
                .chain(cells)
                .collect()
        })
        .collect();
    let all_of_it = columns.iter().map(|(_, enough, short)| {
        format!(
            "{} ({})",
            count_u64(enough.unmet_needs()),
            count_u64(short.unmet_needs())
        )
    });
    rows.push(
        ["**all**".to_owned(), String::new()]
            .into_iter()
            .chain(all_of_it)
            .collect(),
    );
    let names = columns.iter().map(|(name, ..)| name.as_str());
    let heads: Vec<&str> = ["need", "why"].into_iter().chain(names).collect();
    table(text, &heads, rows)?;
    writeln!(
        text,
        "The directory decides it: none of its partners is there for safety, and none speaks Turkish or \
         Arabic, so that everything a carer needs who speaks these is unmet. A real directory, imported, \
         shows a zone its own gaps.\n"
    )
}

fn standings(text: &mut String, page: &Page<'_>, all: &Tally) -> Result {
    let told: Vec<String> = all
        .standings
        .iter()
        .map(|(standing, count)| format!("{standing} {}", count_u64(*count)))
        .collect();
    writeln!(text, "## How it ends\n")?;
    writeln!(
        text,
        "On the last day of {} the situations stand so: {}. Of one that is open a promise says what is to \
         come; that none is lost is a test (`tests/sim/tests/year.rs`). With a coordinator lay in the year: \
         {}.\n",
        page.year,
        told.join(", "),
        items(all),
    )
}

fn items(all: &Tally) -> String {
    let told = all.items.iter().map(|((kind, promise), count)| {
        let what = promise.map_or_else(
            || kind.to_string(),
            |promise| format!("{kind} with {promise}"),
        );
        format!("{} {}", what.replace('_', " "), count_u64(*count))
    });
    told.collect::<Vec<String>>().join(", ")
}
