//! The page that says what came of it: `docs/simulation.md`.

mod figures;
mod machines;
mod people;

use std::{
    fmt::{Result, Write},
    time::Duration,
};

use crate::{
    assumptions::{Assumptions, Line},
    capacity::Found,
    load::Measured,
    population::{Place, signals_of_a_carer},
    tally::Tally,
};
use figures::{count, decimal, table};

/// All that the page says something of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'p> {
    /// What chance followed from.
    pub seed: u64,
    /// In how many chances the hours were searched for.
    pub chances: u64,
    /// The simulated year.
    pub year: i16,
    /// Days that were simulated before it.
    pub before_days: i32,
    /// Signals a second that one node keeps up with.
    pub node: f64,
    /// What an event costs.
    pub measured: &'p Measured,
    /// What was taken for given.
    pub assumptions: &'p Assumptions,
    /// The zones.
    pub places: &'p [Place],
    /// The zones whose hours were searched for.
    pub found: &'p [Found],
    /// The year.
    pub simulated: &'p Simulated,
    /// How long the year took, all zones with enough hours.
    pub year_took: Duration,
    /// How long the search took.
    pub searched_for: Duration,
}

/// The year in every zone.
#[derive(Debug)]
pub struct Simulated {
    /// Zone by zone, with hours for all promises.
    pub enough: Vec<Tally>,
    /// With a fifth less than first talks take.
    pub short: Vec<Tally>,
}

impl Simulated {
    fn all(zones: &[Tally]) -> Tally {
        let mut all = Tally::default();
        for zone in zones {
            all.add(zone.clone());
        }
        all
    }
}

/// The whole page.
pub fn write(page: &Page<'_>) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    let all = Simulated::all(&page.simulated.enough);
    let short = Simulated::all(&page.simulated.short);
    beginning(&mut text, page, &all)?;
    machines::write(&mut text, page, &all)?;
    people::write(&mut text, page, &all, &short)?;
    text.push_str(&assumed(&Assumptions::lines()?)?);
    text.push_str(LEFT_OUT);
    Ok(text)
}

fn beginning(text: &mut String, page: &Page<'_>, all: &Tally) -> Result {
    let carers: f64 = page.places.iter().map(|place| place.carers).sum();
    writeln!(text, "# A simulated year of Flanders\n")?;
    writeln!(
        text,
        "This page is written by `make sim` (`tests/sim`). Do not edit it; change what it is made of.\n"
    )?;
    writeln!(
        text,
        "{} carers in {} zones live through {}: they are flagged, judged, referred, called and asked whether \
         it helped. **How people behave is invented; what follows from it is not.** The code that decides \
         is the code of the services: triage of assessment, routing with its directory, capacity and measured \
         behaviour, promises, ladder and follow-up with their clocks in working time. The directory is that of \
         the demonstration: per zone five invented partners, and associations for all of Flanders.\n",
        count(carers),
        page.places.len(),
        page.year,
    )?;
    writeln!(
        text,
        "In the year: {} signals of {} carers' situations, {} events, {} decisions of routing. Seed {}; the \
         same seed gives the same year. It took {} s on one core (the zones one after the other, each \
         twice, after {} days in which desks and lists fill up); the search for hours below {} s.\n",
        count_u64(all.signals()),
        count_u64(all.situations),
        count_u64(all.events()),
        count_u64(all.decisions),
        page.seed,
        decimal(page.year_took.as_secs_f64(), 0),
        page.before_days,
        decimal(page.searched_for.as_secs_f64(), 0),
    )
}

/// The assumptions as the page has them.
pub fn assumed(lines: &[Line]) -> std::result::Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "## What is assumed\n")?;
    writeln!(
        text,
        "Every line is one of `tests/sim/data/assumptions.json`. Most are invented: change them to what is \
         known of a zone, and run it again.\n"
    )?;
    let rows = lines.iter().map(|line| {
        let name = line.name.replace('_', " ");
        vec![
            line.part.clone(),
            name,
            line.value.clone(),
            line.source.clone(),
        ]
    });
    table(
        &mut text,
        &["part", "what", "how much", "source"],
        rows.collect(),
    )?;
    Ok(text)
}

const LEFT_OUT: &str = "\
## What is left out

No carer takes consent back, no signal is withdrawn, no two situations become one, no follow-up is
handed over, no service ends, no vital interest, no forms besides signals. A desk is one line of work: it
does what is promised soonest first, with 80 hours a week twice as fast as with 40. Associations that work in
all of Flanders, and coordinators, have time enough. Nobody is on leave but on public holidays. A region
larger than Flanders is taken to be Flanders so many times over, in its busiest hour too, with one
clock on the wall: a real one is spread wider, so its busiest hour is less busy than said here.
";

fn count_u64(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts of a year")]
    count(number as f64)
}

/// How many first signals all carers give a year, as assumed.
fn expected_signals(page: &Page<'_>) -> f64 {
    page.assumptions.people.carers.value * signals_of_a_carer(page.assumptions)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever changes an assumption runs it again.
    #[test]
    fn the_page_says_what_is_assumed_now() {
        let page = include_str!("../../../docs/simulation.md");
        let lines = Assumptions::lines().unwrap();
        assert!(
            page.contains(&assumed(&lines).unwrap()),
            "docs/simulation.md is of before an assumption changed: make sim"
        );
        assert!(page.ends_with(LEFT_OUT), "make sim");
    }
}
