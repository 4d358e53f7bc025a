//! Stored samples of every event: what was once said must stay readable, with every field.
//!
//! A new event gets its sample by `KL_WRITE_SAMPLES=1 cargo nextest run -p knipperlicht-contracts`
//! after a line in [`samples`]. A sample is never changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use knipperlicht_contracts::{
    event::{EventBody, Service, UnreadableEvent},
    events::v1::{
        AssessmentCompleted, CarerAnswered, CarerAsked, CarerLinkMade, CarerLinksTakenBack,
        CarerQol, CarerState, Circumstances, ClockBreached, ClockSettled, ConsentChanged,
        ContactPersonNamed, ContactRecorded, FollowUpCompleted, ItemClosed, LoopClosed,
        OutcomeConfirmed, ReferralAccepted, ReferralCancelled, ReferralDeclined, ReferralExpired,
        ReferralHeld, ReferralRaised, ReferralRedirected, ReferralRequested, ReferralUnroutable,
        ReferralWithheld, ReopenAsked, SignalFlagged, SignalWithdrawn, SituationErased,
        SituationReopened, SituationShared, SituationsMerged, SituationsSplit, VisitEnded,
        VisitPlanned, VitalInterestAcknowledged,
    },
};
use prost_types::Timestamp;

fn path(event_type: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("samples/{event_type}.binpb"))
}

#[test]
fn every_event_ever_said_can_still_be_read_whole() {
    for event_type in EventBody::TYPES {
        let stored =
            fs::read(path(event_type)).unwrap_or_else(|error| panic!("{event_type}: {error}"));
        assert!(
            !stored.is_empty(),
            "{event_type}: an empty sample proves nothing"
        );
        let body = EventBody::decode(event_type, &stored).unwrap();
        assert_eq!(body.event_type(), *event_type);
        // A field that is no longer known, or known by another type, would be missing here.
        assert_eq!(body.encode(), stored, "{event_type}: a field was lost");
    }
}

#[test]
fn what_is_not_an_event_says_so() {
    let unknown = EventBody::decode("knipperlicht.signal.eaten.v1", &[]).unwrap_err();
    assert!(matches!(unknown, UnreadableEvent::UnknownType(_)));
    let broken = EventBody::decode("knipperlicht.signal.flagged.v1", &[0x0a, 0xff]).unwrap_err();
    assert!(matches!(broken, UnreadableEvent::Undecodable(..)));
}

#[test]
fn what_was_forgotten_says_nothing_and_is_for_anybody_to_say() {
    let forgotten = EventBody::decode(EventBody::FORGOTTEN, b"whatever was there").unwrap();
    assert_eq!(forgotten, EventBody::Forgotten);
    assert!(forgotten.encode().is_empty());
    for service in Service::ALL {
        assert!(forgotten.is_said_by(*service));
    }
}

#[test]
fn there_is_a_sample_for_each_event() {
    let samples = samples();
    let types: BTreeSet<&str> = samples.iter().map(EventBody::event_type).collect();
    assert_eq!(types, EventBody::TYPES.iter().copied().collect());
    if std::env::var_os("KL_WRITE_SAMPLES").is_some() {
        for sample in samples {
            let path = path(sample.event_type());
            if !path.exists() {
                fs::write(path, sample.encode()).unwrap();
            }
        }
    }
}

