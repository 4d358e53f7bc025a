//! What follow-up does when it hears something: one statement per table for a whole wave.

mod effects;
mod voices;

use std::sync::Arc;

use knipperlicht_contracts::event::EventBody;
use knipperlicht_eventing::{
    Event, Kit, ReactionError, Reactions,
    merges::{Reshaped, reshaped},
};
use knipperlicht_vocabulary::WorkingCalendar;
use sqlx::PgConnection;

use crate::{
    model::AskingRule,
    reactions::effects::Effects,
    store::{clocks, holding, merging, tasks, timeline},
};

/// What follow-up does when it hears something.
pub struct FollowupReactions {
    kit: Kit,
    calendar: Arc<WorkingCalendar>,
    asking: AskingRule,
}

impl FollowupReactions {
    pub(crate) const fn new(kit: Kit, calendar: Arc<WorkingCalendar>, asking: AskingRule) -> Self {
        Self {
            kit,
            calendar,
            asking,
        }
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
        holding::hold_opened(&mut *connection, &effects.opened).await?;
        for event in wave {
            self.agreed(&mut *connection, event).await?;
        }
        for event in wave {
            if matches!(event.body, EventBody::ReopenAsked(_)) {
                self.asked_to_reopen(&mut *connection, event).await?;
            }
        }
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        let makes_us_speak = |event: &&Event| matches!(event.body, EventBody::ReopenAsked(_));
        if wave.iter().any(makes_us_speak) {
            self.kit.waker.wake();
        }
        self.kit.bell.ring();
    }
}
