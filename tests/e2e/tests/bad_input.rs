//! Bad input: each a typed error with a code and, where one is at fault, a field; nothing stored.

#![allow(
    clippy::assigning_clones,
    reason = "a table of what is spoiled reads better so"
)]

use jiff::SignedDuration;
use knipperlicht_access::Role;
use knipperlicht_contracts::{
    intake::v1::{self as pb, Signal},
    routing::v1::{self as routing, ListItemsRequest},
    to_proto,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::Consent;
use sqlx::Row;
use tonic::Code;

type Spoil = fn(&World, &mut Signal);

const CASES: &[(&str, Spoil, &str, &str)] = &[
    (
        "no id",
        |_, signal| signal.signal_id.clear(),
        "KL1001",
        "signal.signal_id",
    ),
    (
        "an id that is none",
        |_, signal| signal.signal_id = "x'; drop table signal".to_owned(),
        "KL1002",
        "signal.signal_id",
    ),
    (
        "the nil id",
        |_, signal| signal.signal_id = uuid::Uuid::nil().to_string(),
        "KL1002",
        "signal.signal_id",
    ),
    (
        "no moment",
        |_, signal| signal.reported_at = None,
        "KL1001",
        "signal.reported_at",
    ),
    (
        "in the future",
        |world, signal| {
            let later = world.environment.now() + SignedDuration::from_mins(6);
            signal.reported_at = Some(to_proto(later));
        },
        "KL1010",
        "signal.reported_at",
    ),
    (
        "long ago",
        |world, signal| {
            let earlier = world.environment.now() - SignedDuration::from_hours(91 * 24);
            signal.reported_at = Some(to_proto(earlier));
        },
        "KL1010",
        "signal.reported_at",
    ),
    (
        "no moment at all",
        |_, signal| {
            if let Some(at) = &mut signal.reported_at {
                at.seconds = i64::MAX;
            }
        },
        "KL1010",
        "signal.reported_at",
    ),
    (
        "nothing noticed",
        |_, signal| signal.observations.clear(),
        "KL1004",
        "signal.observations",
    ),
    (
        "an unknown observation",
        |_, signal| signal.observations.push(999),
        "KL1003",
        "signal.observations",
    ),
    (
        "an unspecified observation",
        |_, signal| signal.observations.push(0),
        "KL1001",
        "signal.observations",
    ),
    (
        "no postal code",
        |_, signal| signal.postal_code.clear(),
        "KL1001",
        "signal.postal_code",
    ),
    (
        "no postal code at all",
        |_, signal| signal.postal_code = "84OO".to_owned(),
        "KL1005",
        "signal.postal_code",
    ),
    (
        "an unknown postal code",
        |_, signal| signal.postal_code = "9999".to_owned(),
        "KL1006",
        "signal.postal_code",
    ),
    (
        "a Walloon postal code",
        |_, signal| signal.postal_code = "4000".to_owned(),
        "KL1007",
        "signal.postal_code",
    ),
    (
        "no role",
        |_, signal| signal.reporter_role = 0,
        "KL1001",
        "signal.reporter_role",
    ),
    (
        "no consent",
        |_, signal| signal.consent = 0,
        "KL1001",
        "signal.consent",
    ),
    (
        "an unknown consent",
        |_, signal| signal.consent = -1,
        "KL1003",
        "signal.consent",
    ),
    (
        "consent withdrawn before it began",
        |_, signal| signal.consent = Consent::Withdrawn.number(),
        "KL1011",
        "signal.consent",
    ),
    (
        "a vital interest without reason",
        |_, signal| signal.consent = Consent::VitalInterest.number(),
        "KL1011",
        "signal.consent",
    ),
    (
        "an unknown language",
        |_, signal| signal.language = 99,
        "KL1003",
        "signal.language",
    ),
    (
        "a long note",
        |_, signal| signal.note = "é".repeat(2_001),
        "KL1009",
        "signal.note",
    ),
    (
        "a long name",
        |_, signal| {
            signal.contact = Some(pb::Contact {
                name: "n".repeat(201),
                ..Default::default()
            });
        },
        "KL1009",
        "signal.contact.name",
    ),
    (
        "a national number with a wrong check digit",
        |_, signal| {
            signal.contact = Some(pb::Contact {
                national_number: "85.07.30-033.29".to_owned(),
                ..Default::default()
            });
        },
        "KL1023",
        "signal.contact.national_number",
    ),
    (
        "a national number of ten digits",
        |_, signal| {
            signal.contact = Some(pb::Contact {
                national_number: "8507300332".to_owned(),
                ..Default::default()
            });
        },
        "KL1023",
        "signal.contact.national_number",
    ),
    (
        "a year of birth in the future",
        |_, signal| {
            signal.contact = Some(pb::Contact {
                family_name: "Peeters".to_owned(),
                birth_year: 3000,
                ..Default::default()
            });
        },
        "KL1024",
        "signal.contact.birth_year",
    ),
    (
        "a long family name",
        |_, signal| {
            signal.contact = Some(pb::Contact {
                family_name: "n".repeat(101),
                ..Default::default()
            });
        },
        "KL1009",
        "signal.contact.family_name",
    ),
];

#[tokio::test]
async fn every_wrong_field_has_its_error_and_nothing_is_stored() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    for (what, spoil, code, field) in CASES {
        let mut signal = a_signal(&world.environment);
        spoil(&world, &mut signal);
        let status = cleaner.send(signal).await.expect_err(what);
        let problem = Problem::from(&status);
        assert_eq!(
            (problem.code.as_str(), problem.field.as_deref()),
            (*code, Some(*field)),
            "{what}"
        );
        assert_eq!(status.code(), Code::InvalidArgument, "{what}");
        assert!(
            status.message().len() > 20,
            "{what}: `{}` does not say what to do",
            status.message()
        );
    }
    let longest = Signal {
        note: "é".repeat(2_000),
        ..a_signal(&world.environment)
    };
    cleaner
        .send(longest)
        .await
        .expect("a note of 2,000 characters is fine");

    // One wrong signal of a batch does not hold up the others.
    let wrong = Signal {
        postal_code: "4000".to_owned(),
        ..a_signal(&world.environment)
    };
    let signals = vec![
        a_signal(&world.environment),
        wrong,
        a_signal(&world.environment),
    ];
    let results = cleaner
        .0
        .intake()
        .submit_signals(pb::SubmitSignalsRequest { signals })
        .await
        .unwrap()
        .into_inner()
        .results;
    let refused: Vec<&str> = results
        .iter()
        .map(|result| match result.result.as_ref().unwrap() {
            pb::submit_signal_result::Result::Receipt(_) => "",
            pb::submit_signal_result::Result::Refusal(refusal) => &refusal.code,
        })
        .collect();
    assert_eq!(refused, ["", "KL1007", ""]);
    let too_many = pb::SubmitSignalsRequest {
        signals: vec![a_signal(&world.environment); 101],
    };
    let status = cleaner
        .0
        .intake()
        .submit_signals(too_many)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&status).code, "KL1013");

    let mut look = world.look().await;
    let stored: i64 = sqlx::query("select count(*) from intake.signal")
        .fetch_one(&mut look)
        .await
        .unwrap()
        .get(0);
    assert_eq!(stored, 3);
    world.stop().await;
}

