//! Who is there for a carer.

use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::{
    events::v1 as events,
    followup::v1::{
        HandOverWorkRequest, HandOverWorkResponse, NameContactPersonRequest,
        NameContactPersonResponse,
    },
};
use knipperlicht_runtime::current_traceparent;
use knipperlicht_vocabulary::{Actor, ReporterId};
use tracing::Span;

use super::{FollowupCalls, wire, work::Work};
use crate::{
    error::FollowupError,
    model::{ContactPerson, Worker},
    store::contact_persons,
    story::{self, Telling},
};

impl FollowupCalls {
    /// The organisation that the contact person works for names another one of its workers; that
    /// it becomes another organisation's is for a coordinator to decide.
    pub(super) async fn person_named(
        &self,
        principal: &Principal,
        request: &NameContactPersonRequest,
    ) -> Result<NameContactPersonResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;
        let account = if request.worker.is_empty() && principal.role == Role::Partner {
            principal.subject.clone()
        } else {
            account("worker", &request.worker)?
        };
        let worker = Worker::new(account, &request.name, &request.phone)?;

        let mut work = Work::begin(self, principal, task_id).await?;
        let (situation, organisation) = (work.task().situation, work.task().organisation.clone());
        let known = contact_persons::lock(work.connection(), situation).await?;
        let is_theirs = known
            .as_ref()
            .is_none_or(|known| known.organisation == organisation);
        if !is_theirs && principal.role == Role::Partner {
            return Err(FollowupError::OthersContact);
        }
        if known.is_some_and(|known| is_theirs && known.worker.as_ref() == Some(&worker)) {
            let task = work.finish().await?;
            return Ok(NameContactPersonResponse { task: Some(task) });
        }
        let person = ContactPerson {
            organisation: organisation.clone(),
            worker: Some(worker),
            since: work.now(),
        };
        contact_persons::write(work.connection(), situation, &person).await?;
        let said = events::ContactPersonNamed {
            task_id: task_id.to_string(),
            referral_id: work.task().referral.to_string(),
            organisation_id: organisation.to_string(),
            by: match principal.role {
                Role::Partner => Actor::Partner.number(),
                _ => Actor::Coordinator.number(),
            },
        };
        work.say(said).await?;
        let task = work.finish().await?;
        Ok(NameContactPersonResponse { task: Some(task) })
    }

    pub(super) async fn work_handed_over(
        &self,
        principal: &Principal,
        request: &HandOverWorkRequest,
    ) -> Result<HandOverWorkResponse, FollowupError> {
        let from = account("from_worker", &request.from_worker)?;
        let to = account("to_worker", &request.to_worker)?;
        let to = Worker::new(to, &request.name, &request.phone)?;
        let organisation = principal
            .organisation
            .as_ref()
            .ok_or(FollowupError::NotFound {
                what: "organisation",
            })?;

        let environment = &self.kit.environment;
        let now = environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let handed_over =
            contact_persons::hand_over(&mut transaction, now, organisation, &from, &to).await?;
        let situations = i32::try_from(handed_over.len()).unwrap_or(i32::MAX);
        let traceparent = current_traceparent(&Span::current());
        let tellings = handed_over.into_iter().map(|one| Telling {
            situation: one.situation,
            zone: one.zone,
            body: events::ContactPersonNamed {
                task_id: one.task.to_string(),
                referral_id: one.referral.to_string(),
                organisation_id: organisation.to_string(),
                by: Actor::Partner.number(),
            }
            .into(),
            traceparent: traceparent.clone(),
        });
        story::tell(&mut transaction, environment, now, tellings.collect()).await?;
        transaction.commit().await?;
        self.kit.committed();
        Ok(HandOverWorkResponse { situations })
    }
}

fn account(field: &'static str, text: &str) -> Result<ReporterId, FollowupError> {
    wire::id(field, text)
}
