//! Which services are asked: as few as cover the needs, the best of those that could.

use std::cmp::Reverse;

use jiff::{Timestamp, civil::Date};
use knipperlicht_vocabulary::{Need, ServiceId, SituationId, Urgency};
use serde::Serialize;

use super::{
    case::Circumstances,
    directory::{Directory, Fit, Service},
    need_set::NeedSet,
    points::{Exclusion, Points, exclusion, points},
};

/// All that a decision depends on besides the directory: stored with it, so that it replays.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Its points, or the rule that excluded it.
    pub verdict: Verdict,
}

/// What the rules say of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
struct Contender<'d> {
    service: &'d Service,
    points: u32,
    spread: u64,
}

impl<'d> Contender<'d> {
    /// What it is worth while these needs are open, comparable with others; nothing when it
    /// covers none of them.
    ///
    /// A service made for the carer's own group comes first, then few referrals before many,
    /// then points, then the hash that spreads load. The id settles the rest, so that the order
    /// of the directory never matters.
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
pub fn decide<'d>(directory: &'d Directory, question: &Question) -> Decision<'d> {
    let wanted = NeedSet::from(question.needs.as_slice());
    let mut candidates: Vec<Candidate<'d>> = directory
        .offered_at(
            &question.circumstances.zone,
            question.circumstances.postal_code,
        )
        .filter(|service| !service.needs.and(wanted).is_empty())
        .map(|service| Candidate {
            service,
            verdict: judge(service, question),
        })
        .collect();
    candidates.sort_by(|one, other| one.service.id.cmp(&other.service.id));

    let mut contenders: Vec<Contender<'d>> = candidates
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

    let mut open = wanted;
    let mut chosen = Vec::new();
    while let Some(best) = best(&contenders, open) {
        let service = contenders.swap_remove(best).service;
        chosen.push(Choice {
            service,
            needs: service.needs.and(open).pick(&question.needs),
        });
        open = open.without(service.needs);
    }
    let runner_up = best(&contenders, wanted).map(|position| contenders[position].service);
    Decision {
        chosen,
        uncovered: open.pick(&question.needs),
        candidates,
        runner_up,
    }
}

fn judge(service: &Service, question: &Question) -> Verdict {
    match exclusion(service, question) {
        Some(exclusion) => Verdict::Excluded(exclusion),
        None => Verdict::Points(points(service, question)),
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

/// A decision as it is stored: with everything that explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'d> {
    /// What was asked.
    pub question: Question,
    /// What was decided.
    pub decision: Decision<'d>,
    /// From which directory.
    pub directory_version: i64,
    /// From which zone table.
    pub zone_version: String,
}

/// A candidate as it is stored.
#[derive(Serialize)]
pub struct StoredCandidate<'r> {
    service: &'r ServiceId,
    #[serde(flatten)]
    verdict: Verdict,
}

/// A choice as it is stored.
#[derive(Serialize)]
pub struct StoredChoice<'r> {
    service: &'r ServiceId,
    needs: &'r [Need],
}

impl Record<'_> {
    /// Every candidate with its points or the rule that excluded it.
    #[must_use]
    pub fn candidates(&self) -> Vec<StoredCandidate<'_>> {
        let candidates = self.decision.candidates.iter();
        candidates
            .map(|one| StoredCandidate {
                service: &one.service.id,
                verdict: one.verdict,
            })
            .collect()
    }

    /// Who is asked for what.
    #[must_use]
    pub fn chosen(&self) -> Vec<StoredChoice<'_>> {
        let chosen = self.decision.chosen.iter();
        chosen
            .map(|choice| StoredChoice {
                service: &choice.service.id,
                needs: &choice.needs,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
