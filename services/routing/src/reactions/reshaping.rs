//! Two situations become one, or two again: what belongs to them is moved, then the model decides.

use knipperlicht_contracts::{event::EventBody, events::v1 as pb};
use knipperlicht_eventing::{
    Event, ReactionError,
    merges::{Merge, Reshaped, Split},
    say,
};
use knipperlicht_vocabulary::SituationId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{RoutingReactions, heard::circumstances, reaction_error};
use crate::{
    RoutingError,
    model::{
        case::{Agreement, Case, Circumstances, Item},
        change::Plan,
        merging::{self, Holds, Needed, Part},
        planner::Ground,
    },
    said::said,
    store::{self, Before},
};

impl RoutingReactions {
    /// Lets a merge or a split take effect.
    pub(super) async fn reshape(
        &self,
        connection: &mut PgConnection,
        event: &Event,
        reshaped: Reshaped,
    ) -> Result<(), ReactionError> {
        let environment = &self.kit.environment;
        let books = self.books.open(connection).await.map_err(reaction_error)?;
        let ground = books.ground(environment.now(), environment.today());
        let plans = match (reshaped, &event.body) {
            (Reshaped::Merged(merge), EventBody::SituationsMerged(body)) => {
                let told = told(body.circumstances.as_ref())?;
                merge_cases(connection, event, merge, told, &ground).await
            }
            (Reshaped::Split(split), EventBody::SituationsSplit(body)) => {
                let told = [
                    (split.from, told(body.from_circumstances.as_ref())?),
                    (split.absorbed, told(body.circumstances.as_ref())?),
                ];
                split_cases(connection, event, &split, told, &ground).await
            }
            _ => return Ok(()),
        };
        let plans = plans.map_err(reaction_error)?;
        let traceparent = event.onward_traceparent();
        let mut events = Vec::new();
        for plan in &plans {
            events.extend(said(plan, traceparent.as_deref(), environment));
        }
        let written = store::write(connection, &plans, ground.at).await;
        written.map_err(reaction_error)?;
        if let EventBody::SituationsMerged(_) = &event.body {
            for plan in &plans {
                let noted =
                    store::note_what_gave_way(connection, event.said_of, &plan.changes).await;
                noted.map_err(reaction_error)?;
            }
        }
        say(connection, ground.at, &events).await?;
        Ok(())
    }
}

async fn merge_cases<'d>(
    connection: &mut PgConnection,
    event: &Event,
    merge: Merge,
    told: Told,
    ground: &Ground<'d>,
) -> Result<Vec<Plan<'d>>, RoutingError> {
    let Merge { absorbed, into } = merge;
    let mut cases = store::lock_cases(connection, &[absorbed.uuid(), into.uuid()]).await?;
    let (survivor, absorbed) = (cases.take(into), cases.take(absorbed));
    store::move_over(connection, merge).await?;
    let holds = holds(into, told, &survivor);
    let alone = Needed::of(&survivor);
    let merged = alone.and(&Needed::of(&absorbed));
    store::keep_before(connection, merge, &Before { alone, merged }).await?;
    let zone = holds.circumstances.zone.clone();
    let changes = merging::merge(holds, survivor, absorbed, event.id.uuid(), ground);
    Ok(vec![Plan {
        situation: into,
        zone,
        changes,
    }])
}

async fn split_cases<'d>(
    connection: &mut PgConnection,
    event: &Event,
    split: &Split,
    told: [(SituationId, Told); 2],
    ground: &Ground<'d>,
) -> Result<Vec<Plan<'d>>, RoutingError> {
    let (from, absorbed) = (split.from, split.absorbed);
    // Locked before anything is moved, and read again after.
    let pair = [from.uuid(), absorbed.uuid()];
    store::lock_cases(connection, &pair).await?;
    let made_since = store::bring_back(connection, split).await?;
    let gave_way = store::referrals_that_gave_way(connection, &pair).await?;
    let items = store::items_that_gave_way(connection, &pair).await?;
    let homes = store::homes_of(connection, &pair).await?;
    let before = store::take_before(connection, absorbed, from).await?;
    let mut cases = store::lock_cases(connection, &pair).await?;

    let mut plans = Vec::with_capacity(2);
    for (id, told) in told {
        let case = cases.take(id);
        let holds = holds(id, told, &case);
        let mut needed = Needed::of(&case);
        // What the survivor needed before, unless it was judged anew since.
        if let Some(before) = before.as_ref().filter(|_| id == from)
            && needed == before.merged
        {
            needed = before.alone.clone();
        }
        let own = items.iter().filter(|open| open.situation == id);
        // All that it had before the merge was moved once, and so has a home.
        let has_none = |item: &&Item| id == absorbed && !homes.contains_key(&item.id.uuid());
        let items_made_since = case
            .items
            .iter()
            .filter(has_none)
            .map(|item| item.id)
            .collect();
        let part = Part {
            case,
            gave_way: gave_way.clone(),
            items: own.map(|open| open.item.clone()).collect(),
            homes: homes.clone(),
            made_since: made_since.clone(),
            items_made_since,
        };
        let zone = holds.circumstances.zone.clone();
        // Two causes, for the ids of what is made are derived from them.
        let root = Uuid::new_v5(&event.id.uuid(), id.uuid().as_bytes());
        let changes = merging::split(holds, needed, part, root, ground);
        plans.push(Plan {
            situation: id,
            zone,
            changes,
        });
    }
    Ok(plans)
}

/// What was said to hold.
type Told = (Circumstances, Agreement);

fn told(told: Option<&pb::Circumstances>) -> Result<Told, ReactionError> {
    circumstances(told).map_err(ReactionError::Nonsense)
}

/// What holds by what was said, unless something later was heard.
fn holds(situation: SituationId, (circumstances, agreement): Told, known: &Case) -> Holds {
    let later = known
        .situation
        .as_ref()
        .filter(|known| known.agreement.sequence > agreement.sequence);
    match later {
        Some(known) => Holds {
            situation,
            circumstances: known.circumstances.clone(),
            agreement: known.agreement,
        },
        None => Holds {
            situation,
            circumstances,
            agreement,
        },
    }
}

/// Whether something changed that others have to be told of.
pub(super) fn is_reshaping(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::SituationsMerged(_)
            | EventBody::SituationsSplit(_)
            | EventBody::SituationErased(_)
    )
}
