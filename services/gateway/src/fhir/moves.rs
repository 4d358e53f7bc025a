//! Moving a Task. Whether it may be moved so, and by whom, the services say: here only the words of
//! FHIR become calls.

use knipperlicht_contracts::{followup::v1 as followup, routing::v1 as routing};
use knipperlicht_vocabulary::{
    ContactChannel, ContactResult, DeclineReason, OutcomeReason, OutcomeResult, ReferralState,
};
use tonic::Status;

use super::{
    create::check_narrative,
    line::Line,
    outcome::Refusal,
    referral::Asked,
    terms::{List, Own},
    types::{CodeableConcept, Task},
};

/// What a Task may be moved to.
const MOVES: &str =
    "accepted, rejected, on-hold, requested, in-progress, completed (a coordinator: cancelled)";

/// Moves a Task to where `sent` says. Where it is there already, nothing happens.
pub(super) async fn move_to(line: &Line, now: Asked, sent: Task) -> Result<Asked, Refusal> {
    check_narrative("Task", sent.text.as_ref())?;
    let current = now.as_task();
    if fixed(sent.clone()) != fixed(current.clone()) {
        let what = "only `status`, `statusReason` and `output` of a Task can be changed: send the \
                    others as they are now; read it again if that was a while ago";
        return Err(Refusal::moving("business-rule", "Task", what));
    }
    if sent.status == current.status {
        return if said_already(&sent, &current) {
            Ok(now)
        } else {
            let what = "what was said of a status stays: it changes with the status";
            Err(Refusal::moving("business-rule", "Task.status", what))
        };
    }
    let id = now.referral.referral_id.clone();
    match sent.status.as_deref().unwrap_or_default() {
        "accepted" => {
            let asked = routing::AcceptRequest { referral_id: id };
            let answer = line.routing().accept(line.ask(asked)).await;
            now.with_referral(answer.map(|it| it.into_inner().referral))
        }
        "rejected" => {
            let reason = decline_reason(sent.status_reason.as_ref())?;
            let asked = routing::DeclineRequest {
                referral_id: id,
                reason: reason.number(),
            };
            let answer = line.routing().decline(line.ask(asked)).await;
            now.with_referral(answer.map(|it| it.into_inner().referral))
        }
        "on-hold" => {
            let asked = routing::HoldRequest { referral_id: id };
            let answer = line.routing().hold(line.ask(asked)).await;
            now.with_referral(answer.map(|it| it.into_inner().referral))
        }
        "requested" => {
            let asked = routing::ReleaseRequest { referral_id: id };
            let answer = line.routing().release(line.ask(asked)).await;
            now.with_referral(answer.map(|it| it.into_inner().referral))
        }
        "cancelled" => {
            let asked = routing::CancelRequest { referral_id: id };
            let answer = line.routing().cancel(line.ask(asked)).await;
            now.with_referral(answer.map(|it| it.into_inner().referral))
        }
        "in-progress" => contacted(line, now, &sent).await,
        "completed" => completed(line, now, &sent).await,
        _ => {
            let what = format!("a Task is moved to {MOVES}");
            Err(Refusal::moving("business-rule", "Task.status", what))
        }
    }
}

/// What of a Task nobody changes: without what the line itself adds, or judges anew, as it goes on.
fn fixed(mut task: Task) -> Task {
    let urgency = Own::Urgency.url();
    task.extension.retain(|one| one.url != urgency);
    Task {
        id: None,
        meta: None,
        text: None,
        identifier: Vec::new(),
        restriction: None,
        priority: None,
        status: None,
        status_reason: None,
        business_status: None,
        last_modified: None,
        output: Vec::new(),
        ..task
    }
}

/// Whether nothing new is said with a status that it has already.
fn said_already(sent: &Task, current: &Task) -> bool {
    let is_new_reason = sent.status_reason.is_some() && sent.status_reason != current.status_reason;
    let is_new_output = sent.output.iter().any(|one| {
        // How it was reached is told to the line, and not by it.
        List::Term.code_in(&one.kind) != Some("contact-channel") && !current.output.contains(one)
    });
    !is_new_reason && !is_new_output
}

impl Asked {
    fn with_referral(
        self,
        answer: Result<Option<routing::Referral>, Status>,
    ) -> Result<Self, Refusal> {
        let answer = answer.map_err(|status| Refusal::of(&status, place))?;
        Ok(Self {
            referral: answer.unwrap_or(self.referral),
            task: self.task,
        })
    }

    fn with_task(self, answer: Result<Option<followup::Task>, Status>) -> Result<Self, Refusal> {
        let answer = answer.map_err(|status| Refusal::of(&status, place))?;
        Ok(Self {
            referral: self.referral,
            task: answer.or(self.task),
        })
    }

    /// The follow-up, which opens a moment after a referral was accepted.
    fn follow_up(&self) -> Result<String, Refusal> {
        match &self.task {
            Some(task) => Ok(task.task_id.clone()),
            None if self.state() == Some(ReferralState::Accepted) => Err(Refusal::too_soon()),
            None => {
                let what = "nobody has accepted this Task: accept it first";
                Err(Refusal::moving("business-rule", "Task.status", what))
            }
        }
    }
}

