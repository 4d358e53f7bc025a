//! A decision, as it is explained.

use std::cmp::Reverse;

use knipperlicht_contracts::{routing::v1 as pb, to_proto};
use knipperlicht_vocabulary::{AgeBand, Need, ServiceId};
use knipperlicht_zones::ZoneTable;

use super::view;
use crate::{
    model::{
        behaviour::Behaviour,
        decision::{Question, Tables, Verdict},
        directory::Service,
        points::{Exclusion, Points, PointsTable, Weight},
        record::{StoredCandidate, StoredDecision},
    },
    store::UnmetRow,
};

/// Explains a decision, by the tables it was taken from.
pub(super) fn of(
    decision: &StoredDecision,
    tables: &Tables<'_>,
    zones: &ZoneTable,
) -> pb::Explanation {
    let question = &decision.question;
    let circumstances = &question.circumstances;
    let mut candidates: Vec<&StoredCandidate> = decision.candidates.iter().collect();
    candidates.sort_by_key(|one| place(decision, one));
    let cover = &tables.points.cover;
    let needs = u32::try_from(question.needs.len()).unwrap_or(u32::MAX);
    pb::Explanation {
        decided_at: Some(to_proto(question.at)),
        on: question.on.to_string(),
        zone: zones.zone(&circumstances.zone).map(view::zone),
        other_candidates: view::other_zones(
            zones,
            circumstances.postal_code,
            question.on,
            &circumstances.zone,
        ),
        postal_code: circumstances.postal_code.to_string(),
        language: circumstances.language.number(),
        age_band: circumstances.age_band.map_or(0, AgeBand::number),
        urgency: question.urgency.number(),
        needs: view::numbers(&question.needs),
        considered: candidates
            .into_iter()
            .map(|one| consideration(decision, one, tables))
            .collect(),
        unmet: view::numbers(&decision.uncovered),
        runner_up_service_id: decision
            .runner_up
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        directory_version: decision.versions.directory,
        zone_version: decision.versions.zones.clone(),
        points_version: decision.versions.points.clone(),
        points_note: tables.points.note.clone(),
        fewest_searched_exhaustively: needs <= cover.exact_up_to,
    }
}

/// Who is asked first, in their order; then the others, the most points first; then those that a
/// rule kept out.
fn place<'d>(
    decision: &StoredDecision,
    candidate: &'d StoredCandidate,
) -> (usize, Reverse<u32>, &'d ServiceId) {
    let asked = decision
        .chosen
        .iter()
        .position(|choice| choice.service == candidate.service);
    let after_all_asked = decision.chosen.len();
    match candidate.verdict {
        Verdict::Points(points) => (
            asked.unwrap_or(after_all_asked),
            Reverse(points.total()),
            &candidate.service,
        ),
        Verdict::Excluded(_) => (after_all_asked + 1, Reverse(0), &candidate.service),
    }
}

fn consideration(
    decision: &StoredDecision,
    candidate: &StoredCandidate,
    tables: &Tables<'_>,
) -> pb::Consideration {
    let known = tables.directory.service(&candidate.service);
    let service = known.map_or_else(
        || pb::Service {
            service_id: candidate.service.to_string(),
            ..pb::Service::default()
        },
        view::service,
    );
    let asked_for: &[Need] = decision
        .chosen
        .iter()
        .find(|choice| choice.service == candidate.service)
        .map_or(&[], |choice| &choice.needs);
    let (excluded_by, points, total) = match candidate.verdict {
        Verdict::Points(points) => (
            pb::ExclusionRule::Unspecified,
            lines(points, &sources(tables.points, known, &decision.question)),
            points.total(),
        ),
        Verdict::Excluded(exclusion) => (rule(exclusion), Vec::new(), 0),
    };
    pb::Consideration {
        service: Some(service),
        asked_for: view::numbers(asked_for),
        excluded_by: excluded_by.into(),
        points,
        total_points: i32::try_from(total).unwrap_or(i32::MAX),
        behaviour: candidate
            .behaved
            .map(|behaved| behaviour(behaved, tables.points)),
    }
}

const fn rule(exclusion: Exclusion) -> pb::ExclusionRule {
    match exclusion {
        Exclusion::NotValid => pb::ExclusionRule::NotValid,
        Exclusion::Language => pb::ExclusionRule::Language,
        Exclusion::AgeBand => pb::ExclusionRule::AgeBand,
        Exclusion::TargetGroup => pb::ExclusionRule::TargetGroup,
        Exclusion::Full => pb::ExclusionRule::Full,
        Exclusion::AlreadyAsked => pb::ExclusionRule::AlreadyAsked,
    }
}

/// Where what each part weighs comes from.
struct Sources<'t> {
    knows: &'t str,
    fit: &'t str,
    capacity: &'t str,
    nearness: &'t str,
    measured: &'t str,
}

fn sources<'t>(
    table: &'t PointsTable,
    service: Option<&Service>,
    question: &Question,
) -> Sources<'t> {
    let source = |weight: Option<&'t Weight>| weight.map_or("", |weight| weight.source.as_str());
    Sources {
        knows: &table.knows_the_situation.source,
        fit: &table.specific.source,
        capacity: source(service.and_then(|service| table.for_capacity(service, question))),
        nearness: source(service.map(|service| table.for_nearness(service))),
        measured: table
            .measured
            .as_ref()
            .map_or("", |measured| measured.source.as_str()),
    }
}

fn lines(points: Points, sources: &Sources<'_>) -> Vec<pb::PointsLine> {
    use pb::PointsFor::{Acceptance, Capacity, Fit, KnowingTheSituation, Nearness, Speed};

    let lines = [
        (KnowingTheSituation, points.knows, sources.knows),
        (Fit, points.fit, sources.fit),
        (Capacity, points.capacity, sources.capacity),
        (Nearness, points.nearness, sources.nearness),
        (Acceptance, points.acceptance, sources.measured),
        (Speed, points.speed, sources.measured),
    ];
    lines
        .into_iter()
        .filter(|(_, points, _)| *points > 0)
        .map(|(points_for, points, source)| pb::PointsLine {
            points_for: points_for.into(),
            points: i32::try_from(points).unwrap_or(i32::MAX),
            source: source.to_owned(),
        })
        .collect()
}

fn behaviour(behaved: Behaviour, table: &PointsTable) -> pb::Behaviour {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let mean = behaved
        .minutes_to_accept
        .checked_div(u64::from(behaved.accepted))
        .unwrap_or_default();
    pb::Behaviour {
        answered: number(behaved.answered),
        accepted: number(behaved.accepted),
        mean_minutes_to_accept: i64::try_from(mean).unwrap_or(i64::MAX),
        over_days: table
            .measured
            .as_ref()
            .map_or(0, |measured| i32::from(measured.over_days)),
    }
}

/// A need that nobody could be asked for.
pub(super) fn unmet(row: &UnmetRow) -> pb::UnmetNeed {
    pb::UnmetNeed {
        zone_id: row.zone.to_string(),
        need: row.need.number(),
        situations: row.situations,
        last_at: Some(to_proto(row.last_at)),
    }
}
