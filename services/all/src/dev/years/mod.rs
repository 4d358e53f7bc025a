//! `dev --demo`: years of plausible history, so that every screen has something true to show.
//!
//! Nothing is written into tables. The services themselves live through these years, called by
//! invented reporters, desks and carers, on a clock that runs from the first of January of last year up
//! to now: what a screen shows later is what the services made of it. All of it is invented.

mod desk;
mod plan;
mod play;

use std::{
    fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{
    Timestamp,
    civil::{Date, date},
};
use knipperlicht_access::{DevIssuer, Rate, Rates, Role};
use knipperlicht_runtime::{MovableClock, OsRandom};
use knipperlicht_vocabulary::Environment;
use knipperlicht_zones::ZoneTable;

use self::play::Play;
use super::{DevError, DevOptions, load_directory, secrets::Secrets, servers::Servers};
use crate::{
    line::{Line, LineError},
    ops::Ledgers,
};

/// Says that the years were played here, so that they are not played twice.
const PLAYED: &str = "demo-years";
const UNDER_WAY: &str = "under way";
const OVER: &str = "over";

/// Why the years could not be played.
#[derive(Debug, thiserror::Error)]
pub enum YearsError {
    /// A service refused what it should not.
    #[error("the invented years: a call was refused: {0}")]
    Refused(#[from] Box<tonic::Status>),
    /// The line was not reached.
    #[error("the invented years: {0}")]
    Unreachable(#[from] tonic::transport::Error),
    /// What was said is not heard.
    #[error("the invented years: events are not handled: see `knipperlicht ops status`")]
    Stalled,
    /// They broke off.
    #[error(
        "the invented years broke off before they were over: remove {0}, and start with --demo again"
    )]
    BrokenOff(PathBuf),
}

impl From<tonic::Status> for YearsError {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// Plays them, unless they were played here before.
pub(super) async fn play(
    options: &DevOptions,
    servers: &Servers,
    environment: &Environment,
) -> Result<(), DevError> {
    let played = options.dir.join(PLAYED);
    match fs::read_to_string(&played) {
        Ok(state) if state == OVER => return Ok(()),
        Ok(_) => return Err(YearsError::BrokenOff(options.dir.clone()).into()),
        Err(_) => say(&played, UNDER_WAY)?,
    }
    let today = environment.today();
    let clock = MovableClock::default();
    let own = Environment::new(Arc::new(clock.clone()), Arc::new(OsRandom))?;
    let first = first_day(today);
    clock.set(morning_of(environment, first));
    load_directory(&servers.database_url, &own).await?;

    let secrets = Secrets::load_or_make(&options.dir, environment)?;
    let issuer = DevIssuer::new(&secrets.issuer_seed, own.clone());
    let mut settings = super::line_settings(options, servers, issuer.rules()?, secrets)?;
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.wire.rates = as_often_as_they_like();
    let line = Line::start(settings, own.clone()).await?;
    let zones = ZoneTable::builtin().map_err(LineError::from)?;
    let stories = plan::stories(&zones, first, today);
    let mut play = Play::new(
        line.address(),
        issuer,
        Ledgers::open(&servers.database_url)?,
        own,
        &zones,
    )?;
    let outcome = play.through(stories, &clock, environment.now()).await;
    line.stop().await;
    outcome?;
    say(&played, OVER)
}

/// The first of January of the year before: a zone's report is of whole years.
fn first_day(today: Date) -> Date {
    date(today.year() - 1, 1, 1)
}

fn as_often_as_they_like() -> Rates {
    let often = |role: &Role| Rate {
        role: *role,
        per_minute: NonZeroU32::MAX,
    };
    Rates::with(Role::CALLERS.iter().map(often).collect())
}

fn morning_of(environment: &Environment, day: Date) -> Timestamp {
    let start = environment.start_of(day).unwrap_or(Timestamp::UNIX_EPOCH);
    start + jiff::SignedDuration::from_hours(10)
}

fn say(path: &Path, state: &str) -> Result<(), DevError> {
    fs::write(path, state).map_err(|source| DevError::File {
        path: path.to_owned(),
        source,
    })
}
