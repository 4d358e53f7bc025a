//! A referral as an order and the Task that fulfils it: `ServiceRequest` with intent `order`, and
//! `Task` with the same id.

use std::collections::HashMap;

use jiff::Timestamp;
use knipperlicht_contracts::{followup::v1 as followup, routing::v1 as routing};
use knipperlicht_vocabulary::{
    AgeBand, DeclineReason, FollowUpState, Language, Need, OutcomeReason, OutcomeResult,
    ReferralState, Urgency,
};
use serde_json::Value;

use super::{
    found::{Found, invented, moment, told},
    offer::Kind,
    reply,
    signal::reason_of_status,
    terms::{self, List, Own},
    types::{
        CodeableConcept, Extension, Meta, Period, Restriction, ServiceRequest, Task, TaskOutput,
    },
};

const TASK_CODE: &str = "http://hl7.org/fhir/CodeSystem/task-code";

/// A referral, and its follow-up where there is one.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) referral: routing::Referral,
    pub(super) task: Option<followup::Task>,
}

/// How it stands, in the three lists of FHIR and of the Belgian referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) request: &'static str,
    pub(super) task: &'static str,
    pub(super) business: &'static str,
}

const fn standing(request: &'static str, task: &'static str, business: &'static str) -> Standing {
    Standing {
        request,
        task,
        business,
    }
}

/// The table of docs/fhir.md. Where the Belgian list has `ready`, FHIR tells apart whether somebody
/// has taken it on: here that is asked, so it does.
pub(super) fn standing_of(
    referral: Option<ReferralState>,
    follow_up: Option<(FollowUpState, Held)>,
) -> Standing {
    match (referral, follow_up) {
        (Some(ReferralState::Requested), _) => standing("active", "requested", "ready"),
        (Some(ReferralState::Held), _) => standing("active", "on-hold", "inactive"),
        (Some(ReferralState::Accepted), None) => standing("active", "accepted", "ready"),
        (Some(ReferralState::Accepted), Some((state, held))) => match (state, held) {
            (FollowUpState::Completed | FollowUpState::Confirmed, _) => {
                standing("completed", "completed", "completed")
            }
            (_, Held::Yes) => standing("active", "on-hold", "inactive"),
            (FollowUpState::Open | FollowUpState::ContactAttempted, Held::No) => {
                standing("active", "accepted", "ready")
            }
            _ => standing("active", "in-progress", "in-progress"),
        },
        (Some(ReferralState::Declined), _) => standing("revoked", "rejected", "cancelled"),
        (Some(ReferralState::Expired), _) => standing("revoked", "cancelled", "expired"),
        (Some(ReferralState::Redirected | ReferralState::Cancelled | ReferralState::Merged), _) => {
            standing("revoked", "cancelled", "cancelled")
        }
        (None, _) => standing("unknown", "requested", "pending"),
    }
}

/// Whether the carer does not, or no longer, agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
}

const fn priority(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Routine => "routine",
        Urgency::Soon => "urgent",
        Urgency::Urgent => "asap",
        Urgency::Emergency => "stat",
    }
}

impl Asked {
    pub(super) fn state(&self) -> Option<ReferralState> {
        ReferralState::try_from(self.referral.state).ok()
    }

    pub(super) fn standing(&self) -> Standing {
        let follow_up = self.task.as_ref().and_then(|task| {
            let state = FollowUpState::try_from(task.state).ok()?;
            Some((state, if task.held { Held::Yes } else { Held::No }))
        });
        standing_of(self.state(), follow_up)
    }

    /// When either last changed.
    fn changed_at(&self) -> Option<Timestamp> {
        let task = self.task.as_ref().and_then(|task| task.changed_at.as_ref());
        let since = moment(self.referral.state_since.as_ref());
        since.max(moment(task))
    }

    fn urgency(&self) -> Option<Urgency> {
        Urgency::try_from(self.referral.urgency).ok()
    }

    fn is_invented(&self) -> bool {
        let service = self.referral.service.as_ref();
        service.is_some_and(|service| service.synthetic)
    }

    fn meta(&self) -> Option<Meta> {
        self.is_invented().then(|| Meta {
            tag: vec![invented()],
            ..Meta::default()
        })
    }

