//! Logs to the terminal, spans to an OpenTelemetry collector where there is one. Trace ids are
//! made either way: the audit log and the timelines carry them.

use std::io::IsTerminal;

use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::trace::TRACER;

/// How telemetry leaves the process.
#[derive(Debug, Clone, Default)]
pub struct TelemetryOptions {
    /// Where spans go, such as `http://127.0.0.1:4317` (OTLP over gRPC). Nowhere if not said.
    pub otlp_endpoint: Option<String>,
    /// Logs as JSON lines rather than for people.
    pub json_logs: bool,
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("telemetry could not be set up: {0}")]
pub struct TelemetryError(String);

/// The telemetry of one process. Drop it, outside the async runtime, to send what is left.
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
}

impl Telemetry {
    /// Starts logs and, where an endpoint is given, spans.
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
            logs.json().boxed()
        } else {
            logs.boxed()
        };

        let provider = provider(service, options.otlp_endpoint.as_deref())?;
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(TRACER))
            .with_location(false)
            .with_threads(false)
            .with_filter(LevelFilter::INFO);
        global::set_tracer_provider(provider.clone());
        tracing_subscriber::registry()
            .with(spans)
            .with(logs.with_filter(filter))
            .try_init()
            .map_err(|error| TelemetryError(error.to_string()))?;
        Ok(Self { provider })
    }
}

fn provider(
    service: &'static str,
    endpoint: Option<&str>,
) -> Result<SdkTracerProvider, TelemetryError> {
    let builder = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service).build());
    let Some(endpoint) = endpoint else {
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| TelemetryError(error.to_string()))?;
    let processor = BatchSpanProcessor::builder(exporter).build();
    Ok(builder.with_span_processor(processor).build())
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}
