//! A coordinator's questions: two situations that may be one.

use std::collections::HashMap;

use jiff::Timestamp;
use knipperlicht_access::{OwnedTransaction, Principal};
use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_eventing::{merges, say};
use knipperlicht_privacy::audit::Entry;
use knipperlicht_runtime::{current_traceparent, trace_id};
use knipperlicht_vocabulary::{DuplicateId, ResolutionReason, SituationId, ZoneId};
use sqlx::PgConnection;
use tracing::Span;

use super::{IntakeCalls, decode, view};
use crate::{
    IntakeError,
    model::{
        Answered, Held, MergeRefusal, Pair, Resolution, Standing, answer, may_split,
        merged_consent, split_consents, split_objections,
    },
    store::{self, ConsentRow, DuplicateRow, Resolved, Side},
};

const NOTHING: IntakeError = IntakeError::NotFound {
    what: "possible duplicate",
};

impl IntakeCalls {
    /// The questions of the caller's zones.
    pub(super) async fn possible_duplicates(
        &self,
        principal: &Principal,
        with_resolved: bool,
    ) -> Result<Vec<pb::Duplicate>, IntakeError> {
        let zones: Vec<String> = principal.zones.iter().map(ToString::to_string).collect();
        let mut transaction = self.kit.database.begin(principal).await?;
        let rows = store::duplicates(&mut transaction, &zones, with_resolved).await?;
        transaction.act_as(&self.kit.principal).await?;
        shown(&mut transaction, rows).await
    }

    /// Answers one.
    pub(super) async fn answer_duplicate(
        &self,
        principal: &Principal,
        request: &pb::ResolveDuplicateRequest,
    ) -> Result<pb::Duplicate, IntakeError> {
        let id = decode::duplicate_id("duplicate_id", &request.duplicate_id)?;
        let resolution = decode::resolution(request.resolution)?;
        let reason = decode::code("reason", request.reason)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        if !store::is_asked(&mut transaction, id).await? {
            return Err(NOTHING);
        }
        transaction.act_as(&self.kit.principal).await?;
        // Before any row: nothing is heard of the two while they are being moved.
        merges::hold_alone(&mut transaction).await?;
        let row = store::lock_duplicate(&mut transaction, id).await?;
        let row = row.ok_or(NOTHING)?;
        let Some(deed) = answer(row.answered, resolution)? else {
            return one(&mut transaction, id).await;
        };
        let now = self.kit.environment.now();
        let pair = pair(&mut transaction, &row).await?;
        let (answered, before) = match deed {
            Resolution::Merge => {
                let before = self.merge(&mut transaction, pair, now).await?;
                (Answered::Merged, Some(before))
            }
            Resolution::KeepApart => (Answered::KeptApart, None),
            Resolution::Split => {
                self.split(&mut transaction, &row, pair, now).await?;
                (Answered::Split, None)
            }
        };
        let resolved = Resolved {
            answered,
            reason,
            at: now,
            before,
        };
        store::resolve(&mut transaction, id, &resolved).await?;
        let entry = entry(principal, id, answered, reason, now);
        store::append_audit(&mut transaction, &entry).await?;
        let duplicate = one(&mut transaction, id).await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(duplicate)
    }

    /// Makes two one. What held for the survivor before, and the number of what holds now, come
    /// back.
    async fn merge(
        &self,
        transaction: &mut OwnedTransaction,
        pair: Pair,
        now: Timestamp,
    ) -> Result<store::Before, IntakeError> {
        let Pair { survivor, absorbed } = pair;
        stand_alone(transaction, &[survivor, absorbed]).await?;
        let held = store::lock_situations(transaction, [survivor, absorbed]).await?;
        let (Some(first), Some(later)) = (held.get(&survivor), held.get(&absorbed)) else {
            return Err(NOTHING);
        };
        let consent = merged_consent(first.consent, later.consent);
        let sequence = first.sequence.max(later.sequence) + 1;
        store::set_consent(transaction, survivor, consent, sequence, now).await?;
        // Of one home: who objects in either objects in both.
        let holds = ConsentRow {
            cared_for_objects: first.cared_for_objects || later.cared_for_objects,
            ..first.clone()
        };
        let objects = holds.cared_for_objects;
        store::set_objection(transaction, survivor, objects, sequence).await?;
        let merge = merges::merge(transaction, absorbed, survivor, now).await?;
        store::move_over(transaction, merge).await?;
        let body = events::SituationsMerged {
            into_situation_id: survivor.to_string(),
            circumstances: Some(view::circumstances(
                &holds,
                first.age_band,
                consent,
                sequence,
            )),
        };
        let said = self
            .said(transaction, absorbed, later.zone.clone(), body.into())
            .await?;
        say(transaction, now, &[said]).await?;
        Ok(store::Before {
            consent: first.consent,
            objects: first.cared_for_objects,
            merged_sequence: sequence,
        })
    }

