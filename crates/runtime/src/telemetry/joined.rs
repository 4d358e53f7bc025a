//! Log lines as JSON, each with the trace and the span it was written in: whoever looks at a trace
//! finds its lines, and the other way round.

use std::fmt;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::{Event, Subscriber, dispatcher};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// What `inner` writes, a JSON object a line, with `trace_id` and `span_id`.
pub(super) struct Joined<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Joined<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        match (line.strip_prefix('{'), span_of(context)) {
            (Some(rest), Some(span)) => write!(
                writer,
                r#"{{"trace_id":"{}","span_id":"{}",{rest}"#,
                span.trace_id(),
                span.span_id()
            ),
            _ => writer.write_str(&line),
        }
    }
}

fn span_of<S, N>(context: &FmtContext<'_, S, N>) -> Option<SpanContext>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    let id = context.lookup_current()?.id();
    let context = dispatcher::get_default(|dispatch| get_otel_context(&id, dispatch))?;
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_names_the_trace_and_the_span_it_was_written_in() {
        let lines = Lines::default();
        let writer = lines.clone();
        let provider = SdkTracerProvider::builder().build();
        let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let logs = tracing_subscriber::fmt::layer()
            .json()
            .map_event_format(Joined)
            .with_writer(move || writer.clone());
        // For the whole program, as a line has it: a subscriber of one thread is not asked again
        // while it is at work.
        tracing::subscriber::set_global_default(
            tracing_subscriber::registry().with(spans).with(logs),
        )
        .unwrap();
        tracing::info!("outside");
        let span = tracing::info_span!("call");
        span.in_scope(|| tracing::info!("inside"));
        let trace = crate::current_traceparent(&span).unwrap();

        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let (outside, inside) = text.split_once('\n').unwrap();
        assert!(
            !outside.contains("trace_id") && outside.starts_with('{'),
            "{outside}"
        );
        let (trace_id, span_id) = (&trace[3..35], &trace[36..52]);
        let begins = format!(r#"{{"trace_id":"{trace_id}","span_id":"{span_id}","timestamp""#);
        assert!(inside.starts_with(&begins), "{inside}");
    }
}
