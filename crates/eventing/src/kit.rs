//! What every service is given when it starts.

use knipperlicht_access::{Database, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_privacy::audit::Entry;
use knipperlicht_runtime::{Bell, current_traceparent, trace_id};
use knipperlicht_vocabulary::Environment;
use sqlx::PgConnection;
use tracing::Span;

use crate::{
    Turns, Waker,
    audit::{self, Deed},
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
    /// Itself, for what it does of its own accord: reactions, clocks, consequences of calls.
    pub principal: Principal,
    /// To be woken after each commit that said something.
    pub waker: Waker,
    /// To be told how many waited for an answer together.
    pub turns: Turns,
    /// To be rung after each commit that changed what somebody may be watching.
    pub bell: Bell,
}

impl Kit {
    /// Something was said and committed: the relay and those who watch may look.
    pub fn committed(&self) {
        self.waker.wake();
        self.bell.ring();
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