    /// Why it ended where nobody acted upon it.
    fn reason(&self) -> Option<CodeableConcept> {
        let state = self.state()?;
        match (self.standing().request, state) {
            ("revoked", ReferralState::Declined | ReferralState::Redirected) => {
                let reason = DeclineReason::try_from(self.referral.decline_reason).ok();
                Some(reason.map_or_else(
                    || List::ReferralState.concept(state.code()),
                    |reason| List::DeclineReason.concept(reason.code()),
                ))
            }
            ("revoked", _) | (_, ReferralState::Held) => {
                Some(List::ReferralState.concept(state.code()))
            }
            _ => None,
        }
    }

    fn circumstances(&self) -> Vec<Extension> {
        let referral = &self.referral;
        let mut told = vec![terms::zone(&referral.zone_id)];
        told.push(Extension {
            value_string: Some(referral.postal_code.clone()),
            ..Own::PostalCode.named()
        });
        if let Ok(band) = AgeBand::try_from(referral.age_band) {
            told.push(Own::AgeBand.code(band.code()));
        }
        if let Ok(language) = Language::try_from(referral.language) {
            told.push(Own::Language.code(language.code()));
        }
        told.extend(
            self.urgency()
                .map(|urgency| Own::Urgency.code(urgency.code())),
        );
        told
    }

    /// The referral.
    pub(super) fn order(&self) -> Found {
        let referral = &self.referral;
        let standing = self.standing();
        let mut extension = self.circumstances();
        if standing.request == "revoked"
            && let Some(state) = self.state()
        {
            extension.push(reason_of_status(List::ReferralState, state.code()));
        }
        let previous = Some(&referral.previous_referral_id).filter(|id| !id.is_empty());
        let needs = referral.needs.iter();
        let request = ServiceRequest {
            meta: self.meta(),
            extension,
            identifier: vec![terms::uuid(&referral.referral_id)],
            replaces: previous
                .map(|id| terms::literal("ServiceRequest", id))
                .into_iter()
                .collect(),
            status: Some(standing.request.to_owned()),
            intent: Some("order".to_owned()),
            category: vec![List::Term.concept("carer-support")],
            priority: self.urgency().map(|urgency| priority(urgency).to_owned()),
            code: Some(List::Term.concept("carer-support")),
            subject: Some(terms::carer(&referral.situation_id)),
            authored_on: told(referral.requested_at.as_ref()),
            reason_code: needs
                .filter_map(|need| Need::try_from(*need).ok())
                .map(|need| List::Need.concept(need.code()))
                .collect(),
            ..ServiceRequest::default()
        };
        let resource = reply::json(Kind::ServiceRequest.name(), &request);
        self.found(Kind::ServiceRequest, resource)
            .by("status", standing.request)
            .by("intent", "order")
    }

    /// What the partner is asked to do.
    pub(super) fn task(&self) -> Found {
        let standing = self.standing();
        let owner = self.referral.service.clone().unwrap_or_default();
        let resource = reply::json(Kind::Task.name(), &self.as_task());
        let follow_up = self.task.as_ref().map(|task| task.task_id.clone());
        let found = self
            .found(Kind::Task, resource)
            .by("status", standing.task)
            .by_token(
                "business-status",
                &List::BusinessStatus.system(),
                standing.business,
            )
            .by(
                "focus",
                format!("ServiceRequest/{}", self.referral.referral_id),
            )
            .by("focus", self.referral.referral_id.clone())
            .by_token("owner", terms::ORGANISATION, owner.organisation_id);
        match follow_up {
            Some(id) => found.by_token("identifier", terms::FOLLOW_UP, id),
            None => found,
        }
    }

    pub(super) fn as_task(&self) -> Task {
        let referral = &self.referral;
        let service = referral.service.clone().unwrap_or_default();
        let standing = self.standing();
        let mut identifier = vec![terms::uuid(&referral.referral_id)];
        let mut owner = terms::logical(
            "Organization",
            terms::ORGANISATION,
            &service.organisation_id,
        );
        owner.display = Some(service.organisation_name.clone()).filter(|name| !name.is_empty());
        let mut asked = terms::logical("HealthcareService", terms::SERVICE, &service.service_id);
        asked.display = Some(service.name.clone()).filter(|name| !name.is_empty());
        let mut extension = self.circumstances();
        extension.push(Extension {
            value_reference: Some(asked),
            ..Own::Service.named()
        });
        let mut restriction = None;
        if let Some(task) = &self.task {
            identifier.push(terms::identifier(terms::FOLLOW_UP, &task.task_id));
            let due = task
                .next_clock
                .as_ref()
                .and_then(|clock| clock.due_at.as_ref());
            restriction = told(due).map(|end| Restriction {
                period: Some(Period {
                    start: None,
                    end: Some(end),
                }),
            });
        }
        let request = terms::literal("ServiceRequest", &referral.referral_id);
        Task {
            meta: self.meta(),
            extension,
            identifier,
            based_on: vec![request.clone()],
            status: Some(standing.task.to_owned()),
            status_reason: self.reason(),
            business_status: Some(List::BusinessStatus.concept(standing.business)),
            intent: Some("order".to_owned()),
            priority: self.urgency().map(|urgency| priority(urgency).to_owned()),
            code: Some(terms::concept(TASK_CODE, "fulfill")),
            focus: Some(request),
            about: Some(terms::carer(&referral.situation_id)),
            authored_on: told(referral.requested_at.as_ref()),
            last_modified: self.changed_at().map(super::found::instant),
            owner: Some(owner),
            restriction,
            output: self.task.as_ref().map(outputs).unwrap_or_default(),
            ..Task::default()
        }
    }

