//! The trace context as text, for what outlives a call: outbox rows and message headers. And the
//! spans of what is no call: a message that is said or handled, a step in a story that began before.

use std::{borrow::Cow, sync::OnceLock};

use opentelemetry::{
    Context, KeyValue,
    global::{self, BoxedSpan, BoxedTracer},
    trace::{
        Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags,
        TraceId, TraceState, Tracer,
    },
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Under which name spans are made.
pub(crate) const TRACER: &str = "knipperlicht";

/// An attribute of a span.
pub type Attribute = (&'static str, Cow<'static, str>);

/// Which call the current span is part of: its full method.
#[derive(Debug, Clone, Copy)]
struct Method(&'static str);

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

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageWay {
    /// It is brought to the stream.
    Publish,
    /// It takes effect.
    Process,
    /// It is delivered to somebody outside, over HTTP.
    Deliver,
}

impl MessageWay {
    const fn kind(self) -> SpanKind {
        match self {
            Self::Publish => SpanKind::Producer,
            Self::Process => SpanKind::Consumer,
            Self::Deliver => SpanKind::Client,
        }
    }
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
    pub fn start<A: IntoIterator<Item = Attribute>>(
        way: MessageWay,
        traceparent: Option<&str>,
        describe: impl FnOnce() -> (String, A),
    ) -> Self {
        let parent = match traceparent.and_then(parse) {
            Some(parent) if !parent.is_sampled() => return Self(None),
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let (name, attributes) = describe();
        let tracer = tracer();
        let attributes = attributes
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value));
        let builder = tracer
            .span_builder(name)
            .with_kind(way.kind())
            .with_attributes(attributes);
        Self(Some(tracer.build_with_context(builder, &parent)))
    }

    /// The context that what follows goes on with; nothing where that is the sender's.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        as_text(self.0.as_ref()?.span_context())
    }

    /// Adds what was not known when it began.
    pub fn note(&mut self, key: &'static str, value: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.0 {
            let value: Cow<'static, str> = value.into();
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// Marks it.
    pub fn mark(&mut self, key: &'static str) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, true));
        }
    }

    /// It went wrong, in this way: a code, never a text.
    pub fn fail(&mut self, error_type: &'static str) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new("error.type", error_type));
            span.set_status(Status::error(""));
        }
    }
}

/// A step that somebody takes, by a call, in a story that began before: the referral that a partner
/// accepts was asked for in the trace of a signal. The call has a trace of its own, its caller's;
/// the step stands in the story's, under the name of the call, and each links to the other.
#[derive(Debug)]
pub struct Step {
    /// Ends when the step does.
    _span: Option<BoxedSpan>,
    traceparent: Option<String>,
}

impl Step {
    /// Takes a step where `story` left off; without a story, or in its very trace, the call itself
    /// is the step.
    #[must_use]
    pub fn take(story: Option<&str>) -> Self {
        let call = Span::current();
        let context = call.context();
        let own = context.span().span_context().clone();
        let story = story.and_then(parse);
        let story = match story {
            Some(story) if own.is_valid() && story.trace_id() != own.trace_id() => story,
            told => {
                let goes_on = if own.is_valid() { Some(own) } else { told };
                return Self {
                    _span: None,
                    traceparent: goes_on.as_ref().and_then(as_text),
                };
            }
        };
        let name = context.get::<Method>().map_or("step", |method| method.0);
        let tracer = tracer();
        let builder = tracer
            .span_builder(name)
            .with_links(vec![Link::with_context(own)]);
        let story = Context::new().with_remote_span_context(story);
        let span = tracer.build_with_context(builder, &story);
        let step = span.span_context().clone();
        let traceparent = as_text(&step);
        call.add_link(step);
        Self {
            _span: Some(span),
            traceparent,
        }
    }

    /// The context that what follows goes on with.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.traceparent.clone()
    }
}

/// Hangs the span of a call under the one that its caller's `traceparent` names. A malformed one is
/// left out: a trace never stops the line.
pub(crate) fn begin_call(span: &Span, method: &'static str, traceparent: Option<&str>) {
    let context = Context::new().with_value(Method(method));
    let context = match traceparent.and_then(parse) {
        Some(parent) => context.with_remote_span_context(parent),
        None => context,
    };
    // Fails only when the span is already under way or telemetry is off.
    let _ = span.set_parent(context);
}

/// The trace id in a `traceparent`.
#[must_use]
pub fn trace_id(traceparent: &str) -> Option<String> {
    parse(traceparent).map(|context| context.trace_id().to_string())
}

fn tracer() -> &'static BoxedTracer {
    static TRACER_OF_MESSAGES: OnceLock<BoxedTracer> = OnceLock::new();
    TRACER_OF_MESSAGES.get_or_init(|| global::tracer(TRACER))
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
        let describe =
            || -> (String, [Attribute; 0]) { unreachable!("nobody asks for what is not recorded") };
        let span = MessageSpan::start(MessageWay::Process, Some(unrecorded), describe);
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
