//! `knipperlicht-sim`: simulates a year of all of Flanders and writes what comes of it.

use std::{fs, path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use jiff::{ToSpan, civil::date};
use knipperlicht_routing::demo_services;
use knipperlicht_sim::{
    assumptions::Assumptions,
    capacity::{self, Found},
    load::{Measured, of_a_node},
    page::{self, Page, Simulated},
    population::{Place, places},
    rules::Rules,
    tally::{Period, Tally},
    world::{Setting, Staff, live},
};

/// The year that is simulated.
const YEAR: i16 = 2027;

/// Days before it, in which desks and lists fill up.
const BEFORE_DAYS: i32 = 91;

/// The zones whose hours are searched for: a small, a middle and a large one, of those whose inhabitants
/// are known.
const SEARCHED: [&str; 3] = ["dender-zuid", "demerland", "gent"];

/// The zone whose multiple all zones get.
const MIDDLE: usize = 1;

/// In how many chances the hours are searched for.
const CHANCES: u64 = 3;

/// Simulates a year of all of Flanders with the real rules, and says what it asks of people and machines.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Whatever chance decides follows from this.
    #[arg(long, default_value_t = 2021)]
    seed: u64,
    /// Where the page is written; without it, it is only shown.
    #[arg(long)]
    write: Option<PathBuf>,
    /// The README, which says what one node does.
    #[arg(long, default_value = "README.md")]
    readme: PathBuf,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let readme = fs::read_to_string(&options.readme).map_err(|error| {
        format!(
            "{}: {error}; say where it is with --readme",
            options.readme.display()
        )
    })?;
    let node =
        of_a_node(&readme).ok_or("the README does not say what the whole line keeps up with")?;
    let rules = Rules::builtin()?;
    let assumptions = Assumptions::builtin()?;
    let from = rules.moment(date(YEAR, 1, 1), 0);
    let period = Period {
        begins: rules.moment(date(YEAR, 1, 1) - BEFORE_DAYS.days(), 0),
        from,
        until: rules.moment(date(YEAR + 1, 1, 1), 0),
    };
    let services = demo_services(period.begins)?;
    let setting = Setting {
        rules: &rules,
        assumptions: &assumptions,
        services: &services,
        period,
        seed: options.seed,
    };
    let places = places(&rules, &assumptions, date(YEAR, 1, 1));

    let began = Instant::now();
    let found: Vec<Found> = SEARCHED
        .iter()
        .filter_map(|zone| places.iter().find(|place| place.zone.as_str() == *zone))
        .map(|place| {
            let seeds: Vec<u64> = (0..CHANCES).map(|more| options.seed + more).collect();
            let found = capacity::search(&setting, place, &seeds);
            eprintln!(
                "{}: {:.2} and {:.2} times the work, after {:.0?}",
                place.name,
                found.first_talks.multiple,
                found.all_promises.multiple,
                began.elapsed()
            );
            found
        })
        .collect();
    let middle = found
        .get(MIDDLE)
        .ok_or("the middle zone is not in the zone table")?;
    let multiple = middle.all_promises.multiple;
    let too_few = middle.first_talks.multiple * (1.0 - capacity::SHORT);
    let searched_for = began.elapsed();

    let began = Instant::now();
    let enough = all(&setting, &places, multiple);
    let year_took = began.elapsed();
    eprintln!("all zones after {year_took:.0?}");
    let short = all(&setting, &places, too_few);
    let page = page::write(&Page {
        seed: options.seed,
        chances: CHANCES,
        year: YEAR,
        before_days: BEFORE_DAYS,
        node,
        measured: &Measured::builtin()?,
        assumptions: &assumptions,
        places: &places,
        found: &found,
        simulated: &Simulated { enough, short },
        year_took,
        searched_for,
    })?;
    match &options.write {
        Some(path) => fs::write(path, page)?,
        None => print!("{page}"),
    }
    Ok(())
}

/// Every zone for itself, with `multiple` times the hours that its work takes.
fn all(setting: &Setting<'_>, places: &[Place], multiple: f64) -> Vec<Tally> {
    let lived = |place: &Place| {
        let unbounded = live(setting, place, &Staff::Enough).tally;
        let staff = capacity::staff(setting, &unbounded, multiple, 1.0);
        live(setting, place, &staff).tally
    };
    places.iter().map(lived).collect()
}
