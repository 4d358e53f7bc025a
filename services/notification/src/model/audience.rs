//! Whom an event concerns, and what to remember of it for later ones.
//!
//! A partner hears what others did to what it was asked, a zone's coordinator what needs one, a
//! reporter the steps of what they flagged. Nobody hears of what they did themselves.

use knipperlicht_contracts::{event::EventBody, events::v1 as events};
use knipperlicht_vocabulary::{
    ClockKind, Consent, ContactResult, OrganisationId, ReferralId, SignalId, SituationId, Urgency,
};
use uuid::Uuid;

/// Whom some news is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// This organisation, about this.
    Organisation(OrganisationId, Uuid),
    /// The organisation that this referral went to.
    Holder(ReferralId),
    /// The organisations that have referrals of the situation in hand.
    Holders,
    /// All organisations that referrals of the situation ever went to.
    EverAsked,
    /// The coordinators of the zone.
    Zone,
    /// Those who flagged the situation.
    Reporters,
}

/// What to remember for the events after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// A reporter, by what stands for them, flagged the situation.
    Flagged {
        reporter_key: String,
        signal: SignalId,
        consent: ConsentNote,
    },
    /// An organisation was asked, or took it up.
    Asked {
        organisation: OrganisationId,
        referral: ReferralId,
        /// The referral whose follow-up went over to it, and so ended.
        instead_of: Option<ReferralId>,
    },
    /// A referral ended, and with it what its organisation had to do with the situation.
    Ended(ReferralId),
    /// What the carers of situations agree to.
    Consents(Vec<(SituationId, ConsentNote)>),
}

/// What reporters hear of a situation from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    /// Each step.
    Everything,
    /// The carer withdrew: that, and nothing after it.
    ThisLast,
    /// The carer refused.
    Nothing,
}

/// What of a consent matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsentNote {
    /// What reporters hear from now on.
    pub(crate) hears: Hears,
    /// How often consent was set: the higher wins.
    pub(crate) sequence: i64,
}

impl ConsentNote {
    /// Whether somebody said something of it before.
    pub(crate) const fn is_another(self) -> bool {
        self.sequence > 1
    }

    /// Whether reporters hear nothing of what comes after it.
    pub(crate) const fn is_silent(self) -> bool {
        !matches!(self.hears, Hears::Everything)
    }
}

/// What an event is here: whom it is for, whether it cannot wait until the morning, and what to
/// remember. Ids that are none concern nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) audiences: Vec<Audience>,
    pub(crate) urgent: bool,
    pub(crate) note: Option<Note>,
}

impl Meaning {
    fn of(audiences: Vec<Audience>) -> Self {
        Self {
            audiences,
            ..Self::default()
        }
    }

    fn urgent(mut self, urgency: i32, from: Urgency) -> Self {
        self.urgent = Urgency::try_from(urgency).is_ok_and(|urgency| urgency >= from);
        self
    }

    fn noting(mut self, note: Option<Note>) -> Self {
        self.note = note;
        self
    }
}

