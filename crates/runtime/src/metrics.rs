//! The metrics of every process: one list, from which the instruments are made, `knipperlicht ops
//! metrics-list` prints and the alerts and dashboards are checked. Names are those of the
//! OpenTelemetry semantic conventions where they have one, `knipperlicht.*` otherwise.
//!
//! No label carries a person, a situation, a signal, a referral, an organisation or free text.

mod instrument;
mod process;
mod threads;

use std::fmt;

pub use instrument::{Counter, Gauge, Histogram, Labels};
pub(crate) use process::observe_process;
pub(crate) use threads::observe_threads;

/// What sort of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only ever grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often which size occurred.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in OpenTelemetry.
    pub name: &'static str,
    /// What sort it is.
    pub kind: MetricKind,
    /// Its unit (UCUM).
    pub unit: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Its labels, as Prometheus names them.
    pub labels: &'static [&'static str],
}

impl Metric {
    /// Its name in Prometheus, by the usual translation; of a histogram without `_bucket` and its like.
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let total = match self.kind {
            MetricKind::Counter => "_total",
            MetricKind::Gauge | MetricKind::Histogram => "",
        };
        format!("{}{unit}{total}", self.name.replace('.', "_"))
    }
}

impl fmt::Display for Metric {
    /// A line of the list that rules and dashboards are checked against.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prometheus_name())?;
        if !self.labels.is_empty() {
            write!(f, "{{{}}}", self.labels.join(","))?;
        }
        match self.kind {
            MetricKind::Histogram => f.write_str(" histogram"),
            MetricKind::Counter | MetricKind::Gauge => Ok(()),
        }
    }
}

