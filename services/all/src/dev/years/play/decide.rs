//! What a coordinator decides where no rule could. Something is always left to look at.

use jiff::{SignedDuration, Timestamp};
use knipperlicht_contracts::{
    intake::v1::{self as intake, intake_service_client::IntakeServiceClient},
    routing::v1::{self as routing, routing_service_client::RoutingServiceClient},
};
use knipperlicht_vocabulary::{Consent, ItemKind, MatchReason, ResolutionReason, Urgency};

use super::{Play, YearsError, bear, together};
use crate::dev::{DevError, years::plan::Moment};

/// How long a coordinator leaves what is difficult, at least.
const UNDECIDED: SignedDuration = SignedDuration::from_hours(4 * 24);

/// Of a hundred items, those that are difficult.
const DIFFICULT: u8 = 10;

impl Play<'_> {
    /// Whoever helped last in the zone is asked: most often at once, else after some days. What came to
    /// lie there in the last days is left for whoever looks.
    pub(super) async fn decide(&mut self, now: Moment) -> Result<(), DevError> {
        let is_left = now.day > self.decided_until;
        let line = self.callers.coordinator(&self.zones)?;
        let desk = RoutingServiceClient::new(line);
        let listed = desk.clone().list_items(routing::ListItemsRequest {}).await;
        let mut calls = Vec::new();
        let mut answers = Vec::new();
        for item in listed.map_err(YearsError::from)?.into_inner().items {
            if let Some((course, answer)) = self.asked_after_all(&item) {
                self.courses[course].is_reminded = true;
                answers.push((course, answer));
            }
            let is_undecided = matches!(
                ItemKind::try_from(item.kind),
                Ok(ItemKind::NoCandidate
                    | ItemKind::AllDeclined
                    | ItemKind::ClockBreached
                    | ItemKind::Emergency)
            );
            let is_emergency = item.urgency == Urgency::Emergency.number();
            let is_easy = !is_difficult(&item.item_id) && !is_left;
            let is_time = is_emergency || is_easy || self.is_old(item.opened_at);
            if is_undecided && is_time {
                let service_id = self.helper(&item.zone_id);
                self.touch(&item.situation_id);
                let mut desk = desk.clone();
                let item_id = item.item_id;
                calls.push(async move {
                    let request = routing::AssignRequest {
                        item_id,
                        service_id,
                    };
                    bear(desk.assign(request).await)
                });
            }
        }
        let assigned = together(calls).await?;
        self.is_asked_anew |= assigned.contains(&true);
        self.consent(answers).await
    }

    /// Whose carer the reporter asks after all, because a coordinator says so some days after it came to
    /// lie there, and the answer.
    fn asked_after_all(&self, item: &routing::Item) -> Option<(usize, Consent)> {
        let number = *self.by_situation.get(&item.situation_id)?;
        let (kind, urgency) = (item.kind.try_into().ok()?, item.urgency.try_into().ok()?);
        let answer = self.courses[number].answer_after_all(kind, urgency);
        let is_time = self.is_old(item.opened_at);
        answer.filter(|_| is_time).map(|answer| (number, answer))
    }

    /// Whether two are one: those of one home are taken together, namesakes are kept apart.
    pub(super) async fn tell_apart(&mut self) -> Result<(), DevError> {
        let line = self.callers.coordinator(&self.zones)?;
        let mut desk = IntakeServiceClient::new(line);
        let request = intake::ListDuplicatesRequest {
            include_resolved: false,
        };
        let listed = desk.list_duplicates(request).await;
        for duplicate in listed.map_err(YearsError::from)?.into_inner().duplicates {
            if !self.is_old(duplicate.found_at) {
                continue;
            }
            let is_namesake = duplicate
                .reasons
                .contains(&MatchReason::SameNameNearby.number());
            let (resolution, reason) = if is_namesake {
                (
                    intake::Resolution::KeepApart,
                    ResolutionReason::DifferentPeople,
                )
            } else {
                (intake::Resolution::Merge, ResolutionReason::SameHome)
            };
            for side in [duplicate.first, duplicate.later].into_iter().flatten() {
                self.touch(&side.situation_id);
            }
            let request = intake::ResolveDuplicateRequest {
                duplicate_id: duplicate.duplicate_id,
                resolution: resolution.into(),
                reason: reason.number(),
            };
            bear(desk.resolve_duplicate(request).await).map_err(YearsError::from)?;
        }
        Ok(())
    }

    /// The service that accepted last in a zone, or the first that everybody may turn to.
    fn helper(&self, zone: &str) -> String {
        let known = self.helpful.get(zone).cloned();
        known.unwrap_or_else(|| format!("ocmw-{zone}.onthaal"))
    }

    fn is_old(&self, since: Option<prost_types::Timestamp>) -> bool {
        let before: Timestamp = self.environment.now() - UNDECIDED;
        since.is_some_and(|at| at.seconds < before.as_second())
    }
}

/// By its id, which is as good as any die.
fn is_difficult(item_id: &str) -> bool {
    let last = item_id.get(item_id.len().saturating_sub(2)..);
    let last = last.and_then(|last| u8::from_str_radix(last, 16).ok());
    last.is_some_and(|last| last % 100 < DIFFICULT)
}
