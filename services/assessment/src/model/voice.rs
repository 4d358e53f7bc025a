//! What a carer said by a link, as forms of the two instruments they were asked.

use std::collections::BTreeMap;

use knipperlicht_vocabulary::{PerseveranceTime, QolLevel};

use super::{Catalogue, instrument::Instrument};

/// How long they can keep it up.
const PERSEVERANCE: &str = "perseverance-time";

/// How they are.
const CARERQOL: &str = "carerqol-7d";

/// The answers to CarerQol-7D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qol {
    /// Fulfilment from caring.
    pub fulfilment: QolLevel,
    /// Relational problems with the cared-for person.
    pub relational_problems: QolLevel,
    /// Problems with their own mental health.
    pub mental_health_problems: QolLevel,
    /// Problems combining care with their own daily activities.
    pub daily_activities_problems: QolLevel,
    /// Financial problems because of caring.
    pub financial_problems: QolLevel,
    /// Support in caring.
    pub support: QolLevel,
    /// Problems with their own physical health.
    pub physical_health_problems: QolLevel,
}

/// A filled-in form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled<'c> {
    /// The instrument, in its newest version.
    pub instrument: &'c Instrument,
    /// The code of each answer, by item.
    pub answers: BTreeMap<String, String>,
}

/// The forms that these answers fill in.
#[must_use]
pub fn filled(
    catalogue: &Catalogue,
    perseverance: Option<PerseveranceTime>,
    qol: Option<Qol>,
) -> Vec<Filled<'_>> {
    let perseverance = perseverance.map(|time| (PERSEVERANCE, vec![("perseverance", time.code())]));
    let qol = qol.map(|qol| {
        let answers = vec![
            ("fulfilment", qol.fulfilment.code()),
            ("relational_problems", qol.relational_problems.code()),
            ("mental_health_problems", qol.mental_health_problems.code()),
            (
                "daily_activities_problems",
                qol.daily_activities_problems.code(),
            ),
            ("financial_problems", qol.financial_problems.code()),
            ("support", qol.support.code()),
            (
                "physical_health_problems",
                qol.physical_health_problems.code(),
            ),
        ];
        (CARERQOL, answers)
    });
    perseverance
        .into_iter()
        .chain(qol)
        .filter_map(|(id, answers)| {
            let instrument = catalogue.all().filter(|known| known.id == id).last()?;
            let answers = answers
                .into_iter()
                .map(|(item, code)| (item.to_owned(), code.to_owned()))
                .collect();
            Some(Filled {
                instrument,
                answers,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instrument::Entry;

    /// Whatever a carer can say by a link, the instruments that come with the program can score.
    #[test]
    fn every_answer_has_a_score() {
        let catalogue = Catalogue::builtin().unwrap();
        for time in PerseveranceTime::ALL {
            for level in QolLevel::ALL {
                let qol = Qol {
                    fulfilment: *level,
                    relational_problems: *level,
                    mental_health_problems: *level,
                    daily_activities_problems: *level,
                    financial_problems: *level,
                    support: *level,
                    physical_health_problems: *level,
                };
                let forms = filled(&catalogue, Some(*time), Some(qol));
                assert_eq!(forms.len(), 2);
                for form in forms {
                    let scored = form.instrument.score(&Entry::Answers(form.answers));
                    assert!(scored.is_ok(), "{}: {scored:?}", form.instrument.id);
                }
            }
        }
        assert!(filled(&catalogue, None, None).is_empty());
    }
}
