//! What routing does when it hears something. A wave is handled as a set: load, decide, write,
//! say, each in as many statements for one event as for hundreds.

mod heard;
mod reshaping;

use jiff::Timestamp;
use knipperlicht_eventing::{Event, Forgets, Kit, ReactionError, Reactions, merges::reshaped, say};
use knipperlicht_vocabulary::{SituationId, ZoneId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    RoutingError,
    books::Books,
    model::{
        change::Plan,
        hearing::{Heard, hear},
    },
    said::said,
    store,
};

pub(crate) struct RoutingReactions {
    pub(crate) kit: Kit,
    pub(crate) books: Books,
}

/// What was heard of one situation, and where it came from.
struct Told {
    situation: SituationId,
    zone: ZoneId,
    /// The event: what follows derives its ids from it.
    cause: Uuid,
    traceparent: Option<String>,
    what: Heard,
}

impl Forgets for RoutingReactions {
    async fn forget(
        &self,
        connection: &mut PgConnection,
        situations: &[Uuid],
        _: Timestamp,
    ) -> Result<(), sqlx::Error> {
        store::forget(connection, situations).await
    }
}

impl Reactions for RoutingReactions {
    async fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> Result<(), ReactionError> {
        let mut facts = Vec::with_capacity(wave.len());
        for event in wave {
            if let Some(reshaped) = reshaped(&mut *connection, event).await? {
                self.reshape(&mut *connection, event, reshaped).await?;
                continue;
            }
            if let Some(what) = heard::heard(&event.body).map_err(ReactionError::Nonsense)? {
                facts.push(Told {
                    situation: event.situation(),
                    zone: event.zone.clone(),
                    cause: event.id.uuid(),
                    traceparent: event.onward_traceparent(),
                    what,
                });
            }
        }
        if facts.is_empty() {
            return Ok(());
        }
        self.take_effect(connection, facts)
            .await
            .map_err(reaction_error)
    }

    fn committed(&self, wave: &[&Event]) {
        let concerns_us = |event: &&Event| {
            reshaping::is_reshaping(&event.body) || matches!(heard::heard(&event.body), Ok(Some(_)))
        };
        if wave.iter().any(concerns_us) {
            self.kit.committed();
        }
    }
}

fn reaction_error(error: RoutingError) -> ReactionError {
    match error {
        RoutingError::Database(error) => ReactionError::Store(error),
        other => ReactionError::Nonsense(other.to_string()),
    }
}

impl RoutingReactions {
    async fn take_effect(
        &self,
        connection: &mut PgConnection,
        facts: Vec<Told>,
    ) -> Result<(), RoutingError> {
        let environment = &self.kit.environment;
        let books = self.books.open(connection).await?;
        let situations: Vec<Uuid> = facts.iter().map(|fact| fact.situation.uuid()).collect();
        let mut cases = store::lock_cases(connection, &situations).await?;
        let ground = books.ground(environment.now(), environment.today());

        let mut plans = Vec::with_capacity(facts.len());
        let mut events = Vec::with_capacity(facts.len());
        for Told {
            situation,
            zone,
            cause,
            traceparent,
            what,
        } in facts
        {
            let changes = hear(situation, cases.take(situation), what, cause, &ground);
            let plan = Plan {
                situation,
                zone,
                changes,
            };
            events.extend(said(&plan, traceparent.as_deref(), environment));
            plans.push(plan);
        }
        store::write(connection, &plans, ground.at).await?;
        // The carer agrees again, and what they need is asked for anew.
        let lifted = plans.iter().filter(|plan| plan.lifts());
        let lifted: Vec<Uuid> = lifted.map(|plan| plan.situation.uuid()).collect();
        store::stay_away(connection, &lifted).await?;
        say(connection, ground.at, &events).await?;
        Ok(())
    }
}
