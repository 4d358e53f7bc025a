//! Rule 1, first half: an acknowledged signal is durable, is one, and is judged once.

use std::collections::HashSet;

use super::{Fault, Findings, counted, grouped};
use crate::{books::Books, load::Promises};

pub(super) fn check(books: &Books, promises: &Promises, findings: &mut Findings) {
    let stored = grouped(&books.signals, |signal| signal.id);
    for (id, receipt) in &promises.receipts {
        let found = stored.get(id).map_or(&[][..], Vec::as_slice);
        findings.exactly_one(found.len(), || {
            format!("signal {id}, acknowledged and stored {} times", found.len())
        });
        if let [signal] = found
            && (signal.situation != receipt.situation || signal.received_at != receipt.received_at)
        {
            findings.add(
                Fault::Lost,
                format!("signal {id} is stored otherwise than its receipt says"),
            );
        }
    }
    for id in &promises.contradicted {
        findings.add(
            Fault::Doubled,
            format!("signal {id} was given two different receipts"),
        );
    }
    for (id, why) in &promises.refused {
        findings.add(Fault::Lost, format!("signal {id} was refused: {why}"));
    }
    let judged = counted(books.assessments.iter().map(|assessment| assessment.signal));
    let flagged = counted(events(books, "knipperlicht.signal.flagged.v1"));
    let completed = counted(events(books, "knipperlicht.assessment.completed.v1"));
    let seen = counted(
        books
            .steps
            .iter()
            .filter(|step| step.step == "assessed")
            .map(|step| step.situation),
    );
    let situations = counted(books.signals.iter().map(|signal| signal.situation));
    for signal in &books.signals {
        let times = judged.get(&signal.id).copied().unwrap_or_default();
        findings.exactly_one(times, || {
            format!("signal {} has {times} assessments", signal.id)
        });
    }
    for (situation, signals) in &situations {
        for (what, counts) in [
            ("flagged", &flagged),
            ("said to be assessed", &completed),
            ("seen as assessed", &seen),
        ] {
            let times = counts.get(situation).copied().unwrap_or_default();
            if times != *signals {
                let fault = if times < *signals {
                    Fault::Lost
                } else {
                    Fault::Doubled
                };
                findings.add(
                    fault,
                    format!(
                        "situation {situation} has {signals} signals and is {what} {times} times"
                    ),
                );
            }
        }
    }
    let known: HashSet<_> = stored.keys().collect();
    for stray in books
        .assessments
        .iter()
        .filter(|assessment| !known.contains(&assessment.signal))
    {
        findings.add(
            Fault::Lost,
            format!("signal {} is assessed and not stored", stray.signal),
        );
    }
}

fn events<'b>(books: &'b Books, kind: &'b str) -> impl Iterator<Item = uuid::Uuid> + 'b {
    books
        .said
        .iter()
        .filter(move |said| said.kind == kind)
        .map(|said| said.situation)
}
