//! All that is known of situations, locked so that it can be changed.

use std::collections::HashMap;

use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    items::open_items_of,
    optional,
    referrals::{ReferralRow, referrals_of},
    word, words,
};
use crate::{
    RoutingError,
    model::case::{Agreement, Case, Circumstances, Situation, Withheld},
};

/// The cases of some situations.
pub(crate) struct Cases(HashMap<Uuid, Case>);

impl Cases {
    /// The case of one of them; an empty one if nothing is known of it.
    pub(crate) fn take(&mut self, situation: SituationId) -> Case {
        self.0.remove(&situation.uuid()).unwrap_or_default()
    }
}

/// All that is known of these situations. From here to the end of the transaction nobody else
/// changes them: the row in `situation` is the lock, taken in the order of ids so that two
/// writers never wait for each other.
pub(crate) async fn lock_cases(
    connection: &mut PgConnection,
    situations: &[Uuid],
) -> Result<Cases, RoutingError> {
    let mut cases: HashMap<Uuid, Case> = HashMap::with_capacity(situations.len());
    for taken in taken_back_of(connection, situations).await? {
        cases
            .entry(taken.situation_id)
            .or_default()
            .taken_back
            .push(taken.signal_id.into());
    }
    let known = lock_situations(connection, situations).await?;
    if known.is_empty() {
        // The usual case of a first assessment: what is not known has nothing under way either.
        return Ok(Cases(cases));
    }
    let ids: Vec<Uuid> = known.iter().map(|situation| situation.id.uuid()).collect();
    for situation in known {
        let case = cases.entry(situation.id.uuid()).or_default();
        case.situation = Some(situation);
    }
    for row in referrals_of(connection, &ids).await? {
        let situation = row.situation().uuid();
        cases
            .entry(situation)
            .or_default()
            .referrals
            .push(row.read()?);
    }
    for open in open_items_of(connection, &ids).await? {
        cases
            .entry(open.situation.uuid())
            .or_default()
            .items
            .push(open.item);
    }
    for (situation, withheld) in withheld_of(connection, &ids).await? {
        cases.entry(situation).or_default().withheld = Some(withheld);
    }
    Ok(Cases(cases))
}

/// What was asked of whom for a situation, as whoever the transaction belongs to may see it.
/// Nothing is locked, so nothing may be changed by it.
pub(crate) async fn look_at_case(
    connection: &mut PgConnection,
    situation: Option<SituationId>,
) -> Result<Case, RoutingError> {
    let ids: Vec<Uuid> = situation.iter().map(|id| id.uuid()).collect();
    let rows = referrals_of(connection, &ids).await?;
    Ok(Case {
        referrals: rows
            .into_iter()
            .map(ReferralRow::read)
            .collect::<Result<_, _>>()?,
        ..Case::default()
    })
}

/// Relies on the primary key.
async fn lock_situations(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<Situation>, RoutingError> {
    const TABLE: &str = "situation";
    let rows = sqlx::query!(
        "select situation_id, zone, postal_code, language, age_band, consent, consent_sequence, urgency, needs
         from situation where situation_id = any($1) order by situation_id for update",
        ids
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        Ok(Situation {
            id: row.situation_id.into(),
            circumstances: Circumstances {
                zone: word(TABLE, "zone", &row.zone)?,
                postal_code: word(TABLE, "postal_code", &row.postal_code)?,
                language: word(TABLE, "language", &row.language)?,
                age_band: optional(TABLE, "age_band", row.age_band.as_deref())?,
            },
            agreement: Agreement {
                consent: word(TABLE, "consent", &row.consent)?,
                sequence: row.consent_sequence,
            },
            urgency: optional(TABLE, "urgency", row.urgency.as_deref())?,
            needs: words(TABLE, "needs", &row.needs)?,
        })
    });
    read.collect()
}

struct TakenBackRow {
    situation_id: Uuid,
    signal_id: Uuid,
}

/// Relies on the primary key.
async fn taken_back_of(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<TakenBackRow>, RoutingError> {
    let rows = sqlx::query_as!(
        TakenBackRow,
        "select situation_id, signal_id from taken_back where situation_id = any($1)",
        ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Relies on the primary key.
async fn withheld_of(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Withheld)>, RoutingError> {
    const TABLE: &str = "withheld";
    let rows = sqlx::query!(
        "select situation_id, consent, needs, urgency from withheld
         where situation_id = any($1) and lifted_at is null",
        ids
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let withheld = Withheld {
            consent: word(TABLE, "consent", &row.consent)?,
            needs: words(TABLE, "needs", &row.needs)?,
            urgency: word(TABLE, "urgency", &row.urgency)?,
        };
        Ok((row.situation_id, withheld))
    });
    read.collect()
}
