//! What partners and coordinators look at.

use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::followup::v1::{
    ExportSituationRequest, ExportSituationResponse, GetTimelineRequest, GetTimelineResponse,
    ListOpenLoopsResponse, ListPromisesRequest, ListPromisesResponse, ListTasksRequest,
    ListTasksResponse, OpenLoop, ReferralPromise, Task, TimelineEntry,
};
use knipperlicht_eventing::{erasing::whole, merges::survivor};
use knipperlicht_vocabulary::{FollowUpState, ReferralId};

use super::{FollowupCalls, wire};
use crate::{
    error::FollowupError,
    model::State,
    store::{
        clocks, exporting, holding,
        tasks::{self, Whose},
        timeline,
    },
    story,
};

/// Referrals that may be asked about at once.
const LARGEST: usize = 200;

fn referrals_named(ids: &[String]) -> Result<Vec<ReferralId>, FollowupError> {
    if ids.len() > LARGEST {
        return Err(FollowupError::TooMany(ids.len()));
    }
    ids.iter().map(|id| wire::id("referral_ids", id)).collect()
}

impl FollowupCalls {
    pub(super) async fn promises_of(
        &self,
        principal: &Principal,
        request: &ListPromisesRequest,
    ) -> Result<ListPromisesResponse, FollowupError> {
        let referrals = referrals_named(&request.referral_ids)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let promises = clocks::of_referrals(&mut transaction, &referrals).await?;
        transaction.commit().await?;
        Ok(ListPromisesResponse {
            promises: promises.into_iter().map(ReferralPromise::from).collect(),
        })
    }

    pub(super) async fn tasks_of(
        &self,
        principal: &Principal,
        request: &ListTasksRequest,
    ) -> Result<ListTasksResponse, FollowupError> {
        let states = if request.open_only {
            State::open_codes().as_slice().to_vec()
        } else {
            FollowUpState::ALL.to_vec()
        };
        let states: Vec<String> = states.iter().map(ToString::to_string).collect();

        let referrals = referrals_named(&request.referral_ids)?;
        let whose = whose(principal);
        let mut transaction = self.kit.database.begin(principal).await?;
        let tasks = if referrals.is_empty() {
            let mut tasks = tasks::list(&mut transaction, &whose, &states).await?;
            if request.open_only {
                tasks.extend(tasks::to_ask(&mut transaction, &whose).await?);
            }
            tasks
        } else {
            tasks::of_referrals(&mut transaction, &referrals, &states).await?
        };
        transaction.commit().await?;
        Ok(ListTasksResponse {
            tasks: tasks.into_iter().map(Task::from).collect(),
        })
    }

    pub(super) async fn timeline_of(
        &self,
        principal: &Principal,
        request: &GetTimelineRequest,
    ) -> Result<GetTimelineResponse, FollowupError> {
        let asked = wire::id("situation_id", &request.situation_id)?;

        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = survivor(&mut transaction, asked).await?;
        let mut entries = timeline::read(&mut transaction, situation).await?;
        if entries.is_empty() {
            return Err(FollowupError::NotFound { what: "situation" });
        }
        transaction.act_as(&self.kit.principal).await?;
        let cared_for = holding::cared_for(&mut transaction, situation).await?;
        transaction.commit().await?;
        // A coordinator decides for both, carer and cared-for person.
        let left_out = principal.role == Role::Partner && cared_for.objects();
        if left_out {
            for entry in &mut entries {
                story::leave_out_the_cared_for(&mut entry.codes);
            }
        }
        Ok(GetTimelineResponse {
            entries: entries.into_iter().map(TimelineEntry::from).collect(),
            left_out,
        })
    }

    pub(super) async fn exported(
        &self,
        principal: &Principal,
        request: &ExportSituationRequest,
    ) -> Result<ExportSituationResponse, FollowupError> {
        let situation = wire::id("situation_id", &request.situation_id)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let (_, family) = whole(&mut transaction, situation).await?;
        if !exporting::sees_any(&mut transaction, &family).await? {
            let json = "{}".to_owned();
            return Ok(ExportSituationResponse { json });
        }
        transaction.act_as(&self.kit.principal).await?;
        let json = exporting::export(&mut transaction, &family).await?;
        Ok(ExportSituationResponse { json })
    }

    pub(super) async fn open_loops_of(
        &self,
        principal: &Principal,
    ) -> Result<ListOpenLoopsResponse, FollowupError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let loops = clocks::open_loops(&mut transaction, &zones(principal)).await?;
        transaction.commit().await?;
        Ok(ListOpenLoopsResponse {
            loops: loops.into_iter().map(OpenLoop::from).collect(),
        })
    }
}

fn whose(principal: &Principal) -> Whose {
    match (&principal.role, &principal.organisation) {
        (Role::Partner, Some(organisation)) => Whose::Organisation(organisation.to_string()),
        _ => Whose::Zones(zones(principal)),
    }
}

fn zones(principal: &Principal) -> Vec<String> {
    principal.zones.iter().map(ToString::to_string).collect()
}
