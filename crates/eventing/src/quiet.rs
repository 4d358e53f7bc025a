//! Whether all that was said of some situations has been heard. `reconciler` counts every event there
//! is, which takes the longer the more there are; this looks at the end of a few lines.

use std::collections::BTreeMap;

use knipperlicht_contracts::event::Service;
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::topology::sources;

/// How far one service came with some situations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The place of the last event it said of each.
    said: BTreeMap<Uuid, i64>,
    /// The place of the last event it handled of each, by who said it.
    heard: BTreeMap<(String, Uuid), i64>,
}

/// How far a service came with these situations, all at one moment. Relies on the primary keys of
/// `stream` and `inbox`.
pub async fn progress(
    connection: &mut PgConnection,
    situations: &[SituationId],
) -> Result<Progress, sqlx::Error> {
    let situations: Vec<Uuid> = situations.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select situation_id as "situation_id!", null as "source?", sequence as "sequence!"
           from stream where situation_id = any($1)
           union all
           select situation_id, source, max(sequence) from inbox where situation_id = any($1)
           group by situation_id, source"#,
        &situations,
    )
    .fetch_all(connection)
    .await?;
    let mut progress = Progress::default();
    for row in rows {
        match row.source {
            None => progress.said.insert(row.situation_id, row.sequence),
            Some(source) => progress
                .heard
                .insert((source, row.situation_id), row.sequence),
        };
    }
    Ok(progress)
}

/// Whether everybody has heard what was said of these situations by whom they listen to.
#[must_use]
pub fn is_quiet(progress: &BTreeMap<Service, Progress>) -> bool {
    progress.iter().all(|(listener, own)| {
        sources(*listener).iter().all(|source| {
            let said = progress.get(source).into_iter().flat_map(|of| &of.said);
            said.into_iter().all(|(situation, sequence)| {
                let about = (source.name().to_owned(), *situation);
                own.heard.get(&about) == Some(sequence)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITUATION: Uuid = Uuid::from_u128(7);

    fn said(sequence: i64) -> Progress {
        Progress {
            said: BTreeMap::from([(SITUATION, sequence)]),
            ..Progress::default()
        }
    }

    fn heard(source: Service, sequence: i64) -> Progress {
        Progress {
            heard: BTreeMap::from([((source.name().to_owned(), SITUATION), sequence)]),
            ..Progress::default()
        }
    }

    #[test]
    fn it_is_quiet_when_the_last_thing_said_was_heard_by_those_who_listen() {
        for (last_heard, expected) in [(2, true), (1, false)] {
            let progress = BTreeMap::from([
                (Service::Intake, said(2)),
                (Service::Assessment, heard(Service::Intake, last_heard)),
            ]);
            assert_eq!(is_quiet(&progress), expected);
        }
        let unheard = BTreeMap::from([
            (Service::Intake, said(1)),
            (Service::Assessment, Progress::default()),
        ]);
        assert!(!is_quiet(&unheard));
    }

    #[test]
    fn whoever_does_not_listen_keeps_nobody_waiting() {
        let progress = BTreeMap::from([
            (Service::Assessment, Progress::default()),
            (Service::Routing, said(1)),
        ]);
        assert!(is_quiet(&progress));
    }
}
