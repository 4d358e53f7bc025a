//! What assessment says.

use knipperlicht_contracts::events::v1 as events;
use knipperlicht_eventing::Said;
use knipperlicht_vocabulary::{Environment, EventId};

use crate::{model::TriageTable, store::NewAssessment};

/// That a situation was judged. Neither answers nor scores leave assessment.
pub(crate) fn completed(
    environment: &Environment,
    table: &TriageTable,
    new: &NewAssessment,
    traceparent: Option<String>,
) -> Said {
    let numbers = new.judgement.needs.iter().map(|need| need.number());
    let red_flags = new.inputs.red_flags();
    let body = events::AssessmentCompleted {
        assessment_id: new.id.to_string(),
        signal_id: new.signal.to_string(),
        urgency: new.judgement.urgency.number(),
        needs: numbers.collect(),
        red_flags: red_flags.iter().map(|seen| seen.number()).collect(),
        triage_version: table.version().to_owned(),
        circumstances: new.circumstances.clone(),
    };
    Said {
        id: EventId::new(environment),
        situation: new.situation,
        zone: new.zone.clone(),
        body: body.into(),
        traceparent,
    }
}
