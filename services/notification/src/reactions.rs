//! What notification does when it hears something: a row for each who asked to be told.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use knipperlicht_contracts::event::EventBody;
use knipperlicht_eventing::{Event, Fact, Forgets, Kit, Listens, erasing, merges};
use knipperlicht_vocabulary::{DeliveryId, ReferralId, SituationId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    model::{
        audience::{Audience, Hears, Meaning, Note, meaning},
        owner::{Owner, OwnerKind},
        retention::Retention,
    },
    registry::{Registry, Wanted},
    store::{
        concerned::{self, Concern, Concerned, Silence},
        deliveries::{self, NewDelivery},
    },
};

/// What notification does when it hears something.
pub struct NotificationReactions {
    kit: Kit,
    registry: Arc<Registry>,
    retention: Retention,
}

impl NotificationReactions {
    pub(crate) const fn new(kit: Kit, registry: Arc<Registry>, retention: Retention) -> Self {
        Self {
            kit,
            registry,
            retention,
        }
    }
}

impl Forgets for NotificationReactions {
    async fn forget(
        &self,
        connection: &mut PgConnection,
        situations: &[Uuid],
        _: Timestamp,
    ) -> Result<(), sqlx::Error> {
        concerned::forget(connection, situations).await
    }
}

impl Listens for NotificationReactions {
    async fn prepare(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.registry.refresh(connection).await
    }

    fn concerns(&self, fact: &Fact) -> bool {
        // What became one situation has to be known before anybody asks for it, and what is to be
        // forgotten is, whoever asked for it.
        if matches!(
            fact.body,
            EventBody::SituationsMerged(_)
                | EventBody::SituationsSplit(_)
                | EventBody::SituationErased(_)
        ) {
            return true;
        }
        self.registry.look(|wanted| {
            !wanted.is_empty() && {
                let meaning = meaning(fact.said_of, &fact.body);
                note_is_wanted(wanted, meaning.note.as_ref())
                    || meaning
                        .audiences
                        .iter()
                        .any(|audience| may_be_wanted(wanted, fact, audience))
            }
        })
    }

    async fn hear(
        &self,
        connection: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), sqlx::Error> {
        let known: Vec<Uuid> = events.iter().map(|event| event.said_of.uuid()).collect();
        let mut forgotten = erasing::erased_of(&mut *connection, &known).await?;
        // One that is forgotten by one of these is not spoken of by those after it.
        let heard: Vec<Heard<'_>> = events
            .iter()
            .filter(|event| {
                let erased = erasing::is_erasure(event);
                let spoken_of = erased || !forgotten.contains(&event.said_of.uuid());
                if erased {
                    forgotten.insert(event.said_of.uuid());
                }
                spoken_of
            })
            .map(|event| Heard {
                event,
                meaning: meaning(event.said_of, &event.body),
            })
            .collect();
        let Notes {
            concerns,
            silences,
            ended,
        } = self.registry.look(|wanted| notes(wanted, &heard));
        concerned::insert(&mut *connection, &concerns).await?;
        for Heard { event, .. } in &heard {
            reshape(&mut *connection, event).await?;
        }
        // Who refused is not spoken of; that somebody withdrew is the last that is told.
        let (at_once, after): (Vec<Silence>, Vec<Silence>) = silences
            .into_iter()
            .partition(|silence| silence.consent.hears != Hears::ThisLast);
        concerned::silence(&mut *connection, &at_once).await?;
        let concerned = if self
            .registry
            .look(|wanted| wanted.has_organisations() || wanted.has_reporters())
        {
            Known::read(&mut *connection, &heard).await?
        } else {
            Known::default()
        };
        // Whose part in it ended is still told what was heard together with that.
        concerned::silence(&mut *connection, &after).await?;
        concerned::end(&mut *connection, &ended).await?;
        let deliveries = self
            .registry
            .look(|wanted| new_deliveries(wanted, &heard, &concerned));
        let now = self.kit.environment.now();
        let told_since = self.retention.told_since(now);
        deliveries::insert(&mut *connection, now, told_since, &deliveries).await?;
        // Last: who is to be told that it is forgotten is known until then.
        for Heard { event, .. } in heard.iter().filter(|one| erasing::is_erasure(one.event)) {
            let at = event.occurred_at;
            let family = erasing::erase(&mut *connection, event.said_of, at).await?;
            concerned::forget(&mut *connection, &family).await?;
        }
        Ok(())
    }

