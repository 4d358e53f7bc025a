//! Signals to send.

use knipperlicht_contracts::{intake::v1 as pb, to_proto};
use knipperlicht_vocabulary::{Consent, Environment, Observation, ReporterRole, SignalId};

/// What a home-care worker in 8400 Oostende sends of a carer who does too much and agreed to
/// be contacted. One partner of the demo directory meets all of the needs.
#[must_use]
pub fn a_signal(environment: &Environment) -> pb::Signal {
    pb::Signal {
        signal_id: SignalId::new(environment).to_string(),
        reported_at: Some(to_proto(environment.now())),
        observations: vec![
            Observation::TasksTooHeavy.number(),
            Observation::ConflictAtHome.number(),
        ],
        postal_code: "8400".to_owned(),
        reporter_role: ReporterRole::HomeCareWorker.number(),
        consent: Consent::Given.number(),
        ..Default::default()
    }
}
