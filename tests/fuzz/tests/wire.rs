//! What comes in by the wire, before anybody has looked at it: events, tokens, ids, headers.

#![allow(clippy::expect_used, reason = "a test that cannot go on should stop")]

use std::str;

use bolero::TypeGenerator;
use jiff::civil::date;
use knipperlicht_access::{DevIssuer, Person, Role, Verifier};
use knipperlicht_contracts::{DESCRIPTORS, event::EventBody};
use knipperlicht_followup::model::report::Period;
use knipperlicht_fuzz::{Changed, change, try_any, try_reader};
use knipperlicht_harness::movable_environment;
use knipperlicht_links::{Address, Token};
use knipperlicht_runtime::trace_id;
use knipperlicht_vocabulary::{
    OrganisationId, PostalCode, ReporterId, ServiceId, SignalId, ZoneId,
};
use prost_reflect::{DescriptorPool, DynamicMessage};
use tokio::runtime::Builder;

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/contracts/samples"
    );
    let files = std::fs::read_dir(folder).expect("the samples");
    files
        .map(|file| {
            let path = file.expect("a sample").path();
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read(path).expect("a sample"))
        })
        .collect()
}

#[derive(Debug, Clone, TypeGenerator)]
struct Event {
    of_type: u8,
    body: Changed,
}

#[test]
fn an_event() {
    let samples = samples();
    let seeds: Vec<&[u8]> = samples.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    try_any::<Event>("event", 20_000, |event| {
        let of_type = EventBody::TYPES[usize::from(event.of_type) % EventBody::TYPES.len()];
        if let Ok(body) = EventBody::decode(of_type, &change(&seeds, &event.body)) {
            // What was read can be said again, and is read as the same.
            let again =
                EventBody::decode(body.event_type(), &body.encode()).expect("its own bytes");
            assert_eq!(again.event_type(), of_type);
        }
    });
}

#[derive(Debug, Clone, TypeGenerator)]
struct Sent {
    of_type: u8,
    #[generator(bolero::produce::<Vec<u8>>().with().len(0..=300usize))]
    bytes: Vec<u8>,
}

#[test]
fn a_message_of_any_type() {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("the contracts");
    let types: Vec<_> = pool.all_messages().collect();
    try_any::<Sent>("message", 20_000, |sent| {
        let of_type = types[usize::from(sent.of_type) % types.len()].clone();
        if let Ok(message) = DynamicMessage::decode(of_type, sent.bytes.as_slice()) {
            let _ = message.to_string();
        }
    });
}

#[test]
fn an_access_token() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (environment, _clock) = movable_environment();
    let issuer = DevIssuer::new(&[7; 32], environment.clone());
    let verifier = Verifier::new(&issuer.rules().expect("rules"), environment).expect("a verifier");
    let person = Person {
        subject: "cleaner".parse().expect("a name"),
        role: Role::Partner,
        organisation: Some("past".parse().expect("an organisation")),
        zones: vec!["gent".parse().expect("a zone")],
    };
    let good = issuer.token(&person, 3_600).expect("a token");
    let seeds = [good.as_bytes()];
    try_reader("access token", &seeds, 10_000, |bytes| {
        if let Ok(text) = str::from_utf8(bytes)
            && let Ok(admitted) = runtime.block_on(verifier.verify(text))
        {
            assert_eq!(text, good, "a changed token was believed: {admitted:?}");
        }
    });
}

#[test]
fn texts_that_are_more_than_texts() {
    let token = "k3Xq9cV0b1nM2aS4dF5gH6jK7lP8oI9uY0tR1eW2qZ4";
    let seeds: &[&[u8]] = &[
        b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        b"https://knipperlicht.example/k",
        token.as_bytes(),
        b"8400",
        b"oostende",
        b"019a9f6e-1111-7000-8000-000000000001",
        b"2026-01-01",
    ];
    try_reader("ids, links, dates, traces", seeds, 20_000, |bytes| {
        let Ok(text) = str::from_utf8(bytes) else {
            return;
        };
        let _ = trace_id(text);
        let _ = text.parse::<Address>();
        let _ = Token::parse(text);
        let _ = text.parse::<ZoneId>();
        let _ = text.parse::<SignalId>();
        let _ = text.parse::<ReporterId>();
        let _ = text.parse::<OrganisationId>();
        let _ = text.parse::<ServiceId>();
        let _ = Period::parse(text, "2026-11-21", date(2026, 11, 21));
        if let Ok(code) = PostalCode::parse(text) {
            assert_eq!(PostalCode::parse(&code.to_string()).ok(), Some(code));
        }
    });
}
