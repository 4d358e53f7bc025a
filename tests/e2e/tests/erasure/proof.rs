//! The proof: everything personal is marked, a backup is made, the situation is erased, and then
//! whoever may read everything looks for the marks: in every table, in the files of PostgreSQL and
//! of the stream, in the logs, and in the backup, with the master key in hand.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use jiff::SignedDuration;
use knipperlicht_contracts::{followup::v1 as followup, intake::v1 as intake};
use knipperlicht_e2e::{CoordinatorDesk, PartnerDesk, ReporterPhone, Search, World, a_signal};
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_privacy::{Vault, WrappedKey};
use knipperlicht_sandbox::Tools;
use knipperlicht_vocabulary::{Consent, NoteId, OutcomeResult, SituationId, Step};
use sqlx::{Connection, PgConnection, Row};
use tempfile::TempDir;
use tracing_subscriber::{
    Layer, filter::LevelFilter, fmt::format::FmtSpan, layer::SubscriberExt, util::SubscriberInitExt,
};
use uuid::Uuid;

use crate::erasure::traces::{until_forgotten, until_reconciled};

/// One for every field in which something personal can be said of a carer.
pub(crate) const MARKS: [&str; 12] = [
    "Zorgelinck-Merkwaardig",
    "0499987654",
    "merkwaardig@voorbeeld.invalid",
    "Geheimestraat 7391",
    "85073003328",
    "Verborgenaer",
    "Notitie-nergens-te-vinden",
    "Reden-nergens-te-vinden",
    "Doel-nergens-te-vinden",
    "Werknotitie-nergens-te-vinden",
    "Zelfgemeld-nergens-te-vinden",
    "0498123123",
];

/// The worker who is there for the carer: not the carer, and forgotten with them all the same.
pub(crate) const WORKER: [&str; 2] = ["Hulpverlener-Onvindbaar", "0479111222"];

pub(crate) struct Played {
    pub(crate) cleaner: ReporterPhone,
    pub(crate) partner: PartnerDesk,
    pub(crate) coordinator: CoordinatorDesk,
    pub(crate) signal: String,
    /// The situation that a reporter flagged, and the one that a carer flagged by a card.
    pub(crate) situations: [String; 2],
    /// What the events of both say.
    pub(crate) said: Vec<String>,
}

pub(crate) async fn play(world: &World) -> Played {
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let signal = intake::Signal {
        contact: Some(intake::Contact {
            name: MARKS[0].to_owned(),
            phone: MARKS[1].to_owned(),
            mail: MARKS[2].to_owned(),
            address: MARKS[3].to_owned(),
            national_number: MARKS[4].to_owned(),
            family_name: MARKS[5].to_owned(),
            birth_year: 1985,
        }),
        note: MARKS[6].to_owned(),
        ..a_signal(&world.environment)
    };
    let receipt = cleaner.send(signal).await.unwrap();
    let vital = intake::SetConsentRequest {
        signal_id: receipt.signal_id.clone(),
        consent: Consent::VitalInterest.number(),
        vital_interest_reason: MARKS[7].to_owned(),
    };
    cleaner.0.intake().set_consent(vital).await.unwrap();
    let situation = receipt.situation_id.clone();
    let referral = coordinator.referral_of(&situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    let task = partner.task_of(&situation).await.task_id;
    work(world, &partner, &situation, &task).await;
    partner.reaches(&task).await;
    let helped = OutcomeResult::Helped;
    partner.completes(&task, helped, None).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Closed).await;
    let own = flags_themselves(world, &coordinator).await;
    Played {
        cleaner,
        partner,
        coordinator,
        said: vec![
            receipt.signal_id.clone(),
            own.signal_id.clone(),
            referral.referral_id,
            task,
        ],
        signal: receipt.signal_id,
        situations: [situation, own.situation_id],
    }
}

