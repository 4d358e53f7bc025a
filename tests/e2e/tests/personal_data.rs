//! Rule 2: nothing that says who someone is leaves intake by event, subject, log, trace or
//! table. One situation is played with marked texts; then everything that was kept, said or
//! logged is searched for them.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use knipperlicht_contracts::{followup::v1 as followup, intake::v1 as intake};
use knipperlicht_e2e::{World, a_signal};
use knipperlicht_eventing::NatsUser;
use knipperlicht_vocabulary::{Consent, ContactChannel, ContactResult, OutcomeResult, Step};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use tracing_subscriber::{
    Layer, filter::LevelFilter, fmt::format::FmtSpan, layer::SubscriberExt, util::SubscriberInitExt,
};

const NAME: &str = "Zorgelinck-Merkwaardig";
const PHONE: &str = "0499987654";
const MAIL: &str = "merkwaardig@voorbeeld.invalid";
const ADDRESS: &str = "Geheimestraat 7391";
const NUMBER: &str = "85073003328";
const FAMILY_NAME: &str = "Verborgenaer";
const NOTE: &str = "Notitie-nergens-te-vinden";
const REASON: &str = "Reden-nergens-te-vinden";
const MARKS: [&str; 8] = [
    NAME,
    PHONE,
    MAIL,
    ADDRESS,
    NUMBER,
    FAMILY_NAME,
    NOTE,
    REASON,
];

#[tokio::test]
async fn nothing_personal_leaves_intake() {
    let (logs, spans) = capture_telemetry();
    let world = World::start().await;
    let situation = play(&world).await;

    let mut searched = Searched::default();
    searched.everything_in("logs", &logs.0.lock().unwrap());
    let spans = spans.get_finished_spans().unwrap();
    assert!(spans.len() > 20, "only {} spans were caught", spans.len());
    searched.everything_in("spans", format!("{spans:?}").as_bytes());
    search_stream(&world, &mut searched).await;
    search_tables(&world, &mut searched).await;
    world.stop().await;
    search_files(world.bed.nats.directory(), &mut searched);
    assert!(
        searched.bytes > 50_000,
        "only {} bytes were searched",
        searched.bytes
    );

    // One trace from the tap to the partner: what was said after another carries it on.
    let mut look = world.look().await;
    let traces = sqlx::query(
        "select traceparent from intake.outbox where situation_id = $1::uuid and event_type like '%flagged%'
         union all
         select traceparent from assessment.outbox where situation_id = $1::uuid
         union all
         select traceparent from routing.outbox where situation_id = $1::uuid and event_type like '%requested%'",
    )
    .bind(&situation)
    .fetch_all(&mut look)
    .await
    .unwrap();
    let traces: Vec<String> = traces
        .iter()
        .map(|row| row.get::<String, _>(0)[3..35].to_owned())
        .collect();
    assert!(
        traces.len() >= 3 && traces.iter().all(|trace| *trace == traces[0]),
        "{traces:?}"
    );
}

/// Plays a whole situation, with everything personal marked, and some refused calls.
async fn play(world: &World) -> String {
    let cleaner = world.reporter("cleaner");
    let contact = intake::Contact {
        name: NAME.to_owned(),
        phone: PHONE.to_owned(),
        mail: MAIL.to_owned(),
        address: ADDRESS.to_owned(),
        national_number: NUMBER.to_owned(),
        family_name: FAMILY_NAME.to_owned(),
        birth_year: 1985,
    };
    let signal = intake::Signal {
        contact: Some(contact),
        note: NOTE.to_owned(),
        ..a_signal(&world.environment)
    };
    let refused = intake::Signal {
        postal_code: "4000".to_owned(),
        ..signal.clone()
    };
    cleaner.send(refused).await.unwrap_err();
    let refused = intake::Signal {
        note: NOTE.repeat(100),
        ..signal.clone()
    };
    cleaner.send(refused).await.unwrap_err();
    let receipt = cleaner.send(signal.clone()).await.unwrap();
    cleaner
        .send(intake::Signal {
            note: format!("{NOTE} anders"),
            ..signal
        })
        .await
        .unwrap_err();
    let vital = intake::SetConsentRequest {
        signal_id: receipt.signal_id.clone(),
        consent: Consent::VitalInterest.number(),
        vital_interest_reason: REASON.to_owned(),
    };
    cleaner.0.intake().set_consent(vital).await.unwrap();

    let situation = receipt.situation_id;
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let why = intake::ReadVitalInterestRequest {
        situation_id: situation.clone(),
        purpose: "was this right".to_owned(),
    };
    let read = coordinator.0.intake().read_vital_interest(why).await;
    assert_eq!(read.unwrap().into_inner().reasons, [REASON]);
    let noted = intake::AcknowledgeVitalInterestRequest {
        situation_id: situation.clone(),
    };
    let mut desk = coordinator.0.intake();
    desk.acknowledge_vital_interest(noted).await.unwrap();
    let referral = coordinator.referral_of(&situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    let ask = intake::GetContactRequest {
        situation_id: situation.clone(),
        purpose: "first call".to_owned(),
    };
    let known = partner
        .0
        .intake()
        .get_contact(ask)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (known.contacts[0].name.as_str(), known.notes[0].as_str()),
        (NAME, NOTE)
    );

    let task = partner.task_of(&situation).await.task_id;
    let reached = followup::RecordContactRequest {
        task_id: task.clone(),
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    partner.0.followup().record_contact(reached).await.unwrap();
    let helped = followup::CompleteRequest {
        task_id: task,
        result: OutcomeResult::Helped.number(),
        ..Default::default()
    };
    partner.0.followup().complete(helped).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Closed).await;
    situation
}

