//! A span as it came in.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{self as otlp, ResourceSpans, span::SpanKind, status::StatusCode},
};

/// On which side of a call or a message it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Within a process.
    Internal,
    /// It answers a call.
    Server,
    /// It makes one.
    Client,
    /// It says a message.
    Producer,
    /// It handles one.
    Consumer,
}

impl Kind {
    /// Its word in OpenTelemetry and Jaeger.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }

    pub(crate) fn named(word: &str) -> Self {
        [Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| kind.word() == word)
            .unwrap_or(Self::Internal)
    }
}

/// A span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its trace, in hexadecimal.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The span it hangs under.
    pub parent: Option<String>,
    /// What it is called.
    pub name: String,
    /// On which side it stands.
    pub kind: Kind,
    /// When it began, in nanoseconds since 1970.
    pub began: u64,
    /// How long it took, in nanoseconds.
    pub took: u64,
    /// Whether it ended in an error.
    pub failed: bool,
    /// What it says of itself, as text.
    pub attributes: BTreeMap<String, String>,
    /// The spans of other traces it links to: trace and span.
    pub links: Vec<(String, String)>,
    /// What it says of the process it comes from.
    pub process: BTreeMap<String, String>,
}

impl Span {
    /// Who made it, as far as it says so: the service, of those in one process.
    #[must_use]
    pub fn service(&self) -> &str {
        let said = |name: &str| self.attributes.get(name).map(String::as_str);
        said("messaging.consumer.group.name")
            .or_else(|| said("knipperlicht.service"))
            .or_else(|| said("db.namespace"))
            .or_else(|| of_method(said("rpc.method").unwrap_or(&self.name)))
            .or_else(|| said("http.request.method").map(|_| "gateway"))
            .unwrap_or_default()
    }
}

/// The service of a method such as `knipperlicht.intake.v1.IntakeService/SubmitSignal`.
fn of_method(method: &str) -> Option<&str> {
    method.strip_prefix("knipperlicht.")?.split('.').next()
}

/// The spans in what a process sent.
pub(crate) fn spans(sent: ResourceSpans) -> impl Iterator<Item = Span> {
    let process = sent
        .resource
        .map(|resource| texts(resource.attributes))
        .unwrap_or_default();
    sent.scope_spans
        .into_iter()
        .flat_map(|scope| scope.spans)
        .map(move |span| read(span, process.clone()))
}

fn read(span: otlp::Span, process: BTreeMap<String, String>) -> Span {
    let kind = match span.kind() {
        SpanKind::Server => Kind::Server,
        SpanKind::Client => Kind::Client,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
        SpanKind::Internal | SpanKind::Unspecified => Kind::Internal,
    };
    let failed = span
        .status
        .as_ref()
        .is_some_and(|status| status.code() == StatusCode::Error);
    let links = span.links.iter();
    Span {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
        kind,
        began: span.start_time_unix_nano,
        took: span
            .end_time_unix_nano
            .saturating_sub(span.start_time_unix_nano),
        failed,
        links: links
            .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
            .collect(),
        name: span.name,
        attributes: texts(span.attributes),
        process,
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes
        .into_iter()
        .map(|attribute| (attribute.key, text(attribute.value)))
        .collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