/// The partner looks who it is, writes something down, and names who is there for the carer.
async fn work(world: &World, partner: &PartnerDesk, situation: &str, task: &str) {
    let ask = intake::GetContactRequest {
        situation_id: situation.to_owned(),
        purpose: MARKS[8].to_owned(),
    };
    let known = partner.0.intake().get_contact(ask).await.unwrap();
    assert_eq!(known.into_inner().contacts[0].name, MARKS[0]);
    let note = intake::AddNoteRequest {
        note_id: NoteId::new(&world.environment).to_string(),
        situation_id: situation.to_owned(),
        text: MARKS[9].to_owned(),
    };
    partner.0.intake().add_note(note).await.unwrap();
    let person = followup::NameContactPersonRequest {
        task_id: task.to_owned(),
        name: WORKER[0].to_owned(),
        phone: WORKER[1].to_owned(),
        ..Default::default()
    };
    let mut desk = partner.0.followup();
    desk.name_contact_person(person).await.unwrap();
}

async fn flags_themselves(world: &World, coordinator: &CoordinatorDesk) -> intake::Receipt {
    let card = intake::IssueSelfSignalCardRequest {
        zone_id: "oostende-bredene".to_owned(),
        ..Default::default()
    };
    let card = coordinator.0.intake().issue_self_signal_card(card).await;
    let own = intake::SubmitSelfSignalRequest {
        token: card.unwrap().into_inner().link.unwrap().token,
        signal: Some(intake::Signal {
            contact: Some(intake::Contact {
                phone: MARKS[11].to_owned(),
                ..Default::default()
            }),
            note: MARKS[10].to_owned(),
            ..a_signal(&world.environment)
        }),
    };
    let stored = world.nobody().intake().submit_self_signal(own).await;
    let receipt = stored.unwrap().into_inner().receipt.unwrap();
    coordinator.referral_of(&receipt.situation_id).await;
    receipt
}

/// Runs one of PostgreSQL's programs.
fn run(tools: &Tools, program: &str, arguments: &[&str]) {
    let output = Command::new(tools.postgres_bin().join(program))
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {told}");
}

/// The backup as docs/erasure.md has it: all but the keys, and the keys apart.
struct Backup {
    directory: TempDir,
}

impl Backup {
    fn make(tools: &Tools, world: &World) -> Self {
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let url = world.bed.database_url.as_str();
        let all = ["--exclude-table-data=intake.data_key", "--file"];
        run(tools, "pg_dump", &[url, all[0], all[1], &path("all.sql")]);
        let keys = ["--data-only", "--table=intake.data_key", "--file"];
        let keys_file = path("keys.sql");
        run(
            tools,
            "pg_dump",
            &[url, keys[0], keys[1], keys[2], &keys_file],
        );
        copy(world.bed.nats.directory(), &directory.path().join("nats"));
        Self { directory }
    }