    fn committed(&self) {
        self.kit.bell.ring();
    }
}

/// An event, and what it means here.
struct Heard<'e> {
    event: &'e Event,
    meaning: Meaning,
}

fn note_is_wanted(wanted: &Wanted, note: Option<&Note>) -> bool {
    match note {
        None => false,
        Some(Note::Flagged {
            reporter_key,
            consent,
            ..
        }) => {
            let owner = Owner::new(OwnerKind::Reporter, reporter_key);
            !wanted.of(&owner).is_empty() || (consent.is_another() && wanted.has_reporters())
        }
        Some(Note::Asked {
            organisation,
            instead_of,
            ..
        }) => {
            let owner = Owner::new(OwnerKind::Organisation, organisation.as_str());
            !wanted.of(&owner).is_empty() || (instead_of.is_some() && wanted.has_organisations())
        }
        Some(Note::Ended(_)) => wanted.has_organisations(),
        Some(Note::Consents(_)) => wanted.has_reporters(),
    }
}

/// Whether this audience may hold somebody with a subscription; for some only the tables know.
fn may_be_wanted(wanted: &Wanted, fact: &Fact, audience: &Audience) -> bool {
    match audience {
        Audience::Organisation(organisation, _) => {
            let owner = Owner::new(OwnerKind::Organisation, organisation.as_str());
            !wanted.of(&owner).is_empty()
        }
        Audience::Zone => !wanted.of(&zone_of(fact)).is_empty(),
        Audience::Holder(_) | Audience::Holders | Audience::EverAsked => wanted.has_organisations(),
        Audience::Reporters => wanted.has_reporters(),
    }
}

fn zone_of(fact: &Fact) -> Owner {
    Owner::new(OwnerKind::Zone, fact.zone.as_str())
}

/// What to remember of some events.
#[derive(Default)]
struct Notes {
    concerns: Vec<Concern>,
    silences: Vec<Silence>,
    /// Referrals by which nobody has to do with anything any more.
    ended: Vec<Uuid>,
}