/// The list: what each is made with, and all of them.
macro_rules! metrics {
    ($($(#[$doc:meta])* $constant:ident: $kind:ident = $name:literal, $unit:literal, $says:literal, [$($label:literal),*]$(, $buckets:expr)?;)*) => {
        $($(#[$doc])* pub static $constant: $kind = $kind::new(
            Metric { name: $name, kind: MetricKind::$kind, unit: $unit, says: $says, labels: &[$($label),*] }
            $(, $buckets)?
        );)*

        /// All of them.
        pub static CATALOGUE: &[&Metric] = &[
            $($constant.metric(),)*
            &process::MEMORY, &process::CPU, &process::UPTIME, &process::DROPPED,
            &threads::BUSY, &threads::THREADS, &threads::TASKS, &threads::WAITING,
        ];
    };
}

/// What Prometheus is told of the process itself.
const TARGET_INFO: &str =
    "target_info{service_name,service_version,service_instance_id,knipperlicht_targets}";

/// The list as Prometheus has it, in order of names: a line each, with its labels.
#[must_use]
pub fn listed() -> Vec<String> {
    let mut lines: Vec<String> = CATALOGUE.iter().map(ToString::to_string).collect();
    lines.push(TARGET_INFO.to_owned());
    lines.sort();
    lines
}

/// What answers somebody who waits, in seconds: the buckets that the conventions advise.
const CALLS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What happens in the background, in seconds.
const WORK: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// From the tap to the inbox, in seconds.
const LINE: &[f64] = &[
    0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0, 3600.0,
];

metrics! {
    /// Calls that came in over gRPC.
    RPC_SERVER_CALL: Histogram = "rpc.server.call.duration", "s",
        "How long a gRPC call took, until its last byte",
        ["rpc_system_name", "rpc_method", "rpc_response_status_code", "error_type"], CALLS;
    /// Requests that came in over HTTP.
    HTTP_SERVER_REQUEST: Histogram = "http.server.request.duration", "s",
        "How long a request to the gateway took, until its headers were answered",
        ["http_request_method", "http_route", "http_response_status_code"], CALLS;
    /// Batches of events that took effect.
    PROCESS: Histogram = "messaging.process.duration", "s",
        "How long a service took to handle a batch of events",
        ["messaging_system", "messaging_consumer_group_name", "error_type"], WORK;
    /// Events that were read.
    CONSUMED: Counter = "messaging.client.consumed.messages", "{message}",
        "Events that a service took from the stream",
        ["messaging_consumer_group_name"];
    /// Events that were published.
    SENT: Counter = "messaging.client.sent.messages", "{message}",
        "Events that a service brought to the stream, or tried to",
        ["knipperlicht_service", "error_type"];
    /// Publishing.
    PUBLISH: Histogram = "messaging.client.operation.duration", "s",
        "How long it took the stream to take a batch of events",
        ["knipperlicht_service", "messaging_operation_name", "error_type"], WORK;
    /// Connections there are.
    DB_CONNECTIONS: Gauge = "db.client.connection.count", "{connection}",
        "Connections to PostgreSQL, by what they do",
        ["db_client_connection_pool_name", "db_client_connection_state"];
    /// Connections there may be.
    DB_CONNECTIONS_MAX: Gauge = "db.client.connection.max", "{connection}",
        "Connections to PostgreSQL that there may be at most",
        ["db_client_connection_pool_name"];
    /// Waiting for a connection.
    DB_WAIT: Histogram = "db.client.connection.wait_time", "s",
        "How long it took to get a connection to PostgreSQL",
        ["db_client_connection_pool_name"], WORK;
    /// Waiting in vain.
    DB_TIMEOUTS: Counter = "db.client.connection.timeouts", "{timeout}",
        "How often no connection to PostgreSQL was to be had in time",
        ["db_client_connection_pool_name"];
    /// The line, from the tap on.
    LINE_DURATION: Histogram = "knipperlicht.line.duration", "s",
        "From the moment a signal was received until a partner is asked", [], LINE;
    /// What waits for its relay.
    OLDEST_UNPUBLISHED: Gauge = "knipperlicht.oldest.unpublished", "s",
        "How long the oldest event waits that a service said and that is not in the stream", ["service"];
    /// What waits for a service.
    OLDEST_UNHANDLED: Gauge = "knipperlicht.oldest.unhandled", "s",
        "How long the oldest event lies in the stream that a service has not handled", ["service"];
    /// How much waits for a service.
    UNHANDLED: Gauge = "knipperlicht.unhandled", "{event}",
        "Events in the stream that a service has not read; a few that are not for it among them", ["service"];
    /// What waits for a partner.
    OLDEST_UNACCEPTED: Gauge = "knipperlicht.oldest.unaccepted", "s",
        "How long the oldest referral of a zone waits for a partner's answer", ["zone"];
    /// What is not closed.
    OLDEST_UNCLOSED: Gauge = "knipperlicht.oldest.unclosed", "s",
        "How long the oldest follow-up of a zone is open", ["zone"];
    /// Promises that ran out.
    OVERDUE: Gauge = "knipperlicht.overdue", "{promise}",
        "Promises that ran out and are still to be kept, by kind and zone", ["promise", "zone"];
    /// Promises that ended.
    PROMISES: Counter = "knipperlicht.promise", "{promise}",
        "Promises that ended: kept in time, or broken when they ran out", ["promise", "outcome"];
    /// What could not be handled.
    PARKED: Gauge = "knipperlicht.parked", "{event}",
        "Events that could not be handled and wait for an operator, or for one before them", ["service"];
    /// What was heard twice.
    DUPLICATES: Counter = "knipperlicht.inbox.duplicates", "{event}",
        "Events that were read again and left, for they had taken effect", ["service"];
    /// Rules that must never break.
    RULE_BROKEN: Counter = "knipperlicht.rule.broken", "{violation}",
        "How often a rule that never bends was seen broken: must stay 0", ["service", "rule"];
    /// Clocks that nobody fired.
    TIMER_LATE: Gauge = "knipperlicht.timer.late", "s",
        "How long the most overdue clock waits to be fired", ["service"];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn prometheus_names_follow_by_the_usual_translation() {
        let name = |name| {
            let found = CATALOGUE.iter().find(|metric| metric.name == name).unwrap();
            found.prometheus_name()
        };
        for (otel, prometheus) in [
            (
                "rpc.server.call.duration",
                "rpc_server_call_duration_seconds",
            ),
            ("process.cpu.time", "process_cpu_time_seconds_total"),
            ("process.memory.usage", "process_memory_usage_bytes"),
            ("knipperlicht.unhandled", "knipperlicht_unhandled"),
            ("knipperlicht.promise", "knipperlicht_promise_total"),
        ] {
            assert_eq!(name(otel), prometheus);
        }
    }

    #[test]
    fn no_name_is_there_twice_and_no_label_says_who() {
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for metric in CATALOGUE {
            for label in metric.labels {
                for who in [
                    "situation",
                    "signal",
                    "referral",
                    "person",
                    "organisation",
                    "subject",
                ] {
                    assert!(!label.contains(who), "{}: {label}", metric.name);
                }
            }
        }
    }
}
