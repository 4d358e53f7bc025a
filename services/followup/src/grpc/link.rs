//! The link with which a carer, without an account, says whether it helped and how they are now.

use jiff::{Timestamp, tz::TimeZone};
use knipperlicht_access::Principal;
use knipperlicht_contracts::{
    events::v1 as events,
    followup::v1::{
        ConfirmOutcomeRequest, ConfirmOutcomeResponse, IssueCarerLinkRequest,
        IssueCarerLinkResponse, RevokeCarerLinksRequest, RevokeCarerLinksResponse,
    },
    to_proto,
};
use knipperlicht_links::{Card, Door, Token};
use knipperlicht_vocabulary::{Actor, Language, TaskId};

use super::{
    FollowupCalls,
    wire::{self, Answer},
    work::{Moved, Work},
};
use crate::{
    error::FollowupError,
    model::Action,
    store::{links, tasks},
};

impl FollowupCalls {
    pub(super) async fn link_issued(
        &self,
        principal: &Principal,
        request: &IssueCarerLinkRequest,
    ) -> Result<IssueCarerLinkResponse, FollowupError> {
        let task_id: TaskId = wire::id("task_id", &request.task_id)?;
        let language: Option<Language> = wire::optional_code("language", request.language)?;
        let token = Token::new(&self.kit.environment);
        let url = self.address.link(Door::AnswerOutcome, &token);

        let mut work = Work::begin(self, principal, task_id).await?;
        work.act(Action::AskCarer).await?;
        let expires_at = self.asking.link_until(work.now());
        let card = Card {
            door: Door::AnswerOutcome,
            language: language.unwrap_or(Language::Dutch).into(),
            link: &url,
            until: last_day(expires_at),
        };
        let card_svg = card.svg()?;
        let hash = token.hash(Door::AnswerOutcome);
        let my_situation = token.hash(Door::MySituation);
        links::insert(work.connection(), &hash, &my_situation, task_id, expires_at).await?;
        let home = tasks::home(work.connection(), task_id).await?;
        let home = home.filter(|home| *home != work.task().situation);
        // The same link shows who was told, and withdraws consent: intake's to answer.
        work.say(events::CarerLinkMade {
            my_situation_hash: my_situation.to_vec(),
            expires_at: Some(to_proto(expires_at)),
            home_situation_id: home.map(|home| home.to_string()).unwrap_or_default(),
        })
        .await?;
        work.note(principal, "link.issued");
        work.finish().await?;
        Ok(IssueCarerLinkResponse {
            token: token.text(),
            expires_at: Some(to_proto(expires_at)),
            url,
            card_svg,
        })
    }

    pub(super) async fn links_revoked(
        &self,
        principal: &Principal,
        request: &RevokeCarerLinksRequest,
    ) -> Result<RevokeCarerLinksResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;

        // A lost card opens "my situation" also where nothing else may be done.
        let mut work = Work::begin_even_held(self, principal, task_id).await?;
        let now = work.now();
        let my_situation_hashes = links::take_back(work.connection(), now, task_id).await?;
        let revoked = my_situation_hashes.len();
        if revoked > 0 {
            work.say(events::CarerLinksTakenBack {
                my_situation_hashes,
            })
            .await?;
        }
        work.note(principal, "link.revoked");
        work.finish().await?;
        Ok(RevokeCarerLinksResponse {
            revoked: i32::try_from(revoked).unwrap_or(i32::MAX),
        })
    }

    /// Whoever holds the link may answer, so all of it happens in the service's own name. The
    /// link is used up only after the follow-up is locked: always in that order, as in reopening.
    pub(super) async fn answered(
        &self,
        request: &ConfirmOutcomeRequest,
    ) -> Result<ConfirmOutcomeResponse, FollowupError> {
        let answer = wire::answer(request.answer)?;
        let state = wire::carer_state(request.how_are_you.as_ref())?;
        let token = Token::parse(&request.token).ok_or(FollowupError::LinkUnknown)?;
        let hash = token.hash(Door::AnswerOutcome);

        let link = self.usable_link(&hash).await?;
        let mut work = Work::begin(self, &self.kit.principal, link.task).await?;
        let now = work.now();
        if !links::use_up(work.connection(), now, &hash).await? {
            return Err(FollowupError::LinkUsed);
        }
        let (task_id, referral_id) = (work.task().id.to_string(), work.task().referral.to_string());
        let moved = match answer {
            Answer::Helped => work.act(Action::Confirm).await?,
            Answer::NotHelped => work.act(Action::Reopen).await?,
        };
        let answered = events::CarerAnswered {
            task_id: task_id.clone(),
            state,
        };
        match answer {
            Answer::Helped if moved == Moved::Yes => {
                work.say(events::OutcomeConfirmed { task_id }).await?;
            }
            Answer::Helped => {}
            Answer::NotHelped => {
                work.say(events::SituationReopened {
                    task_id,
                    referral_id,
                    by_carer: true,
                    by_reporter: false,
                    by: Actor::Carer.number(),
                })
                .await?;
            }
        }
        // After the rest: whoever is at work again is not to be asked for the same anew.
        if state.is_some() {
            work.say(answered).await?;
        }
        work.finish().await?;
        Ok(ConfirmOutcomeResponse {
            reopened: answer == Answer::NotHelped,
        })
    }

    /// A token is found by its hash or not at all, so that neither the answer nor the time it
    /// takes tells anything of a token that somebody guessed. Whoever holds a real one is told why
    /// it does not work any more.
    async fn usable_link(&self, hash: &[u8; 32]) -> Result<links::CarerLink, FollowupError> {
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let link = links::find(&mut transaction, hash).await?;
        transaction.rollback().await?;
        let link = link.ok_or(FollowupError::LinkUnknown)?;
        if link.used_at.is_some() {
            return Err(FollowupError::LinkUsed);
        }
        if link.expires_at <= self.kit.environment.now() {
            return Err(FollowupError::LinkExpired);
        }
        Ok(link)
    }
}

/// The last whole day before a moment.
fn last_day(moment: Timestamp) -> jiff::civil::Date {
    let day = moment.to_zoned(TimeZone::UTC).date();
    day.yesterday().unwrap_or(day)
}
