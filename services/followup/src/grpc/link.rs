//! The link with which a carer, without an account, says whether it helped.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use knipperlicht_access::Principal;
use knipperlicht_contracts::{
    events::v1 as events,
    followup::v1::{
        ConfirmOutcomeRequest, ConfirmOutcomeResponse, IssueCarerLinkRequest,
        IssueCarerLinkResponse,
    },
    to_proto,
};
use knipperlicht_vocabulary::Actor;
use sha2::{Digest, Sha256};

use super::{
    FollowupCalls,
    wire::{self, Answer},
    work::{Moved, Work},
};
use crate::{error::FollowupError, model::Action, store::links};

/// How long a link works: past the four weeks after which the carer is asked.
const LIFETIME: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Bytes of a token: too many to guess, so that a plain hash is enough to keep it.
const TOKEN: usize = 32;

impl FollowupCalls {
    pub(super) async fn link_issued(
        &self,
        principal: &Principal,
        request: &IssueCarerLinkRequest,
    ) -> Result<IssueCarerLinkResponse, FollowupError> {
        let task_id = wire::id("task_id", &request.task_id)?;

        let mut work = Work::begin(self, principal, task_id).await?;
        work.act(Action::AskCarer).await?;
        let mut token = [0; TOKEN];
        self.kit.environment.fill(&mut token);
        let expires_at = work.now() + LIFETIME;
        links::insert(work.connection(), &hash(&token), task_id, expires_at).await?;
        work.finish().await?;
        Ok(IssueCarerLinkResponse {
            token: BASE64_URL_SAFE_NO_PAD.encode(token),
            expires_at: Some(to_proto(expires_at)),
        })
    }

    /// Whoever holds the link may answer, so all of it happens in the service's own name. The
    /// link is used up only after the follow-up is locked: always in that order, as in reopening.
    pub(super) async fn answered(
        &self,
        request: &ConfirmOutcomeRequest,
    ) -> Result<ConfirmOutcomeResponse, FollowupError> {
        let answer = wire::answer(request.answer)?;
        let hash = hash_of(&request.token)?;

        let link = self.usable_link(&hash).await?;
        let mut work = Work::begin(self, &self.kit.principal, link.task).await?;
        let now = work.now();
        if !links::use_up(work.connection(), now, &hash).await? {
            return Err(FollowupError::LinkUsed);
        }
        let (task_id, referral_id) = (work.task().id.to_string(), work.task().referral.to_string());
        match answer {
            Answer::Helped => {
                if work.act(Action::Confirm).await? == Moved::Yes {
                    work.say(events::OutcomeConfirmed { task_id }).await?;
                }
            }
            Answer::NotHelped => {
                work.act(Action::Reopen).await?;
                let by_carer = true;
                work.say(events::SituationReopened {
                    task_id,
                    referral_id,
                    by_carer,
                    by: Actor::Carer.number(),
                })
                .await?;
            }
        }
        work.finish().await?;
        Ok(ConfirmOutcomeResponse {
            reopened: answer == Answer::NotHelped,
        })
    }

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

/// What is not even a token is as unknown as a token that nobody made.
fn hash_of(token: &str) -> Result<[u8; 32], FollowupError> {
    let mut bytes = [0; TOKEN];
    match BASE64_URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) {
        Ok(TOKEN) => Ok(hash(&bytes)),
        _ => Err(FollowupError::LinkUnknown),
    }
}

fn hash(token: &[u8; TOKEN]) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_is_looked_up() {
        let token = BASE64_URL_SAFE_NO_PAD.encode([7; TOKEN]);
        assert_eq!(hash_of(&token).unwrap(), hash(&[7; TOKEN]));
        let longer = BASE64_URL_SAFE_NO_PAD.encode([7; TOKEN + 1]);
        for other in ["", "%%%", "AAAA", &token[1..], &longer, &"A".repeat(60_000)] {
            assert!(matches!(hash_of(other), Err(FollowupError::LinkUnknown)));
        }
    }
}