    /// Makes one two again.
    async fn split(
        &self,
        transaction: &mut OwnedTransaction,
        row: &DuplicateRow,
        pair: Pair,
        now: Timestamp,
    ) -> Result<(), IntakeError> {
        let Pair { survivor, absorbed } = pair;
        let (Some(merged_at), Some(kept)) = (row.resolved_at, row.before) else {
            return Err(MergeRefusal::NotMerged.into());
        };
        stand_alone(transaction, &[survivor]).await?;
        let mut held = store::lock_situations(transaction, [survivor, absorbed]).await?;
        let (Some(mut first), Some(mut later)) = (held.remove(&survivor), held.remove(&absorbed))
        else {
            return Err(NOTHING);
        };
        let steps = store::steps_of(transaction, &[survivor.uuid()]).await?;
        may_split(steps.get(&survivor).map_or(&[], Vec::as_slice), merged_at)?;
        let split = merges::split(transaction, absorbed).await?;
        let split = split.ok_or(MergeRefusal::NotMerged)?;
        store::bring_back(transaction, &split).await?;
        store::revoke_links_since(transaction, survivor, merged_at, now).await?;

        let before = Standing {
            absorbed: later.consent,
            survivor: kept.consent,
            merged_sequence: kept.merged_sequence,
        };
        let now_held = Held {
            consent: first.consent,
            sequence: first.sequence,
        };
        let (later_consent, first_consent) = split_consents(before, now_held);
        // Above all that was said of either: it holds whatever is still on its way.
        let sequence = first.sequence.max(later.sequence) + 1;
        store::set_consent(transaction, absorbed, later_consent, sequence, now).await?;
        store::set_consent(transaction, survivor, first_consent, sequence, now).await?;
        (later.cared_for_objects, first.cared_for_objects) = split_objections(
            (later.cared_for_objects, kept.objects),
            kept.merged_sequence,
            (first.cared_for_objects, first.sequence),
        );
        for (situation, held) in [(absorbed, &later), (survivor, &first)] {
            let objects = held.cared_for_objects;
            store::set_objection(transaction, situation, objects, sequence).await?;
        }
        let signals = store::standing_signals(transaction, absorbed).await?;
        let body = events::SituationsSplit {
            from_situation_id: survivor.to_string(),
            signal_ids: signals.iter().map(ToString::to_string).collect(),
            circumstances: Some(view::circumstances(
                &later,
                later.age_band,
                later_consent,
                sequence,
            )),
            from_circumstances: Some(view::circumstances(
                &first,
                first.age_band,
                first_consent,
                sequence,
            )),
        };
        let said = self
            .said(transaction, absorbed, later.zone.clone(), body.into())
            .await?;
        say(transaction, now, &[said]).await?;
        Ok(())
    }
}

fn entry(
    principal: &Principal,
    id: DuplicateId,
    answered: Answered,
    reason: ResolutionReason,
    at: Timestamp,
) -> Entry {
    let trace = current_traceparent(&Span::current())
        .as_deref()
        .and_then(trace_id);
    Entry {
        at,
        subject: principal.subject.to_string(),
        role: principal.role.to_string(),
        action: format!("duplicate.{}", answered.code()),
        object: id.to_string(),
        purpose: reason.to_string(),
        trace_id: trace.unwrap_or_default(),
    }
}

/// Refuses when one of these has become part of another situation.
async fn stand_alone(
    connection: &mut PgConnection,
    situations: &[SituationId],
) -> Result<(), IntakeError> {
    let ids: Vec<_> = situations.iter().map(|one| one.uuid()).collect();
    let merged = merges::survivors(connection, &ids).await?;
    match situations
        .iter()
        .find(|one| merged.contains_key(&one.uuid()))
    {
        Some(one) => Err(MergeRefusal::MergedOn(*one).into()),
        None => Ok(()),
    }
}

async fn one(connection: &mut PgConnection, id: DuplicateId) -> Result<pb::Duplicate, IntakeError> {
    let row = store::lock_duplicate(&mut *connection, id).await?;
    let row = row.ok_or(NOTHING)?;
    let mut shown = shown(connection, vec![row]).await?;
    shown.pop().ok_or(NOTHING)
}

async fn pair(connection: &mut PgConnection, row: &DuplicateRow) -> Result<Pair, IntakeError> {
    let sides = store::sides(connection, &[row.first.uuid(), row.later.uuid()]).await?;
    Ok(in_order(row, &sides))
}

fn in_order(row: &DuplicateRow, sides: &HashMap<SituationId, Side>) -> Pair {
    let opened = |situation| (sides.get(&situation).map(|side| side.opened_at), situation);
    Pair::of(opened(row.first), opened(row.later))
}

async fn shown(
    connection: &mut PgConnection,
    rows: Vec<DuplicateRow>,
) -> Result<Vec<pb::Duplicate>, IntakeError> {
    let situations: Vec<_> = rows
        .iter()
        .flat_map(|row| [row.first.uuid(), row.later.uuid()])
        .collect();
    let sides = store::sides(connection, &situations).await?;
    let side = |situation: SituationId| {
        let side = sides.get(&situation);
        pb::DuplicateSide {
            situation_id: situation.to_string(),
            zone_id: side
                .map(|side| ZoneId::to_string(&side.zone))
                .unwrap_or_default(),
            postal_code: side
                .map(|side| side.postal_code.clone())
                .unwrap_or_default(),
            opened_at: side.map(|side| to_proto(side.opened_at)),
            signals: side.map_or(0, |side| i32::try_from(side.signals).unwrap_or(i32::MAX)),
        }
    };
    let shown = rows.into_iter().map(|row| {
        let pair = in_order(&row, &sides);
        let state = match row.answered {
            Answered::Open => pb::DuplicateState::Open,
            Answered::Merged => pb::DuplicateState::Merged,
            Answered::KeptApart => pb::DuplicateState::KeptApart,
            Answered::Split => pb::DuplicateState::Split,
        };
        pb::Duplicate {
            duplicate_id: row.id.to_string(),
            first: Some(side(pair.survivor)),
            later: Some(side(pair.absorbed)),
            reasons: row.reasons.iter().map(|reason| reason.number()).collect(),
            found_at: Some(to_proto(row.found_at)),
            state: state.into(),
            reason: row.reason.map_or(0, ResolutionReason::number),
            resolved_at: row.resolved_at.map(to_proto),
        }
    });
    Ok(shown.collect())
}
