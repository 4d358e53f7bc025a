//! An event on its way.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use knipperlicht_contracts::event::{EventBody, Service};
use knipperlicht_runtime::MessageSpan;
use knipperlicht_vocabulary::{EventId, Partition, SituationId, ZoneId};

use crate::spans::Told;

/// One fact about one situation.
#[derive(Debug)]
pub struct Fact {
    /// The event.
    pub id: EventId,
    /// Who said it.
    pub source: Service,
    /// What it was said of; it may have become part of another situation since.
    pub said_of: SituationId,
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
}

/// A fact as one service hears it.
#[derive(Debug)]
pub struct Event {
    fact: Arc<Fact>,
    span: MessageSpan,
    survivor: OnceLock<SituationId>,
}

impl Event {
    /// `service` begins to handle a fact.
    pub(crate) fn of(service: Service, fact: &Arc<Fact>) -> Self {
        let told = Told {
            by: service,
            id: fact.id.uuid(),
            subject_tail: fact.body.subject_tail(),
            zone: fact.zone.as_str(),
            partition: Partition::of(fact.said_of).number(),
        };
        let span = told.processed(fact.traceparent.as_deref());
        Self {
            fact: Arc::clone(fact),
            span,
            survivor: OnceLock::new(),
        }
    }

    /// What it is about: the situation it was said of, or the one that became part of.
    #[must_use]
    pub fn situation(&self) -> SituationId {
        self.survivor.get().copied().unwrap_or(self.fact.said_of)
    }

    /// Lets it be about the situation that survives.
    pub(crate) fn is_about(&self, survivor: SituationId) {
        // Said once at most: what it is about does not change while it takes effect.
        let _ = self.survivor.set(survivor);
    }

    /// It could not take effect, in this way: a code, never a text.
    pub(crate) fn fail(&mut self, error_type: &'static str) {
        self.span.fail(error_type);
    }

    /// The context that what follows from this event goes on with.
    #[must_use]
    pub fn onward_traceparent(&self) -> Option<String> {
        self.span.traceparent().or_else(|| self.traceparent.clone())
    }
}

impl Deref for Event {
    type Target = Fact;

    fn deref(&self) -> &Fact {
        &self.fact
    }
}
