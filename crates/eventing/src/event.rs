//! An event on its way.

use jiff::Timestamp;
use knipperlicht_contracts::event::{EventBody, Service};
use knipperlicht_runtime::MessageSpan;
use knipperlicht_vocabulary::{EventId, SituationId, ZoneId};

/// One fact about one situation, as a service hears it.
#[derive(Debug)]
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
    span: MessageSpan,
}

impl Event {
    pub(crate) fn new(parts: EventParts) -> Self {
        let span = MessageSpan::start(
            format!("process {}", parts.body.event_type()),
            [
                ("messaging.system", "nats".to_owned()),
                ("messaging.operation.name", "process".to_owned()),
                ("messaging.message.id", parts.id.to_string()),
                ("knipperlicht.zone", parts.zone.to_string()),
            ],
            parts.traceparent.as_deref(),
        );
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
        self.span.traceparent().or_else(|| self.traceparent.clone())
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