    fn found(&self, kind: Kind, resource: Value) -> Found {
        let referral = &self.referral;
        Found::new(
            kind,
            referral.referral_id.clone(),
            self.changed_at(),
            resource,
        )
        .by_token(
            "identifier",
            terms::URI,
            format!("urn:uuid:{}", referral.referral_id),
        )
        .by_token("zone", terms::ZONE, referral.zone_id.clone())
        .by_token("subject", terms::SITUATION, referral.situation_id.clone())
    }
}

/// How it ended.
fn outputs(task: &followup::Task) -> Vec<TaskOutput> {
    let mut outputs = Vec::new();
    let mut coded = |what: &str, list: List, code: &str| {
        outputs.push(TaskOutput {
            kind: List::Term.concept(what),
            value_codeable_concept: Some(list.concept(code)),
            value_boolean: None,
        });
    };
    if let Ok(result) = OutcomeResult::try_from(task.result) {
        coded("outcome", List::Outcome, result.code());
        if let Ok(reason) = OutcomeReason::try_from(task.reason) {
            coded("outcome-reason", List::OutcomeReason, reason.code());
        }
        outputs.push(TaskOutput {
            kind: List::Term.concept("late"),
            value_codeable_concept: None,
            value_boolean: Some(task.late),
        });
    }
    outputs
}

/// Each referral with its follow-up.
pub(super) fn join(referrals: Vec<routing::Referral>, tasks: Vec<followup::Task>) -> Vec<Asked> {
    let mut by_referral: HashMap<_, _> = tasks
        .into_iter()
        .map(|task| (task.referral_id.clone(), task))
        .collect();
    let with_task = |referral: routing::Referral| Asked {
        task: by_referral.remove(&referral.referral_id),
        referral,
    };
    referrals.into_iter().map(with_task).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_statuses_go_together_as_in_the_table() {
        let of = |referral, follow_up| {
            let standing = standing_of(Some(referral), follow_up);
            (standing.request, standing.task, standing.business)
        };
        let open = |state| Some((state, Held::No));
        for (referral, follow_up, expected) in [
            (
                ReferralState::Requested,
                None,
                ("active", "requested", "ready"),
            ),
            (ReferralState::Held, None, ("active", "on-hold", "inactive")),
            (
                ReferralState::Accepted,
                None,
                ("active", "accepted", "ready"),
            ),
            (
                ReferralState::Accepted,
                open(FollowUpState::ContactAttempted),
                ("active", "accepted", "ready"),
            ),
            (
                ReferralState::Accepted,
                open(FollowUpState::Contacted),
                ("active", "in-progress", "in-progress"),
            ),
            (
                ReferralState::Accepted,
                Some((FollowUpState::Scheduled, Held::Yes)),
                ("active", "on-hold", "inactive"),
            ),
            (
                ReferralState::Accepted,
                open(FollowUpState::Completed),
                ("completed", "completed", "completed"),
            ),
            (
                ReferralState::Accepted,
                open(FollowUpState::Reopened),
                ("active", "in-progress", "in-progress"),
            ),
            (
                ReferralState::Declined,
                None,
                ("revoked", "rejected", "cancelled"),
            ),
            (
                ReferralState::Expired,
                None,
                ("revoked", "cancelled", "expired"),
            ),
            (
                ReferralState::Merged,
                None,
                ("revoked", "cancelled", "cancelled"),
            ),
        ] {
            assert_eq!(
                of(referral, follow_up),
                expected,
                "{referral:?} {follow_up:?}"
            );
        }
    }
}