/// What to remember of these events.
fn notes(wanted: &Wanted, heard: &[Heard<'_>]) -> Notes {
    let mut notes = Notes::default();
    let Notes {
        concerns,
        silences,
        ended,
    } = &mut notes;
    for Heard { event, meaning } in heard {
        let Some(note) = &meaning.note else { continue };
        if !note_is_wanted(wanted, Some(note)) {
            continue;
        }
        match note {
            Note::Flagged {
                reporter_key,
                signal,
                consent,
            } => {
                let owner = Owner::new(OwnerKind::Reporter, reporter_key);
                if !wanted.of(&owner).is_empty() {
                    concerns.push(Concern {
                        owner,
                        about: signal.uuid(),
                        situation: event.said_of,
                        consent: *consent,
                    });
                }
                if consent.is_another() {
                    silences.push(Silence {
                        situation: event.said_of,
                        consent: *consent,
                    });
                }
            }
            Note::Asked {
                organisation,
                referral,
                instead_of,
            } => {
                // One that was over may come back.
                ended.retain(|over| *over != referral.uuid());
                ended.extend(instead_of.map(ReferralId::uuid));
                let owner = Owner::new(OwnerKind::Organisation, organisation.as_str());
                if !wanted.of(&owner).is_empty() {
                    concerns.push(Concern::of_organisation(
                        organisation,
                        *referral,
                        event.said_of,
                    ));
                }
            }
            Note::Ended(referral) => ended.push(referral.uuid()),
            Note::Consents(known) => {
                let known = known.iter();
                silences.extend(known.map(|(situation, consent)| Silence {
                    situation: *situation,
                    consent: *consent,
                }));
            }
        }
    }
    notes
}

/// Notes what an event makes of situations.
async fn reshape(connection: &mut PgConnection, event: &Event) -> Result<(), sqlx::Error> {
    match &event.body {
        EventBody::SituationsMerged(body) => {
            if let Ok(into) = body.into_situation_id.parse() {
                merges::merge(connection, event.said_of, into, event.occurred_at).await?;
            }
        }
        EventBody::SituationsSplit(_) => {
            merges::split(connection, event.said_of).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Who has to do with the situations and referrals of some events.
#[derive(Default)]
struct Known {
    by_situation: HashMap<SituationId, Vec<Concerned>>,
    by_referral: HashMap<Uuid, Vec<Concerned>>,
}

impl Known {
    async fn read(connection: &mut PgConnection, heard: &[Heard<'_>]) -> Result<Self, sqlx::Error> {
        let (mut situations, mut referrals) = (BTreeSet::new(), BTreeSet::new());
        for Heard { event, meaning } in heard {
            for audience in &meaning.audiences {
                match audience {
                    Audience::Holders | Audience::EverAsked | Audience::Reporters => {
                        situations.insert(event.said_of.uuid());
                    }
                    Audience::Holder(referral) => {
                        referrals.insert(referral.uuid());
                    }
                    Audience::Organisation(..) | Audience::Zone => {}
                }
            }
        }
        let situations: Vec<Uuid> = situations.into_iter().collect();
        let referrals: Vec<Uuid> = referrals.into_iter().collect();
        Ok(Self {
            by_situation: concerned::of_situations(&mut *connection, &situations).await?,
            by_referral: concerned::of_referrals(connection, &referrals).await?,
        })
    }

    /// Those of a sort who have to do with a situation.
    fn around(&self, situation: SituationId, kind: OwnerKind) -> impl Iterator<Item = &Concerned> {
        self.by_situation
            .get(&situation)
            .into_iter()
            .flatten()
            .filter(move |concerned| concerned.owner.kind == kind)
    }
}

/// What to deliver, in the order it was heard; to each subscription an event once.
fn new_deliveries(wanted: &Wanted, heard: &[Heard<'_>], known: &Known) -> Vec<NewDelivery> {
    let mut deliveries = Vec::new();
    for Heard { event, meaning } in heard {
        let mut told = BTreeSet::new();
        for (owner, about) in receivers(event, &meaning.audiences, known) {
            for subscription in wanted.of(&owner) {
                if told.insert(*subscription) {
                    deliveries.push(NewDelivery {
                        id: DeliveryId::derived(*subscription, &event.id.to_string()),
                        subscription: *subscription,
                        event_type: event.body.event_type(),
                        source: event.source.name(),
                        occurred_at: event.occurred_at,
                        zone: event.zone.to_string(),
                        about,
                        urgent: meaning.urgent,
                        traceparent: event.onward_traceparent(),
                    });
                }
            }
        }
    }
    deliveries
}

/// Who hears of an event, and by what they know what it is about.
fn receivers(event: &Event, audiences: &[Audience], known: &Known) -> Vec<(Owner, Uuid)> {
    let mut receivers = Vec::new();
    for audience in audiences {
        match audience {
            Audience::Organisation(organisation, about) => receivers.push((
                Owner::new(OwnerKind::Organisation, organisation.as_str()),
                *about,
            )),
            Audience::Zone => receivers.push((zone_of(event), event.said_of.uuid())),
            Audience::Holder(referral) => {
                let holders = known
                    .by_referral
                    .get(&referral.uuid())
                    .into_iter()
                    .flatten();
                receivers.extend(holders.map(|holder| (holder.owner.clone(), referral.uuid())));
            }
            Audience::Holders => receivers.extend(
                known
                    .around(event.said_of, OwnerKind::Organisation)
                    .filter(|holder| !holder.ended)
                    .map(|holder| (holder.owner.clone(), event.said_of.uuid())),
            ),
            Audience::EverAsked => receivers.extend(
                known
                    .around(event.said_of, OwnerKind::Organisation)
                    .map(|asked| (asked.owner.clone(), event.said_of.uuid())),
            ),
            Audience::Reporters => receivers.extend(
                known
                    .around(event.said_of, OwnerKind::Reporter)
                    .map(|reporter| (reporter.owner.clone(), reporter.about)),
            ),
        }
    }
    receivers
}
