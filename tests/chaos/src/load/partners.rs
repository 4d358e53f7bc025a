//! Partners: they take, decline, send on or hold what they are asked, and follow up what they
//! took. Each under its own organisation's token; a coordinator's list tells them apart.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use knipperlicht_contracts::{
    followup::v1 as followup, intake::v1 as intake, routing::v1 as routing,
};
use knipperlicht_runtime::Stop;
use knipperlicht_vocabulary::{
    ContactChannel, ContactResult, DeclineReason, OutcomeResult, ReferralState,
};
use tokio::task::JoinSet;
use tonic::Status;

use super::promises::{Decision, SharedPromises};
use crate::{
    ChaosError, Dice,
    people::{Caller, People, is_no_answer, never_left, pause_after},
};

/// Referrals that are decided on at the same time.
const AT_ONCE: usize = 4;

/// Follow-ups that are open at the same time at most: desks take on no more than they can do.
const TAKEN_ON: usize = 500;

/// Between two looks at a list.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Calls that are made again so often at most: then whoever calls turns to something else.
const TRIES: u32 = 30;

#[derive(Clone)]
pub(super) struct Bots {
    people: People,
    coordinator: Caller,
    desks: Arc<Mutex<HashMap<String, Caller>>>,
    /// Follow-ups that were open when somebody looked last.
    taken_on: Arc<AtomicUsize>,
    promises: Arc<SharedPromises>,
}

impl Bots {
    pub(super) fn new(people: People, promises: Arc<SharedPromises>) -> Result<Self, ChaosError> {
        let coordinator = people.coordinator()?;
        Ok(Self {
            people,
            coordinator,
            desks: Arc::default(),
            taken_on: Arc::default(),
            promises,
        })
    }

    /// Walks through what is open, page by page, over and over, and decides on it.
    pub(super) async fn decide(self, mut dice: Dice, stop: Stop) {
        let mut page_token = String::new();
        while stop.pause(LOOK_EVERY).await {
            if self.taken_on.load(Ordering::Relaxed) > TAKEN_ON {
                continue;
            }
            let page_size = 100;
            let request = routing::ListReferralsRequest {
                open_only: true,
                page_size,
                page_token: page_token.clone(),
                ..Default::default()
            };
            let Ok(page) = self.coordinator.routing().list_referrals(request).await else {
                page_token.clear();
                continue;
            };
            let page = page.into_inner();
            page_token = page.next_page_token;
            let mut deciding = JoinSet::new();
            for referral in page.referrals {
                if referral.requested_at.is_none()
                    || referral.state == ReferralState::Accepted.number()
                {
                    continue;
                }
                if deciding.len() >= AT_ONCE {
                    deciding.join_next().await;
                }
                if stop.is_requested() {
                    break;
                }
                deciding.spawn(self.clone().decide_on(referral, dice.below(100)));
            }
            while deciding.join_next().await.is_some() {}
        }
    }

    async fn decide_on(self, referral: routing::Referral, chance: usize) {
        let (Ok(id), Some(service)) = (referral.referral_id.parse(), &referral.service) else {
            return;
        };
        let Some(desk) = self.desk(&service.organisation_id) else {
            return;
        };
        let referral_id = referral.referral_id.clone();
        let decided = match chance {
            0..55 => self
                .accept(&desk, referral_id)
                .await
                .then_some(Decision::Accepted),
            55..80 => self
                .decline(&desk, referral_id)
                .await
                .then_some(Decision::PassedOn),
            80..90 => {
                let Some(service_id) = self.other_service(&referral, chance).await else {
                    return;
                };
                self.redirect(&desk, referral_id, service_id)
                    .await
                    .then_some(Decision::PassedOn)
            }
            90..95 => {
                self.hold(&desk, referral_id).await;
                None
            }
            _ => None,
        };
        if let Some(decision) = decided {
            self.promises.decided(id, decision);
        }
    }

    async fn accept(&self, desk: &Caller, referral_id: String) -> bool {
        let request = routing::AcceptRequest { referral_id };
        self.is_told(|| {
            let (mut routing, request) = (desk.routing(), request.clone());
            async move { routing.accept(request).await }
        })
        .await
    }

    async fn decline(&self, desk: &Caller, referral_id: String) -> bool {
        let request = routing::DeclineRequest {
            referral_id,
            reason: DeclineReason::NoCapacity.number(),
        };
        self.is_told(|| {
            let (mut routing, request) = (desk.routing(), request.clone());
            async move { routing.decline(request).await }
        })
        .await
    }

