//! What is measured with: made when it is first used, from the one list.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use opentelemetry::{
    KeyValue, global,
    metrics::{self, Meter},
};

use super::Metric;

/// The labels of one value.
pub type Labels = Vec<(&'static str, Cow<'static, str>)>;

pub(super) fn meter() -> Meter {
    global::meter(crate::trace::TRACER)
}

fn key_values(labels: &[(&'static str, &'static str)]) -> Vec<KeyValue> {
    labels
        .iter()
        .map(|(label, value)| KeyValue::new(otel(label), *value))
        .collect()
}

/// OpenTelemetry writes with dots what Prometheus writes with underscores; what a label of the list
/// is called there.
fn otel(label: &'static str) -> &'static str {
    match label {
        "rpc_system_name" => "rpc.system.name",
        "rpc_method" => "rpc.method",
        "rpc_response_status_code" => "rpc.response.status_code",
        "error_type" => "error.type",
        "http_request_method" => "http.request.method",
        "http_route" => "http.route",
        "http_response_status_code" => "http.response.status_code",
        "messaging_system" => "messaging.system",
        "messaging_consumer_group_name" => "messaging.consumer.group.name",
        "messaging_operation_name" => "messaging.operation.name",
        "knipperlicht_service" => "knipperlicht.service",
        "db_client_connection_pool_name" => "db.client.connection.pool.name",
        "db_client_connection_state" => "db.client.connection.state",
        other => other,
    }
}

/// Only ever grows.
#[derive(Debug)]
pub struct Counter {
    metric: Metric,
    made: OnceLock<metrics::Counter<u64>>,
}

impl Counter {
    pub(super) const fn new(metric: Metric) -> Self {
        Self {
            metric,
            made: OnceLock::new(),
        }
    }

    pub(super) const fn metric(&'static self) -> &'static Metric {
        &self.metric
    }

    /// Counts so many more. Nothing more lets it begin at 0, so that its first growth is seen.
    pub fn add(&self, more: usize, labels: &[(&'static str, &'static str)]) {
        let made = self.made.get_or_init(|| {
            meter()
                .u64_counter(self.metric.name)
                .with_unit(self.metric.unit)
                .with_description(self.metric.says)
                .build()
        });
        made.add(u64::try_from(more).unwrap_or(u64::MAX), &key_values(labels));
    }
}

/// How often which size occurred.
#[derive(Debug)]
pub struct Histogram {
    metric: Metric,
    buckets: &'static [f64],
    made: OnceLock<metrics::Histogram<f64>>,
}

impl Histogram {
    pub(super) const fn new(metric: Metric, buckets: &'static [f64]) -> Self {
        Self {
            metric,
            buckets,
            made: OnceLock::new(),
        }
    }

    pub(super) const fn metric(&'static self) -> &'static Metric {
        &self.metric
    }

    /// It occurred, with this size.
    pub fn record(&self, size: f64, labels: &[(&'static str, &'static str)]) {
        self.instrument().record(size, &key_values(labels));
    }

    /// The same, with labels that are not known beforehand.
    pub(crate) fn record_with(&self, size: f64, labels: &[KeyValue]) {
        self.instrument().record(size, labels);
    }

    fn instrument(&self) -> &metrics::Histogram<f64> {
        self.made.get_or_init(|| {
            meter()
                .f64_histogram(self.metric.name)
                .with_unit(self.metric.unit)
                .with_description(self.metric.says)
                .with_boundaries(self.buckets.to_vec())
                .build()
        })
    }
}

/// By whom it was told, and by labels: what it is.
type Told = BTreeMap<&'static str, Vec<(Labels, f64)>>;

/// Goes up and down. Whoever tells of it tells all that there is, so that what is over disappears.
#[derive(Debug)]
pub struct Gauge {
    metric: Metric,
    told: OnceLock<Arc<Mutex<Told>>>,
}

impl Gauge {
    pub(super) const fn new(metric: Metric) -> Self {
        Self {
            metric,
            told: OnceLock::new(),
        }
    }

    pub(super) const fn metric(&'static self) -> &'static Metric {
        &self.metric
    }

    /// Says how it is now, in the place of all that the same `teller` said before.
    pub fn tell(&self, teller: &'static str, values: Vec<(Labels, f64)>) {
        let told = self.told.get_or_init(|| {
            let told = Arc::new(Mutex::new(Told::default()));
            let looked_at = Arc::clone(&told);
            // Kept by the meter for as long as it is.
            let _ = meter()
                .f64_observable_gauge(self.metric.name)
                .with_unit(self.metric.unit)
                .with_description(self.metric.says)
                .with_callback(move |observer| {
                    for (labels, value) in lock(&looked_at).values().flatten() {
                        let labels: Vec<KeyValue> = labels
                            .iter()
                            .map(|(label, value)| KeyValue::new(otel(label), value.clone()))
                            .collect();
                        observer.observe(*value, &labels);
                    }
                })
                .build();
            told
        });
        lock(told).insert(teller, values);
    }

    /// Says how it is now for one service.
    pub fn tell_of(&self, service: &'static str, value: f64) {
        self.tell(service, vec![(vec![("service", service.into())], value)]);
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    // A list is whole even if whoever changed it panicked afterwards.
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
