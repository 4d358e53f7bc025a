//! What partners answer who are asked.

use knipperlicht_contracts::routing::v1::{
    self as routing, routing_service_client::RoutingServiceClient,
};
use knipperlicht_vocabulary::Urgency;

use super::{
    Play, YearsError, bear,
    course::{Asked, Deed, FollowUp},
    together,
};
use crate::dev::{
    DevError,
    years::plan::{Moment, Reply},
};

/// The most that a page has.
const PAGE: i32 = 200;

impl Play<'_> {
    /// What partners answer now.
    pub(super) async fn answer(&mut self, now: Moment) -> Result<(), DevError> {
        let mut calls = Vec::new();
        for referral in self.open_referrals().await? {
            let Some((course, asked)) = self.asked(&referral) else {
                continue;
            };
            let Some(reply) = self.courses[course].reply(asked, now) else {
                continue;
            };
            let organisation = referral.service.clone().unwrap_or_default().organisation_id;
            let mut desk = RoutingServiceClient::new(self.callers.desk(&organisation)?);
            self.touch(&referral.situation_id);
            calls.push(async move {
                let referral_id = referral.referral_id.clone();
                let is_done = match reply {
                    Reply::Accept(_) => {
                        bear(desk.accept(routing::AcceptRequest { referral_id }).await)?
                    }
                    Reply::Decline(_, reason) => {
                        let reason = reason.number();
                        let request = routing::DeclineRequest {
                            referral_id,
                            reason,
                        };
                        bear(desk.decline(request).await)?
                    }
                    Reply::Silence => false,
                };
                Ok((is_done, reply, course, asked.urgency, referral))
            });
        }
        for (is_done, reply, course, urgency, referral) in together(calls).await? {
            match reply {
                Reply::Accept(_) if is_done => self.accepted(course, urgency, referral, now),
                // The next one is asked.
                Reply::Decline(..) if is_done => self.is_asked_anew = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Whose course it belongs to, and how the partner was asked.
    fn asked(&self, referral: &routing::Referral) -> Option<(usize, Asked)> {
        let course = *self.by_situation.get(&referral.situation_id)?;
        let since = referral.requested_at?;
        let since = jiff::Timestamp::from_second(since.seconds).ok()?;
        let asked = Asked {
            is_first: referral.previous_referral_id.is_empty(),
            since: self.environment.day_of(since),
            urgency: Urgency::try_from(referral.urgency).ok()?,
        };
        Some((course, asked))
    }

    fn accepted(
        &mut self,
        course: usize,
        urgency: Urgency,
        referral: routing::Referral,
        now: Moment,
    ) {
        let service = referral.service.unwrap_or_default();
        let days = self.courses[course].story.help.first_talk.days(urgency);
        let then = match days {
            0 => now,
            days => now.working_after(days),
        };
        self.agenda.add(then, Deed::Call(self.follow_ups.len()));
        self.follow_ups.push(FollowUp {
            course,
            referral_id: referral.referral_id,
            organisation: service.organisation_id,
            urgency,
            task_id: String::new(),
            missed_calls: 0,
            is_reopened: false,
        });
        self.helpful.insert(referral.zone_id, service.service_id);
    }

    async fn open_referrals(&mut self) -> Result<Vec<routing::Referral>, DevError> {
        let line = self.callers.coordinator(&self.zones)?;
        let mut desk = RoutingServiceClient::new(line);
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = routing::ListReferralsRequest {
                open_only: true,
                page_size: PAGE,
                page_token,
                ..Default::default()
            };
            let page = desk.list_referrals(request).await;
            let page = page.map_err(YearsError::from)?.into_inner();
            all.extend(page.referrals);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }
}
