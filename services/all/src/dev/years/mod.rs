//! `dev --demo`: years of plausible history, so that every screen has something true to show.
//!
//! Nothing is written into tables. The services themselves live through these years, called by
//! invented reporters, desks, coordinators and carers, on a clock that goes from one moment at which
//! something happens to the next, from a first of January up to now: what a screen shows later is what the
//! services made of it. All of it is invented, and kept apart from what was tried out without `--demo`.

mod callers;
mod plan;
mod play;
mod progress;
mod quiet;

use std::{
    fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use jiff::civil::Date;
use knipperlicht_access::{DevIssuer, Rate, Rates, Role};
use knipperlicht_runtime::{MovableClock, OsRandom};
use knipperlicht_sandbox::remove_data;
use knipperlicht_vocabulary::{Environment, ZoneId};
use knipperlicht_zones::{Zone, ZoneTable};
use tokio::signal::unix::{SignalKind, signal};

pub(super) use self::plan::SHOWN_ZONES;
use self::{callers::Callers, play::Play, quiet::Quiet};
use super::{
    DevError, DevOptions, load_directory,
    secrets::Secrets,
    servers::{POSTGRES, Servers},
};
use crate::line::{Line, LineError};

/// The folder of what is invented, in the folder of the development machine.
const PLACE: &str = "demo";

/// Says how far the years were played here.
const PLAYED: &str = "years";
const UNDER_WAY: &str = "under way";
const OVER: &str = "over";

/// What of the years is wanted.
#[derive(Debug, Args)]
pub(super) struct YearsOptions {
    /// Fill every zone with signals, referrals and outcomes of the last years, all of them invented;
    /// takes some minutes, once, and is kept apart from what you do without
    #[arg(long)]
    pub(super) demo: bool,
    /// From which day on, instead of the first of January of last year, and in two zones of the year
    /// before
    #[arg(long, requires = "demo", value_name = "DAY")]
    demo_since: Option<Date>,
    /// This zone alone, or these
    #[arg(long, requires = "demo", value_name = "ZONE")]
    demo_zone: Vec<ZoneId>,
}

impl YearsOptions {
    /// The zones that are filled.
    fn zones<'t>(&self, table: &'t ZoneTable) -> Result<Vec<&'t Zone>, YearsError> {
        if self.demo_zone.is_empty() {
            return Ok(table.zones().collect());
        }
        let zone = |id: &ZoneId| table.zone(id).ok_or_else(|| YearsError::Zone(id.clone()));
        self.demo_zone.iter().map(zone).collect()
    }
}

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
    /// There is no such zone.
    #[error(
        "--demo-zone {0}: there is no such zone; `knipperlicht zone resolve 8400` says how one is called"
    )]
    Zone(ZoneId),
    /// Somebody stopped them.
    #[error("stopped before the invented years were over: the next start with --demo begins anew")]
    Stopped,
    /// They broke off in a database that is not ours to empty.
    #[error(
        "the invented years broke off in the database that DATABASE_URL names: empty it, remove {0}, and start with --demo again"
    )]
    BrokenOff(PathBuf),
}

impl From<tonic::Status> for YearsError {
    fn from(status: tonic::Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// Where the invented years are kept. What broke off there is removed, as far as it is ours.
pub(super) fn place(options: &DevOptions) -> Result<PathBuf, DevError> {
    let place = options.dir.join(PLACE);
    if read(&place).as_deref() == Some(UNDER_WAY) {
        if options.database_url.is_some() {
            return Err(YearsError::BrokenOff(place).into());
        }
        eprintln!("the invented years broke off here: they begin anew");
        remove_data(&place.join(POSTGRES))?;
        fs::remove_dir_all(&place).map_err(failed(&place))?;
    }
    fs::create_dir_all(&place).map_err(failed(&place))?;
    Ok(place)
}

/// Plays them, unless they were played here before.
pub(super) async fn play(
    options: &DevOptions,
    place: &Path,
    servers: &Servers,
    environment: &Environment,
) -> Result<(), DevError> {
    if read(place).as_deref() == Some(OVER) {
        return Ok(());
    }
    let table = ZoneTable::builtin().map_err(LineError::from)?;
    let zones = options.years.zones(&table)?;
    let stories = plan::stories(
        &table,
        &zones,
        options.years.demo_since,
        environment.today(),
    );
    let Some(beginning) = plan::beginning(&stories) else {
        return say(place, OVER);
    };
    let zones = zones.into_iter().map(|zone| zone.id.clone()).collect();
    say(place, UNDER_WAY)?;

    let clock = MovableClock::default();
    let own = Environment::new(Arc::new(clock.clone()), Arc::new(OsRandom))?;
    clock.set(beginning.at(environment));
    load_directory(&servers.database_url, &own).await?;
    let secrets = Secrets::load_or_make(place, environment)?;
    let issuer = DevIssuer::new(&secrets.issuer_seed, own.clone());
    let mut settings = super::line_settings(options, servers, issuer.rules()?, secrets)?;
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.wire.rates = as_often_as_they_like();
    let line = Line::start(settings, own.clone()).await?;
    let callers = Callers::new(line.address(), issuer, own.clone()).map_err(YearsError::from)?;
    let quiet = Quiet::new(&servers.database_url)?;
    let mut play = Play::new(&line, (own, clock), callers, quiet, zones, stories);
    let outcome = tokio::select! {
        outcome = play.through(environment.now()) => outcome,
        stopped = told_to_stop() => Err(stopped.map_or_else(DevError::from, |()| YearsError::Stopped.into())),
    };
    line.stop().await;
    outcome?;
    say(place, OVER)
}

fn as_often_as_they_like() -> Rates {
    let often = |role: &Role| Rate {
        role: *role,
        per_minute: NonZeroU32::MAX,
    };
    Rates::with(Role::CALLERS.iter().map(often).collect())
}

async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn read(place: &Path) -> Option<String> {
    fs::read_to_string(place.join(PLAYED)).ok()
}

fn say(place: &Path, state: &str) -> Result<(), DevError> {
    let path = place.join(PLAYED);
    fs::write(&path, state).map_err(failed(&path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> DevError {
    let path = path.to_owned();
    |source| DevError::File { path, source }
}
