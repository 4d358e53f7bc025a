//! What a region asks of machines: what was simulated of Flanders, times what one event costs, which was
//! measured once on the whole line.

use serde::Deserialize;

use crate::{
    assumptions::Regions,
    tally::{Tally, share},
};

const MEASURED: &str = include_str!("../data/measured.json");

/// What the line wrote while it lived through the invented years of `dev --demo`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// When and how.
    pub how: String,
    /// Signals received.
    pub signals: u64,
    /// Events said.
    pub events: u64,
    /// Bytes of the stream on disk.
    pub stream_bytes: u64,
    /// What each schema wrote.
    pub schemas: Vec<Schema>,
}

/// What one service's schema wrote.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Whose.
    pub name: String,
    /// Rows inserted, updated and deleted.
    pub rows: u64,
    /// Bytes on disk, with indexes; without the directory, which does not grow with signals.
    pub bytes: u64,
}

impl Measured {
    /// What was measured.
    pub fn builtin() -> Result<Self, serde_json::Error> {
        serde_json::from_str(MEASURED)
    }

    /// Rows written for each event that is said, by all services together.
    #[must_use]
    pub fn rows_an_event(&self) -> f64 {
        share(self.schemas.iter().map(|one| one.rows).sum(), self.events)
    }

    /// Bytes of tables for each event.
    #[must_use]
    pub fn table_bytes_an_event(&self) -> f64 {
        share(self.schemas.iter().map(|one| one.bytes).sum(), self.events)
    }

    /// Bytes of the stream for each event.
    #[must_use]
    pub fn stream_bytes_an_event(&self) -> f64 {
        share(self.stream_bytes, self.events)
    }

    /// Events for each signal.
    #[must_use]
    pub fn events_a_signal(&self) -> f64 {
        share(self.events, self.signals)
    }
}

/// A place as large as so many times what was simulated.
#[derive(Debug, Clone)]
pub struct Region {
    /// What it is called.
    pub name: &'static str,
    /// So many times Flanders.
    pub times: f64,
}

/// From a group of zones to a continent.
#[must_use]
pub fn regions(regions: &Regions) -> [Region; 4] {
    let flanders = regions.flanders.value;
    [
        Region {
            name: "a regional care zone",
            times: 1.0 / regions.regional_care_zones.value,
        },
        Region {
            name: "Flanders",
            times: 1.0,
        },
        Region {
            name: "Belgium",
            times: regions.belgium.value / flanders,
        },
        Region {
            name: "the European Union",
            times: regions.europe.value / flanders,
        },
    ]
}

/// What a region asks for.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Signals a year.
    pub signals: f64,
    /// Signals a second, on average.
    pub signals_a_second: f64,
    /// The same in the busiest hour.
    pub busiest_signals: f64,
    /// Events a second, on average.
    pub events_a_second: f64,
    /// The same in the busiest hour.
    pub busiest_events: f64,
    /// Rows a second in the busiest hour, in all schemas.
    pub busiest_rows: f64,
    /// Bytes of tables that a year adds.
    pub table_bytes: f64,
    /// Bytes of the stream that a year adds.
    pub stream_bytes: f64,
}

const SECONDS_AN_HOUR: f64 = 3600.0;

/// What a region asks for.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of a year")]
pub fn load(tally: &Tally, measured: &Measured, region: &Region) -> Load {
    let seconds = tally.hours.len() as f64 * SECONDS_AN_HOUR;
    let busiest = tally.busiest();
    let signals = tally.signals() as f64 * region.times;
    let events = tally.events() as f64 * region.times;
    let busiest_events = busiest.events as f64 / SECONDS_AN_HOUR * region.times;
    Load {
        signals,
        signals_a_second: signals / seconds,
        busiest_signals: busiest.signals as f64 / SECONDS_AN_HOUR * region.times,
        events_a_second: events / seconds,
        busiest_events,
        busiest_rows: busiest_events * measured.rows_an_event(),
        table_bytes: events * measured.table_bytes_an_event(),
        stream_bytes: events * measured.stream_bytes_an_event(),
    }
}

/// What README.md says one node does: signals a second that the whole line keeps up with.
#[must_use]
pub fn of_a_node(readme: &str) -> Option<f64> {
    let mut lines = readme.lines();
    let line =
        lines.find(|line| line.starts_with("| whole line, tap to partner's inbox, sustained |"))?;
    let measured = line.split('|').nth(4)?.trim();
    measured.split("/s").next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_says_what_a_node_does() {
        let readme = include_str!("../../../README.md");
        assert!(of_a_node(readme).unwrap() > 100.0);
        let line = "| whole line, tap to partner's inbox, sustained | >= 1000/s | >= 2500/s | 1750/s (1875/s is not) | holds |";
        assert_eq!(of_a_node(line), Some(1750.0));
    }

    #[test]
    fn what_was_measured_is_whole() {
        let measured = Measured::builtin().unwrap();
        assert_eq!(measured.schemas.len(), 5);
        assert!(measured.events_a_signal() > 3.0);
        assert!(measured.rows_an_event() > 1.0);
    }

    #[test]
    fn twice_the_people_ask_for_twice_as_much() {
        use crate::tally::Hour;
        let mut tally = Tally::default();
        tally.said.insert("knipperlicht.signal.flagged.v1", 7200);
        tally.hours = vec![
            Hour {
                signals: 3600,
                events: 3600,
            },
            Hour {
                signals: 0,
                events: 3600,
            },
        ];
        let measured = Measured::builtin().unwrap();
        let region = |times| Region { name: "", times };
        let one = load(&tally, &measured, &region(1.0));
        let two = load(&tally, &measured, &region(2.0));
        assert!((one.busiest_signals - 1.0).abs() < 1e-9);
        assert!((one.signals_a_second - 0.5).abs() < 1e-9);
        assert!((two.table_bytes - 2.0 * one.table_bytes).abs() < 1e-3);
    }
}
