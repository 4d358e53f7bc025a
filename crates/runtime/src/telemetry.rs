//! Logs to the terminal; spans and metrics to an OpenTelemetry collector where there is one; metrics
//! for Prometheus wherever somebody asks. Trace ids are made either way: the audit log and the
//! timelines carry them.
//!
//! Every span is sent, whatever a caller's `traceparent` says of sampling: which traces are kept is
//! decided at the collector, once their errors and their ends are known (`docs/telemetry.md`).
//! Baggage is neither read nor sent on: no propagator is set.

mod joined;
mod outbound;

use std::{io::IsTerminal, sync::OnceLock, time::Duration};

use opentelemetry::{KeyValue, global, trace::TracerProvider};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{Sampler, SdkTracerProvider},
};
use prometheus::{Encoder, Registry, TextEncoder};
use tokio::runtime::Handle;
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

pub(crate) use self::outbound::Dropped;
use self::{joined::Joined, outbound::Outbound};
use crate::{
    metrics::{observe_process, observe_threads},
    trace::TRACER,
};

/// How long an export may take before it is given up.
const EXPORT_WITHIN: Duration = Duration::from_secs(3);

/// How often metrics go to the collector: as often as Prometheus usually looks.
const METRICS_EVERY: Duration = Duration::from_secs(15);

/// How long the last of it may take at the end.
const END_WITHIN: Duration = Duration::from_secs(5);

static PROMETHEUS: OnceLock<Registry> = OnceLock::new();

/// How telemetry leaves the process.
#[derive(Debug, Clone, Default)]
pub struct TelemetryOptions {
    /// Where spans and metrics go, such as `http://127.0.0.1:4317` (OTLP over gRPC). Nowhere if not
    /// said.
    pub otlp_endpoint: Option<String>,
    /// Logs as JSON lines rather than for people.
    pub json_logs: bool,
    /// What tells this process from others of its kind.
    pub instance: String,
    /// Which services run in it.
    pub targets: String,
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("telemetry could not be set up: {0}")]
pub struct TelemetryError(String);

/// The telemetry of one process. Drop it, outside the async runtime, to send what is left.
#[derive(Debug)]
pub struct Telemetry {
    spans: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Telemetry {
    /// Starts logs and metrics and, where an endpoint is given, sends spans and metrics there. On
    /// the runtime, which outlives it.
    ///
    /// What is logged is set by `RUST_LOG`; `info` if it is not set.
    pub fn start(
        service: &'static str,
        options: &TelemetryOptions,
    ) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,async_nats=warn"));
        let logs = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal());
        let logs = if options.json_logs {
            logs.json().map_event_format(Joined).boxed()
        } else {
            logs.boxed()
        };

        let resource = resource(service, options);
        let dropped = Dropped::default();
        let endpoint = options.otlp_endpoint.as_deref();
        let metrics = meters(resource.clone(), endpoint)?;
        global::set_meter_provider(metrics.clone());
        observe_process(dropped.clone());
        observe_threads(Handle::current());
        let provider = tracers(resource, endpoint, dropped)?;
        global::set_tracer_provider(provider.clone());
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(TRACER))
            .with_location(false)
            .with_threads(false)
            .with_filter(LevelFilter::INFO);
        tracing_subscriber::registry()
            .with(spans)
            .with(logs.with_filter(filter))
            .try_init()
            .map_err(|error| TelemetryError(error.to_string()))?;
        Ok(Self {
            spans: provider,
            metrics,
        })
    }
}

/// The metrics as they are now, for Prometheus; nothing where telemetry was not started.
pub(crate) fn prometheus_text() -> Option<Vec<u8>> {
    let families = PROMETHEUS.get()?.gather();
    let mut text = Vec::new();
    // A family without values cannot be written, and none is gathered.
    TextEncoder::new().encode(&families, &mut text).ok()?;
    Some(text)
}

fn resource(service: &'static str, options: &TelemetryOptions) -> Resource {
    Resource::builder()
        .with_service_name(service)
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", options.instance.clone()),
            KeyValue::new("knipperlicht.targets", options.targets.clone()),
        ])
        .build()
}

fn meters(resource: Resource, endpoint: Option<&str>) -> Result<SdkMeterProvider, TelemetryError> {
    let registry = Registry::new();
    let prometheus = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .build()
        .map_err(|error| TelemetryError(error.to_string()))?;
    let builder = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(prometheus);
    // A second line in one process has the meters of the first.
    let _ = PROMETHEUS.set(registry);
    let Some(endpoint) = endpoint else {
        return Ok(builder.build());
    };
    let exporter = MetricExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_WITHIN)
        .build()
        .map_err(|error| TelemetryError(error.to_string()))?;
    let reader = PeriodicReader::builder(exporter)
        .with_interval(METRICS_EVERY)
        .build();
    Ok(builder.with_reader(reader).build())
}

fn tracers(
    resource: Resource,
    endpoint: Option<&str>,
    dropped: Dropped,
) -> Result<SdkTracerProvider, TelemetryError> {
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(endpoint) = endpoint else {
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    };
    let endpoint = endpoint.to_owned();
    let exporter = move || {
        SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_WITHIN)
            .build()
            .map_err(|error| tracing::error!(%error, "spans cannot be sent"))
            .ok()
    };
    let outbound =
        Outbound::start(dropped, exporter).map_err(|error| TelemetryError(error.to_string()))?;
    Ok(builder
        .with_sampler(Sampler::AlwaysOn)
        .with_span_processor(outbound)
        .build())
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(error) = self.spans.shutdown_with_timeout(END_WITHIN) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
        if let Err(error) = self.metrics.shutdown_with_timeout(END_WITHIN) {
            tracing::debug!(%error, "the last metrics could not be sent");
        }
    }
}
