//! What follow-up does when it hears something: one statement per table for a whole wave.

mod effects;
mod voices;

use std::sync::Arc;

use jiff::Timestamp;
use knipperlicht_eventing::{
    Event, Forgets, Kit, ReactionError, Reactions,
    merges::{Reshaped, reshaped},
};
use knipperlicht_vocabulary::ClockKind::{Accept, Held};
use sqlx::PgConnection;
use uuid::Uuid;

use self::voices::Reopened;
use crate::{
    counting,
    error::FollowupError,
    model::{AskingRule, Calendars},
    reactions::effects::Effects,
    store::{
        clocks, contact_persons, erasing, handing_over, holding, merging, moves, tasks, timeline,
    },
    story,
};

/// What follow-up does when it hears something.
pub struct FollowupReactions {
    kit: Kit,
    calendars: Arc<Calendars>,
    asking: AskingRule,
}

impl FollowupReactions {
    pub(crate) const fn new(kit: Kit, calendars: Arc<Calendars>, asking: AskingRule) -> Self {
        Self {
            kit,
            calendars,
            asking,
        }
    }

    async fn take_effect(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
        effects: Effects,
    ) -> Result<(), ReactionError> {
        timeline::place(&mut *connection, &effects.places).await?;
        timeline::append(&mut *connection, &effects.entries).await?;
        let mut settled = handing_over::hand_over(&mut *connection, &effects.handed_over).await?;
        tasks::open(&mut *connection, &effects.opened).await?;
        contact_persons::open(&mut *connection, &effects.opened).await?;
        tasks::raise(&mut *connection, &effects.raised).await?;
        settled
            .extend(clocks::stop_kinds(&mut *connection, &[Accept, Held], &effects.settled).await?);
        settled.extend(clocks::stop_kinds(&mut *connection, &[Held], &effects.released).await?);
        clocks::stop_items(&mut *connection, &effects.closed_items).await?;
        clocks::start(&mut *connection, &effects.started).await?;
        settled.extend(holding::hold_opened(&mut *connection, &effects.opened).await?);
        moves::pause(&mut *connection, &effects.held).await?;
        moves::resume(&mut *connection, &self.calendars, &effects.released).await?;
        moves::raise(&mut *connection, &self.calendars, &effects.raised).await?;
        let mut tellings = Vec::new();
        for event in wave {
            settled.extend(self.agreed(&mut *connection, event).await?);
            let reopened = self.asked_to_reopen(&mut *connection, event).await?;
            if let Some(Reopened {
                settled: late,
                telling,
            }) = reopened
            {
                settled.extend(late);
                tellings.push(telling);
            }
        }
        tellings.extend(settled.into_iter().map(|clock| {
            let heard = wave
                .iter()
                .find(|event| event.situation() == clock.situation);
            story::settled(clock, heard.and_then(|event| event.onward_traceparent()))
        }));
        let environment = &self.kit.environment;
        story::tell(connection, environment, environment.now(), tellings).await?;
        Ok(())
    }
}

impl From<FollowupError> for ReactionError {
    fn from(error: FollowupError) -> Self {
        match error {
            FollowupError::Database(error) => Self::Store(error),
            other => Self::Nonsense(other.to_string()),
        }
    }
}

impl Forgets for FollowupReactions {
    async fn forget(
        &self,
        connection: &mut PgConnection,
        situations: &[Uuid],
        _: Timestamp,
    ) -> Result<(), sqlx::Error> {
        erasing::forget(connection, situations).await
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
        self.take_effect(&mut *connection, wave, effects).await?;
        counting::heard(connection, &self.kit.environment, wave).await?;
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        if wave.iter().any(|event| effects::may_speak(&event.body)) {
            self.kit.waker.wake();
        }
        self.kit.bell.ring();
    }
}