#[tokio::test]
async fn what_the_transport_refuses_has_a_code_too() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let large = Signal {
        note: "n".repeat(2 * 1024 * 1024),
        ..a_signal(&world.environment)
    };
    let status = cleaner.send(large).await.unwrap_err();
    assert_eq!(Problem::from(&status).code, "KL0007", "{status}");

    // Bytes that are no message: field 1 says it is longer than it is.
    let mut grpc = tonic::client::Grpc::new(cleaner.0.with_token());
    grpc.ready().await.unwrap();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static(
        "/knipperlicht.intake.v1.IntakeService/SubmitSignal",
    );
    let garbage = Garbage(vec![0x0a, 0xff, 0x01]);
    let answer: Result<tonic::Response<pb::SubmitSignalResponse>, _> = grpc
        .unary(
            tonic::Request::new(garbage),
            path,
            tonic_prost::ProstCodec::default(),
        )
        .await;
    let status = answer.unwrap_err();
    assert_eq!(Problem::from(&status).code, "KL0006", "{status}");
    world.stop().await;
}

/// A "message" that is sent as it is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Garbage(Vec<u8>);

impl prost::Message for Garbage {
    fn encode_raw(&self, buffer: &mut impl prost::bytes::BufMut) {
        buffer.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        _tag: u32,
        _wire_type: prost::encoding::WireType,
        _buffer: &mut impl prost::bytes::Buf,
        _context: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {}
}

#[tokio::test]
async fn who_may_not_is_told_why() {
    let world = World::start().await;
    let signal = || pb::SubmitSignalRequest {
        signal: Some(a_signal(&world.environment)),
    };
    let code = |status: tonic::Status| Problem::from(&status).code;

    let nobody = world
        .nobody()
        .intake()
        .submit_signal(signal())
        .await
        .unwrap_err();
    assert_eq!(
        (nobody.code(), code(nobody)),
        (Code::Unauthenticated, "KL0001".to_owned())
    );
    let forged = Caller::new(world.channel(), Some("e30.e30.e30"));
    assert_eq!(
        code(forged.intake().submit_signal(signal()).await.unwrap_err()),
        "KL0002"
    );
    let partner = world.caller("desk", Role::Partner, Some("ocmw"), &[]);
    let status = partner.intake().submit_signal(signal()).await.unwrap_err();
    assert_eq!(
        (status.code(), code(status)),
        (Code::PermissionDenied, "KL0004".to_owned())
    );
    let stateless = world.caller("desk", Role::Partner, None, &[]);
    assert_eq!(
        code(
            stateless
                .routing()
                .list_items(ListItemsRequest {})
                .await
                .unwrap_err()
        ),
        "KL0002"
    );

    let cleaner = world.reporter("cleaner");
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let nurse = world.reporter("nurse");
    let theirs = pb::GetSignalRequest {
        signal_id: receipt.signal_id,
    };
    let status = nurse
        .0
        .intake()
        .get_signal(theirs.clone())
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), code(status)),
        (Code::NotFound, "KL1015".to_owned())
    );

    world.clock.advance(SignedDuration::from_hours(121 * 24));
    assert_eq!(
        code(cleaner.0.intake().get_signal(theirs).await.unwrap_err()),
        "KL0003"
    );
    world.stop().await;
}

/// PostgreSQL knows no day so long ago: that is a mistake of whoever asks, who need not try again.
#[tokio::test]
async fn what_lies_before_the_calendar_is_a_mistake_and_no_outage() {
    let world = World::start().await;
    let (cleaner, coordinator) = (world.reporter("cleaner"), world.coordinator(&["gent"]));
    let long_ago = "-377705023201000000";
    let id = uuid::Uuid::from_u128(7);
    let signals = pb::ListMySignalsRequest {
        page_token: format!("{long_ago}.{id}"),
        ..Default::default()
    };
    let referrals = routing::ListReferralsRequest {
        page_token: format!("1.{long_ago}.{id}"),
        ..Default::default()
    };
    let unmet = routing::ListUnmetNeedsRequest {
        from: "-009999-01-02".to_owned(),
    };
    let mut desk = coordinator.0.routing();
    let refused = [
        cleaner.0.intake().list_my_signals(signals).await.err(),
        desk.list_referrals(referrals).await.err(),
        desk.list_unmet_needs(unmet).await.err(),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap().code(), Code::InvalidArgument);
    }
    world.stop().await;
}