    /// Restores it beside the database it was made of; with or without the keys of then.
    async fn restore(&self, tools: &Tools, world: &World, with_keys: bool) -> PgConnection {
        let name = format!("restored_{}", world.environment.uuid().simple());
        let mut owner = world.look().await;
        let create = format!("create database {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create))
            .execute(&mut owner)
            .await
            .unwrap();
        let (server, _) = world.bed.database_url.split_once("/test_").unwrap();
        let query = world
            .bed
            .database_url
            .split_once('?')
            .map(|(_, query)| query);
        let url = format!("{server}/{name}?{}", query.unwrap_or_default());
        let quietly = ["--quiet", "--set", "ON_ERROR_STOP=1", "--file"];
        for file in ["all.sql", "keys.sql"]
            .iter()
            .take(1 + usize::from(with_keys))
        {
            let file = self.directory.path().join(file).display().to_string();
            let [quiet, set, stop, from] = quietly;
            run(tools, "psql", &[&url, quiet, set, stop, from, &file]);
        }
        PgConnection::connect(&url).await.unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.path().is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How many sealed texts the master key opens in a database, of how many.
async fn opened(world: &World, look: &mut PgConnection) -> (usize, usize) {
    let vault = Vault::new(Arc::new(world.key_ring()));
    let rows = sqlx::query(
        "select s.situation_id, s.place, s.sealed, k.master_key_id, k.wrapped
         from intake.sealed s left join intake.data_key k using (situation_id)",
    )
    .fetch_all(look)
    .await
    .unwrap();
    let mut opened = 0;
    for row in &rows {
        let home = SituationId::from(row.get::<Uuid, _>(0));
        let (Some(master_key_id), Some(bytes)) = (row.get(3), row.get(4)) else {
            continue;
        };
        let wrapped = WrappedKey {
            master_key_id,
            bytes,
        };
        if let Ok(key) = vault.unwrap_key(home, &wrapped).await
            && key.open(row.get(1), row.get(2)).is_ok()
        {
            opened += 1;
        }
    }
    (opened, rows.len())
}

#[tokio::test]
async fn nothing_that_was_marked_is_found_after_an_erasure() {
    let logs = Logs::capture();
    let tools = Tools::find().unwrap();
    let world = World::on(Bed::start_alone().await).await;
    let second = world.second_line().await;
    let played = play(&world).await;
    until_reconciled(&world).await;

    // Before: it is there to be found, by whoever has the keys; and in the tables, of the worker.
    let mut look = world.look().await;
    let (open, sealed) = opened(&world, &mut look).await;
    assert_eq!((open, sealed), (7, 7));
    let mut before = Search::of(&WORKER);
    before.through_tables(&mut look).await;
    assert_eq!(before.places(), ["followup.contact_person"]);
    let said: Vec<&str> = played.said.iter().map(String::as_str).collect();
    let mut before = Search::of(&said);
    before.through_files(world.bed.nats.directory());
    assert!(!before.found.is_empty(), "the stream says something of it");
    let backup = Backup::make(&tools, &world);

    for situation in &played.situations {
        played.coordinator.erases(situation).await.unwrap();
        until_forgotten(&world, situation).await;
    }
    until_reconciled(&world).await;
    // Looked at once more, after whoever was at work then is done.
    world.clock.advance(SignedDuration::from_secs(120));
    eventually("it to be settled", async || {
        let open: i64 =
            sqlx::query_scalar("select count(*) from intake.erased where settled_at is null")
                .fetch_one(&mut world.look().await)
                .await
                .unwrap();
        (open == 0).then_some(())
    })
    .await;
    assert_eq!(played.cleaner.steps(&played.signal).await, [Step::Erased]);
    assert!(played.partner.open_tasks().await.is_empty());

    // With every right: the tables, and after VACUUM the files they lie in and what leads up to
    // them; the stream's; the logs.
    let mut search = Search::of(&MARKS);
    search.through_tables(&mut look).await;
    let mut tables = Search::of(&WORKER);
    tables.through_tables(&mut look).await;
    assert!(tables.found.is_empty(), "{:?}", tables.found);
    assert_eq!(opened(&world, &mut look).await, (0, 0));
    for statement in ["vacuum full", "checkpoint"] {
        sqlx::raw_sql(statement).execute(&mut look).await.unwrap();
    }
    second.stop().await;
    drop(second);
    world.stop().await;
    let postgres = &world.bed.scratch.as_ref().unwrap().postgres;
    search.through_files(postgres.directory());
    search.through("PostgreSQL's log", &fs::read(postgres.log()).unwrap());
    search.through_files(world.bed.nats.directory());
    search.through("the log of both processes", &logs.0.lock().unwrap());
    // The backup of before, as it lies there.
    search.through_files(backup.directory.path());
    assert!(search.found.is_empty(), "{:#?}", search.found);
    assert!(search.bytes > 10_000_000, "only {} bytes", search.bytes);
    assert!(logs.0.lock().unwrap().len() > 100_000);

    // Of what the events said, nothing is left in the stream: overwritten, not only left out.
    let mut stream = Search::of(&said);
    stream.through_files(world.bed.nats.directory());
    assert!(stream.found.is_empty(), "{:#?}", stream.found);

    // The backup of before and the master key of now open nothing. What would: the keys of then,
    // which is why they are kept apart and expire first.
    let mut restored = backup.restore(&tools, &world, false).await;
    assert_eq!(opened(&world, &mut restored).await, (0, 7));
    let mut restored = backup.restore(&tools, &world, true).await;
    assert_eq!(opened(&world, &mut restored).await, (7, 7));
}

/// What every process logs, at every level.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    fn capture() -> Self {
        let logs = Self::default();
        let writer = logs.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .with_filter(LevelFilter::TRACE);
        tracing_subscriber::registry().with(lines).init();
        logs
    }
}

impl Write for Logs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
