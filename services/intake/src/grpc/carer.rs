//! What carers do without an account, by a link: see who was told, withdraw consent, and flag
//! their own situation.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::{events::v1 as events, intake::v1 as pb, to_proto};
use knipperlicht_eventing::{audit::Deed, merges::survivor, say};
use knipperlicht_links::{Card, Door, Token};
use knipperlicht_vocabulary::{
    Actor, Consent, Language, ReporterRole, SignalId, SituationId, Step,
};
use sqlx::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{IntakeCalls, contact, decode, erasing::not_erased, view};
use crate::{
    IntakeError,
    model::{ConsentMove, SCANNED, SignalFacts, change_consent, current_step, told},
    store::{self, Purpose},
};

/// How long a link to a carer's situation works. Own default.
const SITUATION: SignedDuration = SignedDuration::from_hours(180 * 24);

/// How long a card in a waiting room works. Own default.
const CARD: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Looks at most that a carer is shown.
const LONGEST_LIST: i64 = 500;

/// Signals at most by one card in an hour: more is nobody's waiting room. Own default.
const PER_HOUR: i32 = 20;

impl IntakeCalls {
    /// Makes a link to a situation, for somebody who has to do with it.
    pub(super) async fn situation_link(
        &self,
        principal: &Principal,
        request: &pb::IssueSituationLinkRequest,
    ) -> Result<pb::CarerLink, IntakeError> {
        let language = language(request.language)?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = concerned(&mut transaction, principal, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        let held = store::lock_consent(&mut transaction, situation).await?;
        // Looked at again under the lock: split meanwhile, it may be another carer's.
        transaction.act_as(principal).await?;
        if concerned(&mut transaction, principal, &request.situation_id).await? != situation {
            return Err(IntakeError::TooSlow);
        }
        transaction.act_as(&self.kit.principal).await?;
        not_erased(&held)?;
        // A partner who may no longer know who it is may not look by a link either.
        if principal.role == Role::Partner && !held.consent.allows_sharing() {
            return Err(IntakeError::NoConsent);
        }
        let link = self
            .my_situation(&mut transaction, situation, language)
            .await?;
        self.note_in_audit(&mut transaction, principal, "link.issued", situation, "")
            .await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// Takes back every link to a situation.
    pub(super) async fn situation_links_revoked(
        &self,
        principal: &Principal,
        request: &pb::RevokeSituationLinksRequest,
    ) -> Result<i32, IntakeError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let situation = concerned(&mut transaction, principal, &request.situation_id).await?;
        transaction.act_as(&self.kit.principal).await?;
        let now = self.kit.environment.now();
        let revoked = store::revoke_links_to(&mut transaction, situation, now).await?;
        self.note_in_audit(&mut transaction, principal, "link.revoked", situation, "")
            .await?;
        transaction.commit().await?;
        Ok(i32::try_from(revoked).unwrap_or(i32::MAX))
    }

    /// What a carer sees by their link.
    pub(super) async fn my_situation_by(
        &self,
        token: &str,
    ) -> Result<pb::MySituation, IntakeError> {
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let situation = self.opened(&mut transaction, token).await?;
        let seen = self.seen_by_carer(&mut transaction, situation).await?;
        transaction.rollback().await?;
        Ok(seen)
    }

    /// The carer withdraws consent: in the transaction in which every partner's look fails from
    /// now on. Doing it twice is harmless.
    pub(super) async fn consent_withdrawn_by(
        &self,
        carer: &Principal,
        token: &str,
    ) -> Result<pb::MySituation, IntakeError> {
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let situation = self.opened(&mut transaction, token).await?;
        let held = store::lock_consent(&mut transaction, situation).await?;
        not_erased(&held)?;
        // Merged in the meantime: then it is the survivor's consent, and all is to be done again.
        if survivor(&mut transaction, situation).await? != situation {
            return Err(IntakeError::TooSlow);
        }
        let next = match held.consent {
            Consent::NotAsked | Consent::Refused => Consent::Refused,
            Consent::Given | Consent::VitalInterest | Consent::Withdrawn => Consent::Withdrawn,
        };
        let change =
            change_consent(held.consent, next, "").map_err(|reason| IntakeError::Consent {
                field: "consent",
                reason,
            })?;
        if let ConsentMove::To(consent) = change {
            let now = self.kit.environment.now();
            let sequence = held.sequence + 1;
            store::set_consent(&mut transaction, situation, consent, sequence, now).await?;
            let circumstances = view::circumstances(&held, held.age_band, consent, sequence);
            let body = events::ConsentChanged {
                circumstances: Some(circumstances),
                by: Actor::Carer.number(),
                ..Default::default()
            };
            let said = self
                .said(&mut transaction, situation, held.zone, body.into())
                .await?;
            say(&mut transaction, now, &[said]).await?;
        }
        let seen = self.seen_by_carer(&mut transaction, situation).await?;
        if let ConsentMove::To(consent) = change {
            self.note_in_audit(
                &mut transaction,
                carer,
                "consent.withdrawn",
                situation,
                consent.code(),
            )
            .await?;
        }
        transaction.commit().await?;
        self.kit.committed();
        Ok(seen)
    }

    /// Makes the card of a zone, or of a partner.
    pub(super) async fn self_signal_card(
        &self,
        principal: &Principal,
        request: &pb::IssueSelfSignalCardRequest,
    ) -> Result<pb::CarerLink, IntakeError> {
        let language = language(request.language)?;
        let purpose = if let (Role::Partner, Some(organisation)) =
            (principal.role, &principal.organisation)
        {
            Purpose::PartnerCard(organisation.clone())
        } else {
            let mut zones = principal.zones.iter();
            let zone = zones.find(|zone| zone.as_str() == request.zone_id);
            let zone = zone.ok_or(IntakeError::NotFound { what: "zone" })?;
            Purpose::ZoneCard(zone.clone())
        };
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let (token, link) = self.link(Door::SelfSignal, language, CARD)?;
        let (now, expires_at) = self.lifetime(CARD);
        let hash = token.hash(Door::SelfSignal);
        store::insert_link(&mut transaction, &hash, &purpose, now, expires_at).await?;
        let deed = Deed {
            action: "card.issued",
            object: purpose.owner().unwrap_or_default().to_owned(),
            purpose: "",
        };
        self.kit.note(&mut transaction, principal, deed).await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// Takes a card back.
    pub(super) async fn card_revoked(
        &self,
        principal: &Principal,
        token: &str,
    ) -> Result<(), IntakeError> {
        let token = Token::parse(token).ok_or(IntakeError::LinkUnknown)?;
        let hash = token.hash(Door::SelfSignal);
        let mut transaction = self.kit.database.begin(principal).await?;
        let known = store::link(&mut transaction, &hash).await?;
        let card = known.ok_or(IntakeError::LinkUnknown)?;
        transaction.act_as(&self.kit.principal).await?;
        let now = self.kit.environment.now();
        store::revoke_links(&mut transaction, &[hash.to_vec()], now).await?;
        let deed = Deed {
            action: "card.revoked",
            object: card.purpose.owner().unwrap_or_default().to_owned(),
            purpose: "",
        };
        self.kit.note(&mut transaction, principal, deed).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A carer flags their own situation by a card, and gets a link to it.
    pub(super) async fn self_signal(
        &self,
        request: &pb::SubmitSelfSignalRequest,
    ) -> Result<pb::SubmitSelfSignalResponse, IntakeError> {
        let sent = request
            .signal
            .as_ref()
            .ok_or(IntakeError::Missing { field: "signal" })?;
        let token = Token::parse(&request.token).ok_or(IntakeError::LinkUnknown)?;
        let hash = token.hash(Door::SelfSignal);
        let now = self.kit.environment.now();
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        usable(store::link(&mut transaction, &hash).await?, now)?;
        let mut signal = Zeroizing::new(sent.clone());
        signal.reporter_role = ReporterRole::Carer.number();
        if ![Consent::Given.number(), Consent::NotAsked.number()].contains(&signal.consent) {
            return Err(IntakeError::Consent {
                field: "signal.consent",
                reason: "a carer's own signal says `given`, or `not_asked`",
            });
        }
        let id = decode::signal_id("signal.signal_id", &signal.signal_id)?;
        let mut prepared = self.prepare(&whoever_scans(id, &hash)?, &signal).await?;
        prepared.proven = false;
        let observations = prepared.observations.clone();
        // A signal that is sent again is no other one: it costs the waiting room nothing.
        let is_new = store::known(&mut transaction, &[id.uuid()])
            .await?
            .is_empty();
        if is_new && !store::use_card(&mut transaction, &hash, now, PER_HOUR).await? {
            return Err(IntakeError::CardUsedTooOften);
        }
        transaction.commit().await?;

        let stored = self.submit.store(prepared).await?;
        let language = language(signal.language)?;
        let mut transaction = self.kit.database.begin(&self.kit.principal).await?;
        let link = self
            .my_situation(&mut transaction, stored.situation, language)
            .await?;
        transaction.commit().await?;
        Ok(pb::SubmitSelfSignalResponse {
            receipt: Some(view::receipt(&self.zones, &stored, &observations, None)),
            my_situation: Some(link),
        })
    }

    async fn my_situation(
        &self,
        connection: &mut PgConnection,
        situation: SituationId,
        language: Language,
    ) -> Result<pb::CarerLink, IntakeError> {
        let (token, link) = self.link(Door::MySituation, language, SITUATION)?;
        let (now, expires_at) = self.lifetime(SITUATION);
        let hash = token.hash(Door::MySituation);
        let purpose = Purpose::MySituation(situation);
        store::insert_link(connection, &hash, &purpose, now, expires_at).await?;
        Ok(link)
    }

    /// A new token, and the link and card it stands in. Not kept yet.
    fn link(
        &self,
        door: Door,
        language: Language,
        lifetime: SignedDuration,
    ) -> Result<(Token, pb::CarerLink), IntakeError> {
        let token = Token::new(&self.kit.environment);
        let url = self.address.link(door, &token);
        let (_, expires_at) = self.lifetime(lifetime);
        let last = expires_at.to_zoned(TimeZone::UTC).date();
        let card = Card {
            door,
            language: language.into(),
            link: &url,
            until: last.yesterday().unwrap_or(last),
        };
        let link = pb::CarerLink {
            token: token.text(),
            expires_at: Some(to_proto(expires_at)),
            card_svg: card.svg()?,
            url,
        };
        Ok((token, link))
    }

    fn lifetime(&self, lifetime: SignedDuration) -> (Timestamp, Timestamp) {
        let now = self.kit.environment.now();
        (now, now.saturating_add(lifetime).unwrap_or(Timestamp::MAX))
    }

    /// The situation that a carer's link opens, or what that became part of. A token is found by
    /// its hash or not at all, so that neither the answer nor the time it takes tells anything of a
    /// token that somebody guessed.
    pub(super) async fn opened(
        &self,
        connection: &mut PgConnection,
        token: &str,
    ) -> Result<SituationId, IntakeError> {
        let token = Token::parse(token).ok_or(IntakeError::LinkUnknown)?;
        let hash = token.hash(Door::MySituation);
        let link = store::link(&mut *connection, &hash).await?;
        match usable(link, self.kit.environment.now())? {
            Purpose::MySituation(situation) => Ok(survivor(connection, situation).await?),
            Purpose::ZoneCard(_) | Purpose::PartnerCard(_) => Err(IntakeError::LinkUnknown),
        }
    }

    async fn seen_by_carer(
        &self,
        connection: &mut PgConnection,
        situation: SituationId,
    ) -> Result<pb::MySituation, IntakeError> {
        let held = store::lock_consent(&mut *connection, situation).await?;
        let steps = store::steps_of(&mut *connection, &[situation.uuid()]).await?;
        let steps = steps.get(&situation).map_or(&[][..], Vec::as_slice);
        let facts = SignalFacts {
            received_at: Timestamp::UNIX_EPOCH,
            withdrawn_at: None,
            erased_at: None,
            consent: held.consent,
            consent_at: None,
        };
        let step: Step = current_step(&told(&facts, steps));
        let homes = contact::all_homes(&mut *connection, &[situation.uuid()]).await?;
        let readings = store::readings_of(&mut *connection, &homes, LONGEST_LIST).await?;
        let grants = store::grants_of(connection, situation).await?;
        let told = grants.into_iter().map(|partner| pb::ToldPartner {
            organisation_id: partner.organisation,
            since: Some(to_proto(partner.since)),
            still: held.consent.allows_sharing() && !partner.ended,
        });
        Ok(pb::MySituation {
            consent: held.consent.number(),
            step: step.number(),
            zone_name: view::zone_name(&self.zones, &held.zone),
            told: told.collect(),
            readings: readings
                .iter()
                .map(|reading| view::reading(&self.zones, reading))
                .collect(),
            cared_for_objects: held.cared_for_objects,
        })
    }
}

/// What a link that works is for. What was taken back is as unknown as what was never made.
fn usable(link: Option<store::LinkRow>, now: Timestamp) -> Result<Purpose, IntakeError> {
    let link = link
        .filter(|link| !link.revoked)
        .ok_or(IntakeError::LinkUnknown)?;
    if link.expires_at <= now {
        return Err(IntakeError::LinkExpired);
    }
    Ok(link.purpose)
}

/// A situation that the caller has to do with: a partner accepted it, a coordinator's zone holds
/// it, a reporter flagged it.
pub(super) async fn concerned(
    connection: &mut PgConnection,
    principal: &Principal,
    id: &str,
) -> Result<SituationId, IntakeError> {
    let asked = decode::situation_id("situation_id", id)?;
    let situation = survivor(&mut *connection, asked).await?;
    let is_concerned = if principal.role == Role::Partner {
        store::has_grant(connection, situation).await?
    } else {
        store::sees_situation(connection, situation).await?
    };
    if is_concerned {
        Ok(situation)
    } else {
        Err(IntakeError::NotFound { what: "situation" })
    }
}

fn language(number: i32) -> Result<Language, IntakeError> {
    let language = decode::optional("language", number)?;
    Ok(language.unwrap_or(Language::Dutch))
}

/// Whoever sends this signal by this card: the same when it is sent again, and somebody else for
/// every other signal. No account has such a name, so nobody finds the signal in a list.
fn whoever_scans(signal: SignalId, card: &[u8; 32]) -> Result<Principal, IntakeError> {
    let mut own: [u8; 16] = [0; 16];
    own.copy_from_slice(&card[..16]);
    let name = SignalId::derived(Uuid::from_bytes(own), &signal.to_string());
    let subject = format!("{SCANNED}{name}")
        .parse()
        .map_err(|source| IntakeError::Id {
            field: "signal.signal_id",
            source,
        })?;
    Ok(Principal {
        subject,
        role: Role::LinkHolder,
        organisation: None,
        zones: Vec::new(),
    })
}
