//! Signals from everywhere, about anything.

use knipperlicht_contracts::{intake::v1 as intake, to_proto};
use knipperlicht_vocabulary::{Consent, Environment, Observation, ReporterRole, SignalId};
use knipperlicht_zones::ZoneTable;

use crate::{ChaosError, Dice};

/// Observations in one signal at most.
const OBSERVATIONS: usize = 4;

/// What signals are made from.
pub struct Signals {
    environment: Environment,
    postal_codes: Vec<String>,
}

impl Signals {
    /// From every postal code of every zone.
    pub fn everywhere(environment: &Environment) -> Result<Self, ChaosError> {
        let zones = ZoneTable::builtin()?;
        let today = environment.today();
        let postal_codes = zones
            .zones()
            .flat_map(|zone| zones.postal_codes_of(&zone.id, today))
            .map(|code| code.to_string())
            .collect();
        Ok(Self {
            environment: environment.clone(),
            postal_codes,
        })
    }

    /// A new one. Nine of ten carers agreed; one in twenty was not asked, one in twenty refused.
    #[must_use]
    pub fn make(&self, dice: &mut Dice) -> intake::Signal {
        let mut observations = Observation::ALL.to_vec();
        dice.shuffle(&mut observations);
        observations.truncate(1 + dice.below(OBSERVATIONS));
        let consent = match dice.below(20) {
            0 => Consent::NotAsked,
            1 => Consent::Refused,
            _ => Consent::Given,
        };
        let role = dice
            .one_of(ReporterRole::ALL)
            .copied()
            .unwrap_or(ReporterRole::Nurse);
        let mut signal = intake::Signal {
            signal_id: SignalId::new(&self.environment).to_string(),
            reported_at: Some(to_proto(self.environment.now())),
            observations: observations
                .iter()
                .map(|observation| observation.number())
                .collect(),
            postal_code: dice.one_of(&self.postal_codes).cloned().unwrap_or_default(),
            reporter_role: role.number(),
            consent: consent.number(),
            ..Default::default()
        };
        // Some with personal data, so that the vault takes part.
        if dice.percent(30) {
            "Best na 17 uur bellen.".clone_into(&mut signal.note);
            signal.contact = Some(intake::Contact {
                name: "Maria Peeters".to_owned(),
                ..Default::default()
            });
        }
        signal
    }
}