/// Counts what was searched, so that searching nothing fails.
#[derive(Default)]
struct Searched {
    bytes: usize,
}

impl Searched {
    fn everything_in(&mut self, place: &str, content: &[u8]) {
        assert!(!content.is_empty(), "{place}: nothing to search");
        self.bytes += content.len();
        for mark in MARKS {
            let hex = mark
                .bytes()
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .concat();
            // Base64 of a text inside a longer one starts at one of three places.
            let shifted = [0, 1, 2].map(|shift| {
                let encoded = STANDARD.encode(format!("{}{mark}", " ".repeat(shift)));
                encoded[4..encoded.len() - 4].to_owned()
            });
            for form in [mark, &hex]
                .into_iter()
                .chain(shifted.iter().map(String::as_str))
            {
                let found = content
                    .windows(form.len())
                    .any(|window| window == form.as_bytes());
                assert!(!found, "{place} holds `{mark}`");
            }
        }
    }
}

#[test]
#[should_panic(expected = "holds `Zorgelinck-Merkwaardig`")]
fn the_search_finds_what_is_there() {
    let hidden = STANDARD.encode(format!("name: {NAME}, and so on"));
    Searched::default().everything_in("a log", hidden.as_bytes());
}

async fn search_stream(world: &World, searched: &mut Searched) {
    let nats = world.bed.connect_nats(NatsUser::Operator).await;
    let jetstream = async_nats::jetstream::new(nats);
    let mut stream = jetstream.get_stream("KL_EVENTS").await.unwrap();
    let expected = stream.info().await.unwrap().state.messages;
    let consumer = stream
        .create_consumer(async_nats::jetstream::consumer::pull::OrderedConfig::default())
        .await
        .unwrap();
    let mut messages = consumer
        .messages()
        .await
        .unwrap()
        .take(usize::try_from(expected).unwrap());
    while let Some(message) = messages.next().await {
        let message = message.unwrap();
        let headers = format!("{} {:?}", message.subject, message.headers);
        searched.everything_in("subject and headers", headers.as_bytes());
        searched.everything_in("event body", &message.payload);
    }
}

/// Every table of every schema, as text: sealed bytes show as hexadecimal, and must not be plain.
async fn search_tables(world: &World, searched: &mut Searched) {
    let mut look: PgConnection = world.look().await;
    let tables = sqlx::query(
        "select format('%I.%I', schemaname, tablename) from pg_tables
         where schemaname in ('intake', 'assessment', 'routing', 'followup')",
    )
    .fetch_all(&mut look)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let table: String = table.get(0);
        let rows = sqlx::query(AssertSqlSafe(format!("select t::text from {table} t")))
            .fetch_all(&mut look)
            .await
            .unwrap();
        for row in rows {
            searched.everything_in(&table, row.get::<String, _>(0).as_bytes());
        }
    }
}

fn search_files(directory: &Path, searched: &mut Searched) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search_files(&path, searched);
        } else {
            let content = fs::read(&path).unwrap();
            if !content.is_empty() {
                searched.everything_in(&path.display().to_string(), &content);
            }
        }
    }
}

/// Everything that is logged, at every level, and every span.
fn capture_telemetry() -> (Logs, InMemorySpanExporter) {
    let logs = Logs::default();
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let writer = logs.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .with_filter(LevelFilter::TRACE);
    opentelemetry::global::set_tracer_provider(provider.clone());
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("test"))
        .with_filter(LevelFilter::INFO);
    tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .init();
    (logs, exporter)
}

/// What was logged.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Write for Logs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