/// What an event about `situation` means.
pub(crate) fn meaning(situation: SituationId, body: &EventBody) -> Meaning {
    use Audience::{EverAsked, Holders, Reporters, Zone};

    match body {
        EventBody::SignalFlagged(event) => Meaning::default().noting(flagged(event)),
        // Nothing changes for a reporter.
        EventBody::ConsentChanged(event) if event.objection => Meaning::of(vec![Holders])
            .noting(Some(consents([(situation, event.circumstances.as_ref())]))),
        EventBody::ConsentChanged(event) => Meaning::of(vec![Holders, Reporters])
            .noting(Some(consents([(situation, event.circumstances.as_ref())]))),
        // Whoever was told of the carer is told that it is to be forgotten (GDPR article 19).
        EventBody::SituationErased(_) => Meaning::of(vec![EverAsked, Reporters]),
        EventBody::SituationShared(event) => Meaning::of(named(&event.organisation_id, situation)),
        EventBody::SituationsMerged(event) => {
            let survivor = event.into_situation_id.parse().unwrap_or(situation);
            let holds = event.circumstances.as_ref();
            Meaning::of(vec![Holders]).noting(Some(consents([(survivor, holds)])))
        }
        EventBody::SituationsSplit(event) => {
            let survivor = event.from_situation_id.parse().unwrap_or(situation);
            let both = [
                (situation, event.circumstances.as_ref()),
                (survivor, event.from_circumstances.as_ref()),
            ];
            Meaning::of(vec![Holders]).noting(Some(consents(both)))
        }
        EventBody::AssessmentCompleted(event) if event.urgency == Urgency::Emergency.number() => {
            Meaning::of(vec![Zone]).urgent(event.urgency, Urgency::Emergency)
        }
        EventBody::ReferralRequested(event) => {
            Meaning::of(named(&event.organisation_id, &event.referral_id))
                .urgent(event.urgency, Urgency::Urgent)
                .noting(asked(&event.organisation_id, &event.referral_id, ""))
        }
        EventBody::ReferralRaised(event) => {
            Meaning::of(holder(&event.referral_id)).urgent(event.urgency, Urgency::Urgent)
        }
        EventBody::ReferralUnroutable(event) => {
            Meaning::of(vec![Zone]).urgent(event.urgency, Urgency::Urgent)
        }
        EventBody::ReferralAccepted(event) => {
            let instead_of = &event.took_over_referral_id;
            let asked = asked(&event.organisation_id, &event.referral_id, instead_of);
            Meaning::of(vec![Reporters]).noting(asked)
        }
        EventBody::ReferralRedirected(event) => over(&event.referral_id),
        // Whoever wanted to hand over goes on.
        EventBody::ReferralDeclined(event) => {
            Meaning::of(holder(&event.takes_over_referral_id)).noting(ended(&event.referral_id))
        }
        EventBody::ReferralExpired(event) => over(&event.referral_id),
        EventBody::ReferralCancelled(event) => over(&event.referral_id),
        // That a carer has not answered yet is the carer's own: no reporter hears of it.
        EventBody::ClockBreached(event)
            if [event.kind, event.item_promise].contains(&ClockKind::Confirmation.number()) =>
        {
            Meaning::of([holder(&event.referral_id), vec![Zone]].concat())
        }
        // Where it could not wait, the alarm cannot either.
        EventBody::ClockBreached(event) => {
            Meaning::of([holder(&event.referral_id), vec![Zone, Reporters]].concat())
                .urgent(event.urgency, Urgency::Urgent)
        }
        EventBody::ContactRecorded(event) if event.result == ContactResult::Reached.number() => {
            Meaning::of(vec![Reporters])
        }
        EventBody::FollowUpCompleted(_) => Meaning::of(vec![Reporters]),
        // It is theirs to reach the carer.
        EventBody::CarerAsked(event) => Meaning::of(holder(&event.referral_id)),
        EventBody::SituationReopened(event) => {
            Meaning::of([holder(&event.referral_id), vec![Zone, Reporters]].concat())
        }
        // What the receiver did, what follows in another event, or what is nobody's to act on.
        EventBody::SignalWithdrawn(_)
        | EventBody::AssessmentCompleted(_)
        | EventBody::ItemClosed(_)
        | EventBody::ReferralWithheld(_)
        | EventBody::ReferralHeld(_)
        | EventBody::ClockSettled(_)
        | EventBody::ContactRecorded(_)
        | EventBody::ContactPersonNamed(_)
        | EventBody::VisitPlanned(_)
        | EventBody::VisitEnded(_)
        | EventBody::OutcomeConfirmed(_)
        | EventBody::ReopenAsked(_)
        | EventBody::VitalInterestAcknowledged(_)
        | EventBody::CarerAnswered(_)
        | EventBody::CarerLinkMade(_)
        | EventBody::CarerLinksTakenBack(_)
        | EventBody::LoopClosed(_)
        | EventBody::Forgotten => Meaning::default(),
    }
}

trait About {
    fn about(self) -> Option<Uuid>;
}

impl About for SituationId {
    fn about(self) -> Option<Uuid> {
        Some(self.uuid())
    }
}

impl About for &String {
    fn about(self) -> Option<Uuid> {
        Uuid::try_parse(self).ok()
    }
}

fn named(organisation: &str, about: impl About) -> Vec<Audience> {
    let organisation = organisation.parse().ok();
    organisation
        .zip(about.about())
        .map(|(organisation, about)| Audience::Organisation(organisation, about))
        .into_iter()
        .collect()
}

fn holder(referral: &str) -> Vec<Audience> {
    referral.parse().map(Audience::Holder).into_iter().collect()
}

fn asked(organisation: &str, referral: &str, instead_of: &str) -> Option<Note> {
    Some(Note::Asked {
        organisation: organisation.parse().ok()?,
        referral: referral.parse().ok()?,
        instead_of: instead_of.parse().ok(),
    })
}

fn ended(referral: &str) -> Option<Note> {
    referral.parse().map(Note::Ended).ok()
}

/// A referral is over, and whoever had it in hand is told so.
fn over(referral: &str) -> Meaning {
    Meaning::of(holder(referral)).noting(ended(referral))
}

fn flagged(event: &events::SignalFlagged) -> Option<Note> {
    Some(Note::Flagged {
        reporter_key: event.reporter_key.clone(),
        signal: event.signal_id.parse().ok()?,
        consent: consent(event.circumstances.as_ref())?,
    })
}

fn consents<const N: usize>(told: [(SituationId, Option<&events::Circumstances>); N]) -> Note {
    let known = told.into_iter();
    let known = known.filter_map(|(situation, told)| Some((situation, consent(told)?)));
    Note::Consents(known.collect())
}

