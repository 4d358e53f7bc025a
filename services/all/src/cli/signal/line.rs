//! One line of a file of signals.

use jiff::Timestamp;
use knipperlicht_contracts::{intake::v1 as proto, to_proto};
use knipperlicht_vocabulary::{
    AgeBand, Consent, Environment, Language, Observation, PostalCode, ReporterRole, SignalId,
};
use serde::Deserialize;

/// A signal as an exporting program writes it, with the names of the proto. An unknown name is
/// refused: it may be a misspelt one, whose content would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignalLine {
    signal_id: Option<SignalId>,
    reported_at: Option<Timestamp>,
    observations: Vec<Observation>,
    postal_code: PostalCode,
    reporter_role: Option<ReporterRole>,
    consent: Option<Consent>,
    vital_interest_reason: Option<String>,
    language: Option<Language>,
    age_band: Option<AgeBand>,
    contact: Option<ContactLine>,
    note: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ContactLine {
    name: String,
    phone: String,
    mail: String,
    address: String,
    national_number: String,
    family_name: String,
    birth_year: i32,
}

impl SignalLine {
    /// The signal, with what was not said filled in as `signal send` does.
    pub(crate) fn signal(self, environment: &Environment) -> proto::Signal {
        proto::Signal {
            signal_id: self
                .signal_id
                .unwrap_or_else(|| SignalId::new(environment))
                .to_string(),
            reported_at: Some(to_proto(
                self.reported_at.unwrap_or_else(|| environment.now()),
            )),
            observations: self
                .observations
                .iter()
                .map(|observation| observation.number())
                .collect(),
            postal_code: self.postal_code.into(),
            reporter_role: self.reporter_role.unwrap_or(ReporterRole::Other).number(),
            consent: self.consent.unwrap_or(Consent::NotAsked).number(),
            vital_interest_reason: self.vital_interest_reason.unwrap_or_default(),
            language: self.language.unwrap_or(Language::Dutch).number(),
            age_band: self.age_band.map(AgeBand::number).unwrap_or_default(),
            contact: self.contact.map(|contact| proto::Contact {
                name: contact.name,
                phone: contact.phone,
                mail: contact.mail,
                address: contact.address,
                national_number: contact.national_number,
                family_name: contact.family_name,
                birth_year: contact.birth_year,
            }),
            note: self.note.unwrap_or_default(),
        }
    }
}
