//! An event on its way.

use jiff::Timestamp;
use knipperlicht_contracts::event::{EventBody, Service};
use knipperlicht_runtime::{current_traceparent, set_parent};
use knipperlicht_vocabulary::{EventId, SituationId, ZoneId};
use tracing::Span;

/// One fact about one situation, as a service hears it.
#[derive(Debug, Clone)]
pub struct Event {
    /// The event.
    pub id: EventId,
    /// Who said it.
    pub source: Service,
    /// What it is about.
    pub situation: SituationId,
    /// The zone the situation lies in.
    pub zone: ZoneId,
    /// Its place among all that `source` said of this situation: 1, 2, 3, ...
    pub sequence: i64,
    /// When it became so.
    pub occurred_at: Timestamp,
    /// What it says.
    pub body: EventBody,
    /// The trace it is part of.
    pub traceparent: Option<String>,
    span: Span,
}

impl Event {
    pub(crate) fn new(parts: EventParts) -> Self {
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {}", parts.body.event_type()),
            otel.kind = "consumer",
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.message.id = %parts.id,
            knipperlicht.zone = %parts.zone,
        );
        if let Some(parent) = &parts.traceparent {
            set_parent(&span, parent);
        }
        let EventParts {
            id,
            source,
            situation,
            zone,
            sequence,
            occurred_at,
            body,
            traceparent,
        } = parts;
        Self {
            id,
            source,
            situation,
            zone,
            sequence,
            occurred_at,
            body,
            traceparent,
            span,
        }
    }

    /// The context that what follows from this event goes on with.
    #[must_use]
    pub fn onward_traceparent(&self) -> Option<String> {
        current_traceparent(&self.span).or_else(|| self.traceparent.clone())
    }
}

pub(crate) struct EventParts {
    pub(crate) id: EventId,
    pub(crate) source: Service,
    pub(crate) situation: SituationId,
    pub(crate) zone: ZoneId,
    pub(crate) sequence: i64,
    pub(crate) occurred_at: Timestamp,
    pub(crate) body: EventBody,
    pub(crate) traceparent: Option<String>,
}
