//! What the spans of a message say of it, by the semantic conventions for messaging: nothing of what
//! is in it, and of whom it is about not even the pseudonym.

use std::borrow::Cow;

use knipperlicht_contracts::event::Service;
use knipperlicht_runtime::{Attribute, MessageSpan, MessageWay};
use uuid::Uuid;

use crate::{envelope::SUBJECT_ROOT, topology::STREAM};

/// A promise that ran out: its traces are kept whatever becomes of the others.
const BREACHED: &str = "knipperlicht.breached";

/// A message as its spans tell of it.
pub(crate) struct Told<'m> {
    /// Who publishes or handles it.
    pub(crate) by: Service,
    pub(crate) id: Uuid,
    /// Such as `signal.flagged.v1`.
    pub(crate) subject_tail: &'m str,
    pub(crate) zone: &'m str,
    pub(crate) partition: u16,
}

impl Told<'_> {
    /// The span in which it is brought to the stream, after what `traceparent` names.
    pub(crate) fn published(&self, traceparent: Option<&str>) -> MessageSpan {
        let by = ("knipperlicht.service", self.by.name());
        self.span(MessageWay::Publish, traceparent, || {
            self.described("publish", "send", by)
        })
    }

    /// The span in which it takes effect, after what `traceparent` names.
    pub(crate) fn processed(&self, traceparent: Option<&str>) -> MessageSpan {
        let by = ("messaging.consumer.group.name", self.by.name());
        self.span(MessageWay::Process, traceparent, || {
            self.described("process", "process", by)
        })
    }

    fn span(
        &self,
        way: MessageWay,
        traceparent: Option<&str>,
        describe: impl FnOnce() -> (String, Vec<Attribute>),
    ) -> MessageSpan {
        let mut span = MessageSpan::start(way, traceparent, describe);
        if self.subject_tail == "followup.clock_breached.v1" {
            span.mark(BREACHED);
        }
        span
    }

    fn described(
        &self,
        operation: &'static str,
        kind: &'static str,
        by: (&'static str, &'static str),
    ) -> (String, Vec<Attribute>) {
        let template = format!(
            "{SUBJECT_ROOT}.{{partition}}.{{zone}}.{}",
            self.subject_tail
        );
        let name = format!("{operation} {template}");
        let attributes = vec![
            ("messaging.system", Cow::Borrowed("nats")),
            ("messaging.operation.name", operation.into()),
            ("messaging.operation.type", kind.into()),
            ("messaging.destination.name", STREAM.into()),
            ("messaging.destination.template", template.into()),
            (
                "messaging.destination.partition.id",
                self.partition.to_string().into(),
            ),
            ("messaging.message.id", self.id.to_string().into()),
            (by.0, by.1.into()),
            ("knipperlicht.zone", self.zone.to_owned().into()),
        ];
        (name, attributes)
    }
}