fn consent(circumstances: Option<&events::Circumstances>) -> Option<ConsentNote> {
    let circumstances = circumstances?;
    let hears = match Consent::try_from(circumstances.consent) {
        Ok(Consent::Refused) => Hears::Nothing,
        Ok(Consent::Withdrawn) => Hears::ThisLast,
        _ => Hears::Everything,
    };
    Some(ConsentNote {
        hears,
        sequence: circumstances.consent_sequence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERRAL: &str = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b";

    fn situation() -> SituationId {
        Uuid::from_u128(9).into()
    }

    #[test]
    fn a_request_is_for_who_is_asked_and_cannot_wait_when_urgent() {
        let requested = |urgency: Urgency| {
            let event = events::ReferralRequested {
                referral_id: REFERRAL.to_owned(),
                organisation_id: "ocmw-gent".to_owned(),
                urgency: urgency.number(),
                ..Default::default()
            };
            meaning(situation(), &event.into())
        };
        let soon = requested(Urgency::Soon);
        assert_eq!(
            soon.audiences,
            [Audience::Organisation(
                "ocmw-gent".parse().unwrap(),
                REFERRAL.parse().unwrap()
            )]
        );
        assert!(!soon.urgent);
        assert!(requested(Urgency::Urgent).urgent);
        assert!(requested(Urgency::Emergency).urgent);
    }

    #[test]
    fn a_breach_is_for_the_partner_the_zone_and_the_reporter() {
        let breach = events::ClockBreached {
            referral_id: REFERRAL.to_owned(),
            ..Default::default()
        };
        let meant = meaning(situation(), &breach.clone().into());
        assert_eq!(
            meant.audiences,
            [
                Audience::Holder(REFERRAL.parse().unwrap()),
                Audience::Zone,
                Audience::Reporters
            ]
        );
        assert!(!meant.urgent);
        let emergency = events::ClockBreached {
            urgency: Urgency::Emergency.number(),
            ..breach
        };
        assert!(meaning(situation(), &emergency.into()).urgent);
    }

    #[test]
    fn a_consent_is_noted_wherever_it_is_said() {
        let circumstances = |consent: Consent, sequence| {
            Some(events::Circumstances {
                consent: consent.number(),
                consent_sequence: sequence,
                ..Default::default()
            })
        };
        let note = |hears, sequence| ConsentNote { hears, sequence };
        let survivor = SituationId::from(Uuid::from_u128(7));
        let merged = events::SituationsMerged {
            into_situation_id: survivor.to_string(),
            circumstances: circumstances(Consent::Refused, 5),
        };
        assert_eq!(
            meaning(situation(), &merged.into()).note,
            Some(Note::Consents(vec![(survivor, note(Hears::Nothing, 5))]))
        );
        let split = events::SituationsSplit {
            from_situation_id: survivor.to_string(),
            circumstances: circumstances(Consent::Given, 6),
            from_circumstances: circumstances(Consent::Withdrawn, 7),
            ..Default::default()
        };
        let both = vec![
            (situation(), note(Hears::Everything, 6)),
            (survivor, note(Hears::ThisLast, 7)),
        ];
        assert_eq!(
            meaning(situation(), &split.into()).note,
            Some(Note::Consents(both))
        );
    }

    #[test]
    fn what_is_over_is_noted_and_whose_follow_up_went_over_too() {
        let referral_id = REFERRAL.to_owned();
        let declined = events::ReferralDeclined {
            referral_id: referral_id.clone(),
            ..Default::default()
        };
        let silent = events::ReferralExpired { referral_id };
        let over = Some(Note::Ended(REFERRAL.parse().unwrap()));
        for body in [EventBody::from(declined), silent.into()] {
            assert_eq!(meaning(situation(), &body).note, over);
        }
        let taken_over = events::ReferralAccepted {
            referral_id: Uuid::from_u128(5).to_string(),
            organisation_id: "ocmw-gent".to_owned(),
            took_over_referral_id: REFERRAL.to_owned(),
            ..Default::default()
        };
        let note = meaning(situation(), &taken_over.into()).note;
        let Some(Note::Asked { instead_of, .. }) = note else {
            panic!("{note:?}")
        };
        assert_eq!(instead_of, Some(REFERRAL.parse().unwrap()));
    }

    #[test]
    fn that_a_carer_does_not_answer_is_not_for_the_reporter() {
        let silence = ClockKind::Confirmation.number();
        let unheard = events::ClockBreached {
            kind: silence,
            referral_id: REFERRAL.to_owned(),
            ..Default::default()
        };
        let undecided = events::ClockBreached {
            kind: ClockKind::Coordinator.number(),
            item_promise: silence,
            ..Default::default()
        };
        for breach in [unheard, undecided] {
            let audiences = meaning(situation(), &breach.into()).audiences;
            assert!(audiences.contains(&Audience::Zone));
            assert!(!audiences.contains(&Audience::Reporters));
        }
    }

    #[test]
    fn nonsense_concerns_nobody() {
        let event = events::ReferralRequested {
            organisation_id: "no such/name".to_owned(),
            ..Default::default()
        };
        assert_eq!(meaning(situation(), &event.into()), Meaning::default());
    }

    #[test]
    fn only_a_reached_carer_is_a_step() {
        for (result, told) in [
            (ContactResult::Reached, vec![Audience::Reporters]),
            (ContactResult::NoAnswer, vec![]),
        ] {
            let event = events::ContactRecorded {
                result: result.number(),
                ..Default::default()
            };
            assert_eq!(meaning(situation(), &event.into()).audiences, told);
        }
    }
}
