//! What follow-up does when it hears something: one statement per table for a whole wave.

mod effects;

use std::sync::Arc;

use knipperlicht_eventing::{
    Event, Kit, ReactionError, Reactions,
    merges::{Reshaped, reshaped},
};
use knipperlicht_vocabulary::ClockKind::{Accept, Held};
use sqlx::PgConnection;

use crate::{
    counting,
    error::FollowupError,
    model::Calendars,
    reactions::effects::Effects,
    store::{clocks, merging, moves, tasks, timeline},
    story::{self, Telling},
};

/// What follow-up does when it hears something.
pub struct FollowupReactions {
    kit: Kit,
    calendars: Arc<Calendars>,
}

impl FollowupReactions {
    pub(crate) const fn new(kit: Kit, calendars: Arc<Calendars>) -> Self {
        Self { kit, calendars }
    }

    async fn take_effect(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
        effects: Effects,
    ) -> Result<(), FollowupError> {
        timeline::place(&mut *connection, &effects.places).await?;
        timeline::append(&mut *connection, &effects.entries).await?;
        tasks::open(&mut *connection, &effects.opened).await?;
        tasks::raise(&mut *connection, &effects.raised).await?;
        let mut settled =
            clocks::stop_kinds(&mut *connection, &[Accept, Held], &effects.settled).await?;
        settled.extend(clocks::stop_kinds(&mut *connection, &[Held], &effects.released).await?);
        clocks::stop_items(&mut *connection, &effects.closed_items).await?;
        clocks::start(&mut *connection, &effects.started).await?;
        moves::pause(&mut *connection, &effects.held).await?;
        moves::resume(&mut *connection, &self.calendars, &effects.released).await?;
        moves::raise(&mut *connection, &self.calendars, &effects.raised).await?;
        let tellings: Vec<Telling> = settled
            .into_iter()
            .map(|clock| {
                let heard = wave
                    .iter()
                    .find(|event| event.situation() == clock.situation);
                story::settled(clock, heard.and_then(|event| event.onward_traceparent()))
            })
            .collect();
        let environment = &self.kit.environment;
        story::tell(connection, environment, environment.now(), tellings).await?;
        Ok(())
    }
}

fn reaction_error(error: FollowupError) -> ReactionError {
    match error {
        FollowupError::Database(error) => ReactionError::Store(error),
        other => ReactionError::Nonsense(other.to_string()),
    }
}

impl Reactions for FollowupReactions {
    async fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> Result<(), ReactionError> {
        for event in wave {
            match reshaped(&mut *connection, event).await? {
                Some(Reshaped::Merged(merge)) => merging::move_over(connection, merge).await?,
                Some(Reshaped::Split(split)) => merging::bring_back(connection, &split).await?,
                None => {}
            }
        }
        let effects = Effects::of(wave, &self.calendars)?;
        self.take_effect(&mut *connection, wave, effects)
            .await
            .map_err(reaction_error)?;
        counting::heard(connection, &self.kit.environment, wave).await?;
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        // Only what ends a wait may have settled something that there is to say.
        if wave.iter().any(|event| effects::may_settle(&event.body)) {
            self.kit.waker.wake();
        }
        self.kit.bell.ring();
    }
}