    async fn redirect(&self, desk: &Caller, referral_id: String, service_id: String) -> bool {
        let reason = DeclineReason::NeedsOtherHelp.number();
        let request = routing::RedirectRequest {
            referral_id,
            service_id,
            reason,
        };
        self.is_told(|| {
            let (mut routing, request) = (desk.routing(), request.clone());
            async move { routing.redirect(request).await }
        })
        .await
    }

    async fn hold(&self, desk: &Caller, referral_id: String) -> bool {
        let request = routing::HoldRequest { referral_id };
        self.is_told(|| {
            let (mut routing, request) = (desk.routing(), request.clone());
            async move { routing.hold(request).await }
        })
        .await
    }

    /// Another service of the zone.
    async fn other_service(&self, referral: &routing::Referral, chance: usize) -> Option<String> {
        let request = routing::ListServicesRequest {
            zone_id: referral.zone_id.clone(),
            ..Default::default()
        };
        let services = self
            .coordinator
            .routing()
            .list_services(request)
            .await
            .ok()?
            .into_inner()
            .services;
        let ours = referral.service.as_ref()?.service_id.as_str();
        let others: Vec<String> = services
            .into_iter()
            .map(|service| service.service_id)
            .filter(|id| id != ours)
            .collect();
        others.get(chance % others.len().max(1)).cloned()
    }

    /// Reaches carers and closes follow-ups.
    pub(super) async fn follow_up(self, mut dice: Dice, stop: Stop) {
        while stop.pause(LOOK_EVERY).await {
            let Ok(tasks) = self
                .coordinator
                .followup()
                .list_tasks(followup::ListTasksRequest {
                    open_only: true,
                    ..Default::default()
                })
                .await
            else {
                continue;
            };
            let mut tasks = tasks.into_inner().tasks;
            self.taken_on.store(tasks.len(), Ordering::Relaxed);
            dice.shuffle(&mut tasks);
            for task in tasks.into_iter().take(20) {
                if stop.is_requested() {
                    return;
                }
                self.follow(&task).await;
            }
        }
    }

    async fn follow(&self, task: &followup::Task) {
        let Some(desk) = self.desk(&task.organisation_id) else {
            return;
        };
        let task_id = task.task_id.clone();
        let contact = followup::RecordContactRequest {
            task_id: task_id.clone(),
            channel: ContactChannel::Phone.number(),
            result: ContactResult::Reached.number(),
            contact_id: task_id.clone(),
        };
        // The call has a number: it may be sent again.
        let is_recorded = self
            .is_told(|| {
                let (mut followup, contact) = (desk.followup(), contact.clone());
                async move { followup.record_contact(contact).await }
            })
            .await;
        if !is_recorded {
            return;
        }
        self.look_at(&desk, &task.situation_id).await;
        let result = OutcomeResult::Helped.number();
        let request = followup::CompleteRequest {
            task_id,
            result,
            ..Default::default()
        };
        let completed = self
            .is_told(|| {
                let (mut followup, request) = (desk.followup(), request.clone());
                async move { followup.complete(request).await }
            })
            .await;
        if let (true, Ok(referral)) = (completed, task.referral_id.parse()) {
            self.promises.completed(referral);
        }
    }

    /// Reads whom it is about.
    async fn look_at(&self, desk: &Caller, situation_id: &str) {
        let request = intake::GetContactRequest {
            situation_id: situation_id.to_owned(),
            purpose: "first call".to_owned(),
        };
        let is_given = self
            .is_told(|| {
                let (mut intake, request) = (desk.intake(), request.clone());
                async move { intake.get_contact(request).await }
            })
            .await;
        if let (true, Ok(situation)) = (is_given, situation_id.parse()) {
            self.promises.looked_at(situation);
        }
    }

    /// Calls until there is an answer. False where it is a refusal (most often because it was
    /// done before, by a call whose answer was lost), or none comes.
    async fn is_told<T, F>(&self, call: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<T, Status>>,
    {
        for failures in 0..TRIES {
            match call().await {
                Ok(_) => return true,
                Err(status) if never_left(&status) => {}
                Err(status) if is_no_answer(&status) => {
                    self.promises.retried(&status);
                    tokio::time::sleep(pause_after(failures)).await;
                }
                Err(_) => return false,
            }
        }
        false
    }

    fn desk(&self, organisation: &str) -> Option<Caller> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(organisation) {
            return Some(desk.clone());
        }
        let desk = self.people.partner(organisation).ok()?;
        desks.insert(organisation.to_owned(), desk.clone());
        Some(desk)
    }
}
