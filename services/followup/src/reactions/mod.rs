//! What follow-up does when it hears something: one statement per table for a whole wave.

mod effects;

use std::sync::Arc;

use knipperlicht_eventing::{
    Event, Kit, ReactionError, Reactions,
    merges::{Reshaped, reshaped},
};
use knipperlicht_vocabulary::WorkingCalendar;
use sqlx::PgConnection;

use crate::{
    counting,
    reactions::effects::Effects,
    store::{clocks, merging, tasks, timeline},
};

/// What follow-up does when it hears something.
pub struct FollowupReactions {
    kit: Kit,
    calendar: Arc<WorkingCalendar>,
}

impl FollowupReactions {
    pub(crate) const fn new(kit: Kit, calendar: Arc<WorkingCalendar>) -> Self {
        Self { kit, calendar }
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
        let effects = Effects::of(wave, &self.calendar)?;
        timeline::place(&mut *connection, &effects.places).await?;
        timeline::append(&mut *connection, &effects.entries).await?;
        tasks::open(&mut *connection, &effects.opened).await?;
        clocks::stop_accepting(&mut *connection, &effects.settled).await?;
        clocks::start(&mut *connection, &effects.started).await?;
        counting::heard(connection, &self.kit.environment, wave).await?;
        Ok(())
    }

    fn committed(&self, _wave: &[&Event]) {
        self.kit.bell.ring();
    }
}
