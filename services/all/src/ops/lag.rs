//! `knipperlicht ops lag`: how far each service is behind, and since when the oldest waits.

use std::io;

use async_nats::jetstream;
use jiff::{SignedDuration, Timestamp};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::lag::{self, Kept, Unhandled};
use knipperlicht_vocabulary::PARTITIONS;

use super::{Desk, OpsError, table};
use crate::print::tell;

/// How far a service is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// Which.
    pub service: Service,
    /// What it has in its schema.
    pub kept: Kept,
    /// What lies in the stream for it.
    pub unhandled: Unhandled,
}

impl Lag {
    /// Whether nothing waits, neither for its relay nor for the service.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.kept.oldest_unpublished.is_none() && self.unhandled.oldest.is_none()
    }
}

/// How far each service is behind.
pub async fn read(desk: &Desk, jetstream: &jetstream::Context) -> Result<Vec<Lag>, OpsError> {
    let mut all = Vec::new();
    for service in Service::ALL {
        let mut transaction = desk.open(*service).await?;
        let kept = lag::kept(&mut transaction).await?;
        transaction.rollback().await?;
        let unhandled = lag::unhandled(jetstream, *service, &kept)
            .await
            .map_err(OpsError::Stream)?;
        all.push(Lag {
            service: *service,
            kept,
            unhandled,
        });
    }
    Ok(all)
}

pub(super) fn print(all: &[Lag], now: Timestamp) -> io::Result<()> {
    let mut table = table([
        "service",
        "oldest not published",
        "not handled",
        "oldest not handled",
        "in partitions",
        "parked",
    ]);
    for lag in all {
        table.add_row([
            lag.service.name().to_owned(),
            age(lag.kept.oldest_unpublished, now),
            lag.unhandled.events.to_string(),
            age(lag.unhandled.oldest, now),
            partitions(&lag.unhandled.partitions),
            lag.kept.parked.to_string(),
        ]);
    }
    tell!("{table}")
}

/// Which; all of them stand still for another reason than one.
fn partitions(numbers: &[i16]) -> String {
    if numbers.len() == usize::from(PARTITIONS) {
        return "all".to_owned();
    }
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

/// How long ago, in words.
fn age(since: Option<Timestamp>, now: Timestamp) -> String {
    since.map_or_else(String::new, |since| {
        let ago = now.duration_since(since);
        let ago = SignedDuration::from_millis(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX));
        format!("{ago:#}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_partitions_are_named_and_all_of_them_said() {
        assert_eq!(partitions(&[3, 7]), "3, 7");
        let all: Vec<i16> = (0..16).collect();
        assert_eq!(partitions(&all), "all");
    }
}
