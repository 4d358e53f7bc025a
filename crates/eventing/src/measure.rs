//! What is measured of the way of events.

use std::time::Duration;

use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::metrics::{CONSUMED, DUPLICATES, PROCESS, PUBLISH, SENT};

const SYSTEM: (&str, &str) = ("messaging_system", "nats");

/// A service took so many events from the stream.
pub(crate) fn consumed(service: Service, events: usize) {
    let group = ("messaging_consumer_group_name", service.name());
    CONSUMED.add(events, &[group]);
}

/// A service handled a batch.
pub(crate) fn processed(service: Service, took: Duration, error: Option<&'static str>) {
    let group = ("messaging_consumer_group_name", service.name());
    let mut labels = vec![SYSTEM, group];
    labels.extend(error.map(|error| ("error_type", error)));
    PROCESS.record(took.as_secs_f64(), &labels);
}

/// A service left so many events that had taken effect.
pub(crate) fn duplicates(service: Service, events: usize) {
    DUPLICATES.add(events, &[("service", service.name())]);
}

/// A service brought so many events to the stream, or tried to.
pub(crate) fn published(
    service: Service,
    events: usize,
    took: Duration,
    error: Option<&'static str>,
) {
    let by = ("knipperlicht_service", service.name());
    let error = error.map(|error| ("error_type", error));
    let mut labels = vec![by];
    labels.extend(error);
    SENT.add(events, &labels);
    labels.push(("messaging_operation_name", "publish"));
    PUBLISH.record(took.as_secs_f64(), &labels);
}
