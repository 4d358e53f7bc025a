//! Which services are asked: as few as cover the needs, the best of those that could.
//!
//! First those made for the carer's own group (young carers, parents of a child with a disability),
//! for the needs that they meet; then, for what is left, those for everybody. Within each of both
//! the fewest that cover all there is to cover; of equally few, the most points together; of equal
//! points, the hash that spreads load; then the id.

use std::cmp::Reverse;

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{Need, OrganisationId, ServiceId, SituationId, Urgency};
use serde::{Deserialize, Serialize};

use super::{
    behaviour::{Behaviour, Behaviours},
    case::Circumstances,
    cover::{Piece, fewest},
    directory::{Directory, Fit, Service},
    need_set::NeedSet,
    points::{Exclusion, Points, PointsTable},
};

/// What decisions are taken from, besides the question: each part is named by its version, or
/// stored with the decision.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'d> {
    /// The directory.
    pub directory: &'d Directory,
    /// Rules and weights.
    pub points: &'d PointsTable,
    /// How services behaved lately.
    pub behaviours: &'d Behaviours,
}

/// All that a decision depends on besides the tables: stored with it, so that it replays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// About which situation.
    pub situation: SituationId,
    /// Where, in which language, at what age.
    pub circumstances: Circumstances,
    /// The needs, the most pressing first.
    pub needs: Vec<Need>,
    /// How soon.
    pub urgency: Urgency,
    /// Services that were asked before and are not asked again.
    pub asked: Vec<ServiceId>,
    /// Organisations that help, or helped, in this situation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knows: Vec<OrganisationId>,
    /// When.
    pub at: Timestamp,
    /// The day that is in Belgium.
    pub on: Date,
}

/// A service that is asked, and for what.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice<'d> {
    /// The service.
    pub service: &'d Service,
    /// The needs it is asked to meet, the most pressing first.
    pub needs: Vec<Need>,
}

/// A service that covers the zone and meets a need, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'d> {
    /// The service.
    pub service: &'d Service,
    /// How it behaved lately, where it was asked at all.
    pub behaved: Option<Behaviour>,
    /// Its points, or the rule that excluded it.
    pub verdict: Verdict,
}

/// What the rules say of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be asked.
    Points(Points),
    /// It is not asked.
    Excluded(Exclusion),
}

/// Whom to ask, whom nobody can be asked for, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<'d> {
    /// Who is asked.
    pub chosen: Vec<Choice<'d>>,
    /// The needs that no service covers, the most pressing first.
    pub uncovered: Vec<Need>,
    /// Everyone who was considered, by service id.
    pub candidates: Vec<Candidate<'d>>,
    /// The best of those who are not asked but could have been.
    pub runner_up: Option<&'d Service>,
}

/// Somebody who may be asked.
#[derive(Clone, Copy)]
struct Contender<'d> {
    service: &'d Service,
    points: u32,
    spread: u64,
}

impl<'d> Contender<'d> {
    /// What it is worth while these needs are open, comparable with others; nothing when it
    /// covers none of them.
    fn worth(&self, open: NeedSet) -> Option<(Fit, u32, u32, u64, Reverse<&'d ServiceId>)> {
        let covered = self.service.needs.and(open).len();
        (covered > 0).then_some((
            self.service.fit,
            covered,
            self.points,
            self.spread,
            Reverse(&self.service.id),
        ))
    }
}

/// Decides.
#[must_use]
pub fn decide<'d>(tables: &Tables<'d>, question: &Question) -> Decision<'d> {
    let wanted = NeedSet::from(question.needs.as_slice());
    let candidates = candidates(tables, question, wanted);
    let contenders: Vec<Contender<'d>> = candidates
        .iter()
        .filter_map(|candidate| match candidate.verdict {
            Verdict::Points(points) => Some(Contender {
                service: candidate.service,
                points: points.total(),
                spread: spread(question.situation, &candidate.service.id),
            }),
            Verdict::Excluded(_) => None,
        })
        .collect();

    let is_exact = wanted.len() <= tables.points.cover.exact_up_to;
    let mut to_ask = if is_exact {
        as_few_as_can_be(&contenders, wanted)
    } else {
        contenders.clone()
    };
    let mut open = wanted;
    let mut chosen = Vec::new();
    while let Some(best) = best(&to_ask, open) {
        let service = to_ask.swap_remove(best).service;
        chosen.push(Choice {
            service,
            needs: service.needs.and(open).pick(&question.needs),
        });
        open = open.without(service.needs);
    }

    let is_chosen = |service: &Service| chosen.iter().any(|one| one.service.id == service.id);
    let mut others = contenders;
    others.retain(|contender| !is_chosen(contender.service));
    let runner_up = best(&others, wanted).map(|position| others[position].service);
    Decision {
        chosen,
        uncovered: open.pick(&question.needs),
        candidates,
        runner_up,
    }
}

/// Everyone whose area covers the place and who meets a need, by id.
fn candidates<'d>(tables: &Tables<'d>, question: &Question, wanted: NeedSet) -> Vec<Candidate<'d>> {
    let mut candidates: Vec<Candidate<'d>> = tables
        .directory
        .offered_at(
            &question.circumstances.zone,
            question.circumstances.postal_code,
        )
        .filter(|service| !service.needs.and(wanted).is_empty())
        .map(|service| {
            let behaved = tables.behaviours.get(&service.id).copied();
            Candidate {
                service,
                behaved,
                verdict: judge(tables.points, service, question, behaved),
            }
        })
        .collect();
    candidates.sort_by(|one, other| one.service.id.cmp(&other.service.id));
    candidates
}

/// The fewest that cover what can be covered: of the carer's own group, then of those for all.
fn as_few_as_can_be<'d>(contenders: &[Contender<'d>], wanted: NeedSet) -> Vec<Contender<'d>> {
    let mut open = wanted;
    let mut few = Vec::new();
    for fit in [Fit::Specific, Fit::Generic] {
        let of_this_fit: Vec<&Contender<'d>> = contenders
            .iter()
            .filter(|contender| contender.service.fit == fit)
            .collect();
        let pieces: Vec<Piece> = of_this_fit
            .iter()
            .map(|contender| Piece {
                needs: contender.service.needs,
                points: contender.points,
                spread: contender.spread,
            })
            .collect();
        for position in fewest(&pieces, open) {
            few.push(*of_this_fit[position]);
        }
        open = few
            .iter()
            .fold(open, |open, one| open.without(one.service.needs));
    }
    few
}

fn judge(
    table: &PointsTable,
    service: &Service,
    question: &Question,
    behaved: Option<Behaviour>,
) -> Verdict {
    match table.exclusion(service, question) {
        Some(exclusion) => Verdict::Excluded(exclusion),
        None => Verdict::Points(table.points(service, question, behaved.unwrap_or_default())),
    }
}

/// The position of the best contender, where one covers anything.
fn best(contenders: &[Contender<'_>], open: NeedSet) -> Option<usize> {
    let worths = contenders.iter().enumerate();
    let worths =
        worths.filter_map(|(position, contender)| Some((contender.worth(open)?, position)));
    worths.max().map(|(_, position)| position)
}

/// A number that differs from situation to situation and is always the same for one: FNV-1a over
/// both ids.
fn spread(situation: SituationId, service: &ServiceId) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let id = situation.uuid();
    let bytes = id.as_bytes().iter().chain(service.as_str().as_bytes());
    let hash = bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    });
    // The last bytes of FNV reach only the low half: fold it into the high one that decides.
    hash ^ (hash << 32)
}

#[cfg(test)]
mod tests;