async fn contacted(line: &Line, now: Asked, sent: &Task) -> Result<Asked, Refusal> {
    let task_id = now.follow_up()?;
    let channel: ContactChannel = output(sent, "contact-channel", List::ContactChannel)?;
    let asked = followup::RecordContactRequest {
        task_id,
        channel: channel.number(),
        result: ContactResult::Reached.number(),
        contact_id: String::new(),
    };
    let answer = line.followup().record_contact(line.ask(asked)).await;
    now.with_task(answer.map(|it| it.into_inner().task))
}

async fn completed(line: &Line, now: Asked, sent: &Task) -> Result<Asked, Refusal> {
    let task_id = now.follow_up()?;
    let result: OutcomeResult = output(sent, "outcome", List::Outcome)?;
    let reason = match said(sent, "outcome-reason") {
        Some(_) => {
            let reason: OutcomeReason = output(sent, "outcome-reason", List::OutcomeReason)?;
            reason.number()
        }
        None => 0,
    };
    let asked = followup::CompleteRequest {
        task_id,
        result: result.number(),
        reason,
    };
    let answer = line.followup().complete(line.ask(asked)).await;
    now.with_task(answer.map(|it| it.into_inner().task))
}

fn decline_reason(said: Option<&CodeableConcept>) -> Result<DeclineReason, Refusal> {
    let at = "Task.statusReason";
    let code = said.and_then(|concept| List::DeclineReason.code_in(concept));
    let code = code.ok_or_else(|| {
        let what = format!("say why: a code of `{}`", List::DeclineReason.system());
        Refusal::moving("required", at, what)
    })?;
    code.parse()
        .map_err(|error: knipperlicht_vocabulary::CodeError| {
            Refusal::moving("code-invalid", at, error.to_string())
        })
}

/// What an output of this type says.
fn said<'t>(sent: &'t Task, what: &str) -> Option<&'t CodeableConcept> {
    let mut outputs = sent.output.iter();
    let found = outputs.find(|one| List::Term.code_in(&one.kind) == Some(what));
    found.and_then(|one| one.value_codeable_concept.as_ref())
}

fn output<T>(sent: &Task, what: &str, list: List) -> Result<T, Refusal>
where
    T: std::str::FromStr<Err = knipperlicht_vocabulary::CodeError>,
{
    let at = "Task.output";
    let code = said(sent, what).and_then(|concept| list.code_in(concept));
    let code = code.ok_or_else(|| {
        let type_ = List::Term.system();
        let what = format!(
            "give an `output` of type `{type_}|{what}` with a code of `{}`",
            list.system()
        );
        Refusal::moving("required", at, what)
    })?;
    code.parse()
        .map_err(|error: knipperlicht_vocabulary::CodeError| {
            Refusal::moving("code-invalid", at, error.to_string())
        })
}

/// Where in a Task a field of a call came from.
fn place(field: &str) -> String {
    match field {
        "referral_id" | "task_id" => "Task.id",
        "reason" | "result" | "channel" => "Task.output",
        _ => "Task",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::types::TaskOutput;

    fn saying(what: &str, concept: CodeableConcept) -> Task {
        Task {
            output: vec![TaskOutput {
                kind: List::Term.concept(what),
                value_codeable_concept: Some(concept),
                value_boolean: None,
            }],
            ..Task::default()
        }
    }

    #[test]
    fn what_the_line_judges_anew_is_not_the_callers_doing() {
        let with = |urgency: &str, zone: &str| Task {
            priority: Some(urgency.to_owned()),
            extension: vec![Own::Urgency.code(urgency), crate::fhir::terms::zone(zone)],
            ..Task::default()
        };
        assert!(fixed(with("soon", "gent")) == fixed(with("urgent", "gent")));
        assert!(fixed(with("soon", "gent")) != fixed(with("soon", "aalst")));
    }

    #[test]
    fn an_outcome_is_a_code_of_its_list() {
        let of = |task: &Task| output::<OutcomeResult>(task, "outcome", List::Outcome);
        let helped = saying("outcome", List::Outcome.concept("helped"));
        assert_eq!(of(&helped), Ok(OutcomeResult::Helped));
        for wrong in [
            Task::default(),
            saying("outcome", List::Outcome.concept("cured")),
            saying("outcome", List::OutcomeReason.concept("moved")),
            saying("outcome-reason", List::Outcome.concept("helped")),
        ] {
            assert!(of(&wrong).is_err());
        }
    }

    #[test]
    fn nothing_new_is_said_of_a_status_that_stands() {
        let current = saying("outcome", List::Outcome.concept("helped"));
        assert!(said_already(&current, &current));
        assert!(said_already(&Task::default(), &current));
        let other = saying("outcome", List::Outcome.concept("not_helped"));
        assert!(!said_already(&other, &current));
        let reached = saying("contact-channel", List::ContactChannel.concept("phone"));
        assert!(said_already(&reached, &current));
    }
}
