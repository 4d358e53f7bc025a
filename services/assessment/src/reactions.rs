//! What assessment does when a signal was flagged: it judges, and says so.

use std::{fmt::Display, sync::Arc};

use knipperlicht_contracts::{
    event::EventBody,
    events::v1::{self as events, SignalFlagged},
};
use knipperlicht_eventing::{
    Event, Kit, ReactionError, Reactions, Said,
    merges::{Reshaped, reshaped},
    say,
};
use knipperlicht_vocabulary::{AssessmentId, EventId, Observation};
use sqlx::PgConnection;

use crate::{
    model::TriageTable,
    store::{self, NewAssessment},
};

pub(crate) struct AssessmentReactions {
    kit: Kit,
    triage: Arc<TriageTable>,
}

impl AssessmentReactions {
    pub(crate) const fn new(kit: Kit, triage: Arc<TriageTable>) -> Self {
        Self { kit, triage }
    }

    fn judge(
        &self,
        event: &Event,
        flagged: &SignalFlagged,
    ) -> Result<NewAssessment, ReactionError> {
        let observations = flagged
            .observations
            .iter()
            .map(|number| Observation::try_from(*number))
            .collect::<Result<Vec<_>, _>>()
            .map_err(nonsense)?;
        Ok(NewAssessment {
            id: AssessmentId::derived(event.id.uuid(), ""),
            situation: event.situation(),
            signal: flagged.signal_id.parse().map_err(nonsense)?,
            zone: event.zone.clone(),
            judgement: self.triage.judge(&observations),
            observations,
        })
    }

    fn said(&self, event: &Event, flagged: &SignalFlagged, new: &NewAssessment) -> Said {
        let red_flags = new.observations.iter().filter(|seen| seen.is_red_flag());
        let body = events::AssessmentCompleted {
            assessment_id: new.id.to_string(),
            signal_id: new.signal.to_string(),
            urgency: new.judgement.urgency.number(),
            needs: new
                .judgement
                .needs
                .iter()
                .map(|need| need.number())
                .collect(),
            red_flags: red_flags.map(|seen| seen.number()).collect(),
            triage_version: self.triage.version().to_owned(),
            circumstances: flagged.circumstances.clone(),
        };
        Said {
            id: EventId::new(&self.kit.environment),
            situation: event.situation(),
            zone: event.zone.clone(),
            body: body.into(),
            traceparent: event.onward_traceparent(),
        }
    }
}

impl Reactions for AssessmentReactions {
    async fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> Result<(), ReactionError> {
        let mut new = Vec::new();
        let mut said = Vec::new();
        for event in wave {
            match reshaped(&mut *connection, event).await? {
                Some(Reshaped::Merged(merge)) => store::move_over(connection, merge).await?,
                Some(Reshaped::Split(split)) => store::bring_back(connection, &split).await?,
                None => {}
            }
            if let EventBody::SignalFlagged(flagged) = &event.body {
                let assessment = self.judge(event, flagged)?;
                said.push(self.said(event, flagged, &assessment));
                new.push(assessment);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let now = self.kit.environment.now();
        store::insert(connection, now, self.triage.version(), &new).await?;
        say(connection, now, &said).await?;
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        let is_flagged = |event: &&Event| matches!(event.body, EventBody::SignalFlagged(_));
        if wave.iter().any(is_flagged) {
            self.kit.waker.wake();
        }
    }
}

fn nonsense(error: impl Display) -> ReactionError {
    ReactionError::Nonsense(error.to_string())
}
