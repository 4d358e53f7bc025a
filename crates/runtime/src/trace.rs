//! The trace context as text, for what outlives a call: outbox rows and message headers.

use opentelemetry::{
    Context, KeyValue,
    global::{self, BoxedSpan},
    trace::{
        Span as _, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState,
        Tracer,
    },
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Under which name spans are made.
pub(crate) const TRACER: &str = "knipperlicht";

/// The W3C `traceparent` of the current span, where there is one.
#[must_use]
pub fn current_traceparent(span: &Span) -> Option<String> {
    as_text(span.context().span().span_context())
}

/// The same, where the span is recorded: what is not says nothing of whether others record.
#[must_use]
pub fn sampled_traceparent(span: &Span) -> Option<String> {
    let context = span.context().span().span_context().clone();
    context.is_sampled().then(|| as_text(&context)).flatten()
}

fn as_text(context: &SpanContext) -> Option<String> {
    context.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            context.trace_id(),
            context.span_id(),
            context.trace_flags().to_u8()
        )
    })
}

/// The span of a message that is handled together with hundreds of others: none of them is ever
/// the current one, so it is made without the machinery that keeps track of that; and not at all
/// where the sender's trace is not recorded.
#[derive(Debug)]
pub struct MessageSpan(Option<BoxedSpan>);

impl MessageSpan {
    /// Begins where `traceparent`, the sender's, left off, with the name and attributes that
    /// `describe` gives.
    #[must_use]
    pub fn start<A: IntoIterator<Item = (&'static str, String)>>(
        traceparent: Option<&str>,
        describe: impl FnOnce() -> (String, A),
    ) -> Self {
        let parent = match traceparent.and_then(parse) {
            Some(parent) if !parent.is_sampled() => return Self(None),
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let (name, attributes) = describe();
        let tracer = global::tracer(TRACER);
        let attributes = attributes
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value));
        let builder = tracer
            .span_builder(name)
            .with_kind(SpanKind::Consumer)
            .with_attributes(attributes);
        Self(Some(tracer.build_with_context(builder, &parent)))
    }

    /// The context that what follows goes on with; nothing where that is the sender's.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        as_text(self.0.as_ref()?.span_context())
    }
}

/// Hangs a span under the one a `traceparent` names. A malformed one is left out: a trace never
/// stops the line.
pub fn set_parent(span: &Span, traceparent: &str) {
    if let Some(parent) = parse(traceparent) {
        // Fails only when the span is already under way or telemetry is off.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// The trace id in a `traceparent`.
#[must_use]
pub fn trace_id(traceparent: &str) -> Option<String> {
    parse(traceparent).map(|context| context.trace_id().to_string())
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version != "00" || trace.len() != 32 || span.len() != 16 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_that_is_not_recorded_goes_on_without_a_span() {
        let unrecorded = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let span = MessageSpan::start(Some(unrecorded), || -> (String, [(&str, String); 0]) {
            unreachable!("nobody asks for what is not recorded")
        });
        assert_eq!(span.traceparent(), None);
    }

    #[test]
    fn reads_only_well_formed_contexts() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(
            trace_id(good).as_deref(),
            Some("0af7651916cd43dd8448eb211c80319c")
        );
        for bad in [
            "",
            "00",
            "00-0-0-0",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}
