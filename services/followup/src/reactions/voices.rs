//! What people say that reaches follow-up by event: the carer no longer agrees, or agrees again;
//! a reporter says that it is not better.

use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_eventing::{Event, ReactionError};
use knipperlicht_vocabulary::{ClockId, Consent, SituationId};
use sqlx::PgConnection;

use super::FollowupReactions;
use crate::{
    error::FollowupError,
    model::{Action, Task},
    store::{askings, clocks, holding, links, tasks},
    story::{self, Telling},
};

impl FollowupReactions {
    /// Follow-ups are held for as long as the carer does not agree; then they go on where they
    /// stood, with a fresh promise.
    pub(super) async fn agreed(
        &self,
        connection: &mut PgConnection,
        event: &Event,
    ) -> Result<(), ReactionError> {
        for (situation, consent) in consents(event)? {
            if matches!(consent, Consent::Refused | Consent::Withdrawn) {
                holding::hold(&mut *connection, situation, event.occurred_at).await?;
            } else if consent.allows_sharing() {
                let tasks = holding::let_go(&mut *connection, situation).await;
                for task in tasks.map_err(stored)? {
                    self.promise_anew(&mut *connection, event, &task).await?;
                }
            }
        }
        Ok(())
    }

    /// Opens what was closed last, unless somebody is at work already.
    pub(super) async fn asked_to_reopen(
        &self,
        connection: &mut PgConnection,
        event: &Event,
    ) -> Result<(), ReactionError> {
        let situation = event.situation();
        let closed = tasks::last_closed(&mut *connection, situation).await;
        let Some(mut task) = closed.map_err(stored)? else {
            return Ok(());
        };
        let reopened = task.state.after(Action::Reopen);
        task.state = reopened.map_err(|error| ReactionError::Nonsense(error.to_string()))?;
        let at = event.occurred_at;
        tasks::update(&mut *connection, at, &task)
            .await
            .map_err(stored)?;
        clocks::stop(&mut *connection, at, task.referral).await?;
        links::take_back(&mut *connection, task.id).await?;
        askings::end(&mut *connection, task.id).await?;
        self.promise_anew(&mut *connection, event, &task).await?;
        let body = events::SituationReopened {
            task_id: task.id.to_string(),
            referral_id: task.referral.to_string(),
            by_carer: false,
            by_reporter: true,
        };
        let telling = Telling {
            situation,
            zone: task.zone,
            body: body.into(),
            traceparent: event.onward_traceparent(),
        };
        let environment = &self.kit.environment;
        story::tell(connection, environment, environment.now(), vec![telling]).await?;
        Ok(())
    }

    /// The promise that goes with where a follow-up stands, from the moment of this event.
    async fn promise_anew(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        task: &Task,
    ) -> Result<(), ReactionError> {
        let Some(kind) = task.state.promise() else {
            return Ok(());
        };
        let at = event.occurred_at;
        let traceparent = event.onward_traceparent();
        if task.state.ending().is_some() {
            let first = self.asking.first(at);
            askings::start(&mut *connection, task, first, traceparent.as_deref()).await?;
        }
        let clock = clocks::NewClock {
            id: ClockId::derived(event.id.uuid(), &task.id.to_string()),
            kind,
            situation: task.situation,
            home: None,
            referral: task.referral,
            organisation: task.organisation.clone(),
            zone: task.zone.clone(),
            started_at: at,
            due_at: self.asking.due(&self.calendar, kind, task.urgency, at),
            traceparent,
        };
        clocks::start(connection, &[clock]).await?;
        Ok(())
    }
}

/// What holds from now on for which situations, as far as this event says so.
fn consents(event: &Event) -> Result<Vec<(SituationId, Consent)>, ReactionError> {
    let said = match &event.body {
        EventBody::ConsentChanged(body) => vec![(event.situation(), &body.circumstances)],
        // Only of a signal that joined: what was just opened has no follow-up.
        EventBody::SignalFlagged(body)
            if body
                .circumstances
                .as_ref()
                .is_some_and(|told| told.consent_sequence > 1) =>
        {
            vec![(event.situation(), &body.circumstances)]
        }
        EventBody::SituationsMerged(body) => {
            vec![(situation(&body.into_situation_id)?, &body.circumstances)]
        }
        EventBody::SituationsSplit(body) => vec![
            (event.said_of, &body.circumstances),
            (
                situation(&body.from_situation_id)?,
                &body.from_circumstances,
            ),
        ],
        _ => Vec::new(),
    };
    said.into_iter()
        .filter_map(|(situation, told)| Some((situation, told.as_ref()?.consent)))
        .map(|(situation, consent)| {
            let consent = Consent::try_from(consent)
                .map_err(|error| ReactionError::Nonsense(error.to_string()))?;
            Ok((situation, consent))
        })
        .collect()
}

fn situation(id: &str) -> Result<SituationId, ReactionError> {
    id.parse()
        .map_err(|_| ReactionError::Nonsense("a situation's id is not one".to_owned()))
}

fn stored(error: FollowupError) -> ReactionError {
    match error {
        FollowupError::Database(error) => ReactionError::Store(error),
        other => ReactionError::Nonsense(other.to_string()),
    }
}
