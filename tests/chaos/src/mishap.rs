//! What can go wrong, and where.

use std::{fmt, time::Duration};

use jiff::SignedDuration;
use serde::{Serialize, Serializer};

use crate::cluster::{Link, Part};

/// What sort of thing goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A process is killed with `SIGKILL` and started again; the standby of a PostgreSQL takes over.
    Kill,
    /// A process does nothing for a while, and goes on.
    Freeze,
    /// Connections are broken off, and none comes about for a while.
    Cut,
    /// What is said on connections arrives late.
    Delay,
    /// What is asked arrives, what is answered does not: acknowledgements are lost.
    LoseAnswers,
    /// A disk has no room left for a while.
    FillDisk,
    /// The clock of a process jumps, and back.
    MoveClock,
    /// A process is replaced in an orderly way.
    Roll,
}

impl Kind {
    /// Every sort.
    pub const ALL: [Self; 8] = [
        Self::Kill,
        Self::Freeze,
        Self::Cut,
        Self::Delay,
        Self::LoseAnswers,
        Self::FillDisk,
        Self::MoveClock,
        Self::Roll,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::Freeze => "SIGSTOP",
            Self::Cut => "cut",
            Self::Delay => "delay",
            Self::LoseAnswers => "lost answers",
            Self::FillDisk => "full disk",
            Self::MoveClock => "clock jump",
            Self::Roll => "rolled",
        }
    }
}

/// Where something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// With a process.
    Part(Part),
    /// With the server of NATS that leads the stream, whichever that is then.
    NatsLeader,
    /// On a connection.
    Link(Link),
}

impl Place {
    /// What it is one of: several processes of a service are one for whoever reads a report.
    #[must_use]
    pub fn group(self) -> String {
        match self {
            Self::Part(Part::Service(service, _)) => service.name().to_owned(),
            Self::Part(Part::Gateway(_)) => "gateway".to_owned(),
            Self::Part(part @ (Part::Postgres | Part::Standby)) => part.to_string(),
            Self::Part(Part::Nats(_)) => "nats".to_owned(),
            Self::NatsLeader => "nats leader".to_owned(),
            Self::Link(link @ (Link::Gateway | Link::Door(_))) => link.to_string(),
            Self::Link(Link::Postgres(_)) => "services - postgres".to_owned(),
            Self::Link(Link::Nats(_)) => "services - nats".to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(part) => part.fmt(f),
            Self::NatsLeader => f.write_str("nats leader"),
            Self::Link(link) => link.fmt(f),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mishap {
    /// What.
    pub kind: Kind,
    /// Where.
    pub place: Place,
    /// How long all was well before.
    pub pause: Duration,
    /// How long it lasts.
    pub lasts: Duration,
    /// By how much a clock jumps, or how late all is.
    pub by: SignedDuration,
    /// Whether the next one waits until the line runs again.
    pub is_awaited: bool,
}

impl Mishap {
    /// One that is over at once.
    #[must_use]
    pub const fn at(kind: Kind, place: Place) -> Self {
        Self {
            kind,
            place,
            pause: Duration::ZERO,
            lasts: Duration::ZERO,
            by: SignedDuration::ZERO,
            is_awaited: true,
        }
    }

    /// Whether the standby of PostgreSQL takes over in it, where there is one.
    #[must_use]
    pub fn promotes(&self) -> bool {
        matches!(self.kind, Kind::Kill | Kind::Roll) && self.place == Place::Part(Part::Postgres)
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, seconds) = (self.kind.name(), self.lasts.as_secs_f64());
        write!(
            f,
            "{kind:<12} {:<22} {seconds:.1} s",
            self.place.to_string()
        )?;
        if self.by.is_zero() {
            Ok(())
        } else {
            write!(f, ", by {:.3} s", self.by.as_secs_f64())
        }
    }
}
