//! What every service is given when it starts.

use async_nats::jetstream;
use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::{event::Service, operations::v1::Backlog};
use knipperlicht_privacy::audit::Entry;
use knipperlicht_runtime::{Bell, Step, current_traceparent, trace_id};
use knipperlicht_vocabulary::{Environment, SituationId};
use sqlx::PgConnection;
use tracing::Span;

use crate::{
    Lead, Turns, Waker, Watch,
    audit::{self, Deed},
    backlog::{self, BacklogError},
    outbox,
};

/// What every service is given when it starts.
#[derive(Clone)]
pub struct Kit {
    /// Which service.
    pub service: Service,
    /// Its database.
    pub database: Database,
    /// Time and randomness.
    pub environment: Environment,
    /// The stream of events, in the name of the service.
    pub jetstream: jetstream::Context,
    /// Itself, for what it does of its own accord: reactions, clocks, consequences of calls.
    pub principal: Principal,
    /// To be woken after each commit that said something.
    pub waker: Waker,
    /// To be told how many waited for an answer together.
    pub turns: Turns,
    /// Whether this process tells of the whole service.
    pub lead: Lead,
    /// To be rung after each commit that changed what somebody may be watching.
    pub bell: Bell,
}

impl Kit {
    /// Something was said and committed: the relay and those who watch may look.
    pub fn committed(&self) {
        self.waker.wake();
        self.bell.ring();
    }

    /// What tells of the whole service, for dashboards and alerts.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch { kit: self.clone() }
    }

    /// How far the service is behind, and what is stuck: for operators.
    pub async fn backlog(&self) -> Result<Backlog, BacklogError> {
        backlog::read(self).await
    }

    /// Takes a step in the story of a situation, where a call of somebody goes on with it: what
    /// follows belongs to the trace in which the situation was first told of.
    pub async fn step(
        &self,
        connection: &mut PgConnection,
        situation: SituationId,
    ) -> Result<Step, sqlx::Error> {
        let story = outbox::story(connection, situation).await?;
        Ok(Step::take(story.as_deref()))
    }

    /// Notes in the audit log what somebody did, in the transaction that does it, which by now acts
    /// as the service; gives the number of its row. Last of all: the log is locked until that
    /// transaction ends.
    pub async fn note(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
        deed: Deed<'_>,
    ) -> Result<i64, sqlx::Error> {
        let traceparent = current_traceparent(&Span::current());
        let entry = Entry {
            at: self.environment.now(),
            subject: principal.subject.to_string(),
            role: principal.role.to_string(),
            action: deed.action.to_owned(),
            object: deed.object,
            purpose: deed.purpose.to_owned(),
            trace_id: traceparent
                .as_deref()
                .and_then(trace_id)
                .unwrap_or_default(),
        };
        audit::append(connection, &entry).await
    }
}