#[allow(clippy::too_many_lines, reason = "a list")]
fn samples() -> Vec<EventBody> {
    let id = |n: u8| format!("0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a{n:02}");
    let moment = Some(Timestamp {
        seconds: 1_700_000_000,
        nanos: 5,
    });
    let circumstances = Some(Circumstances {
        postal_code: "8400".to_owned(),
        zone_id: "oostende-bredene".to_owned(),
        language: 1,
        age_band: 3,
        consent: 1,
        consent_sequence: 2,
        ..Default::default()
    });
    vec![
        SignalFlagged {
            signal_id: id(1),
            observations: vec![1, 27],
            reporter_role: 2,
            reported_at: moment,
            circumstances: circumstances.clone(),
            reporter_key: String::new(),
        }
        .into(),
        SignalWithdrawn {
            signal_id: id(1),
            ..Default::default()
        }
        .into(),
        ConsentChanged {
            circumstances: circumstances.clone(),
            ..Default::default()
        }
        .into(),
        SituationShared {
            organisation_id: "ocmw-gent".to_owned(),
            ..Default::default()
        }
        .into(),
        SituationsMerged {
            into_situation_id: id(9),
            circumstances: circumstances.clone(),
        }
        .into(),
        SituationsSplit {
            from_situation_id: id(9),
            circumstances: circumstances.clone(),
            from_circumstances: circumstances.clone(),
            ..Default::default()
        }
        .into(),
        AssessmentCompleted {
            assessment_id: id(2),
            signal_id: id(1),
            urgency: 4,
            needs: vec![12, 5],
            red_flags: vec![27],
            triage_version: "2026-11-21.1".to_owned(),
            circumstances,
        }
        .into(),
        ReferralRequested {
            referral_id: id(3),
            previous_referral_id: id(4),
            organisation_id: "ocmw-gent".to_owned(),
            service_id: "ocmw-gent.onthaal".to_owned(),
            needs: vec![1],
            urgency: 2,
            ..Default::default()
        }
        .into(),
        ReferralUnroutable {
            item_id: id(5),
            kind: 1,
            needs: vec![12],
            urgency: 3,
            ..Default::default()
        }
        .into(),
        ItemClosed {
            item_id: id(5),
            ..Default::default()
        }
        .into(),
        ReferralWithheld { consent: 3 }.into(),
        ReferralAccepted {
            referral_id: id(3),
            organisation_id: "ocmw-gent".to_owned(),
            service_id: "ocmw-gent.onthaal".to_owned(),
            urgency: 2,
            ..Default::default()
        }
        .into(),
        ReferralDeclined {
            referral_id: id(3),
            reason: 1,
            ..Default::default()
        }
        .into(),
        ReferralRedirected {
            referral_id: id(3),
            next_referral_id: id(6),
            ..Default::default()
        }
        .into(),
        ReferralHeld {
            referral_id: id(3),
            awaiting_consent: true,
            ..Default::default()
        }
        .into(),
        ReferralExpired { referral_id: id(3) }.into(),
        ReferralCancelled {
            referral_id: id(3),
            ..Default::default()
        }
        .into(),
        ClockBreached {
            clock_id: id(7),
            kind: 1,
            referral_id: id(3),
            due_at: moment,
            ..Default::default()
        }
        .into(),
        ClockSettled {
            clock_id: id(7),
            kind: 2,
            referral_id: id(3),
        }
        .into(),
        ReferralRaised {
            referral_id: id(3),
            urgency: 3,
        }
        .into(),
        ContactRecorded {
            task_id: id(8),
            channel: 1,
            result: 1,
            organisation_id: "ocmw-gent".to_owned(),
        }
        .into(),
        ContactPersonNamed {
            task_id: id(8),
            referral_id: id(3),
            organisation_id: "ocmw-gent".to_owned(),
            ..Default::default()
        }
        .into(),
        VisitPlanned {
            task_id: id(8),
            referral_id: id(3),
            organisation_id: "ocmw-gent".to_owned(),
            visit_at: moment,
        }
        .into(),
        VisitEnded {
            task_id: id(8),
            referral_id: id(3),
            organisation_id: "ocmw-gent".to_owned(),
            seen: true,
        }
        .into(),
        FollowUpCompleted {
            task_id: id(8),
            referral_id: id(3),
            result: 3,
            reason: 2,
            late: true,
        }
        .into(),
        OutcomeConfirmed { task_id: id(8) }.into(),
        SituationReopened {
            task_id: id(8),
            referral_id: id(3),
            by_carer: true,
            ..Default::default()
        }
        .into(),
        ReopenAsked { signal_id: id(1) }.into(),
        VitalInterestAcknowledged { by: 3 }.into(),
        CarerAsked {
            task_id: id(8),
            referral_id: id(3),
            organisation_id: "ocmw-gent".to_owned(),
            times: 2,
        }
        .into(),
        CarerAnswered {
            task_id: id(8),
            state: Some(CarerState {
                perseverance: 3,
                quality_of_life: Some(CarerQol {
                    fulfilment: 1,
                    relational_problems: 2,
                    mental_health_problems: 3,
                    daily_activities_problems: 1,
                    financial_problems: 2,
                    support: 3,
                    physical_health_problems: 1,
                }),
            }),
        }
        .into(),
        CarerLinkMade {
            my_situation_hash: vec![7; 32],
            expires_at: moment,
            ..Default::default()
        }
        .into(),
        CarerLinksTakenBack {
            my_situation_hashes: vec![vec![7; 32]],
        }
        .into(),
        LoopClosed {
            task_id: id(8),
            referral_id: id(3),
        }
        .into(),
        SituationErased { by: 3 }.into(),
    ]
}
