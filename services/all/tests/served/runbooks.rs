//! What the runbooks tell an operator to type, typed: every command of every page, on a line that is well.

use std::{collections::BTreeSet, fs, path::Path, process::Output};

use knipperlicht_access::Role;
use knipperlicht_harness::eventually;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::{ground::program, line::Line};

const ZONE: &str = "oostende-bredene";

/// What a page names and leaves the rest of to whoever decides.
const NAMED_ONLY: [&[&str]; 3] = [&["capacity"], &["followup", "close"], &["item", "assign"]];

/// Every command of every page: its words after `knipperlicht`.
fn commands() -> BTreeSet<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks");
    let pages = fs::read_dir(folder).unwrap();
    pages
        .flat_map(|page| commands_of(&fs::read_to_string(page.unwrap().path()).unwrap()))
        .collect()
}

/// Those on lines of their own, and those in a sentence, which may go on on the next line.
fn commands_of(page: &str) -> Vec<Vec<String>> {
    let (lines, text): (Vec<&str>, Vec<&str>) =
        page.lines().partition(|line| line.starts_with("    "));
    let text = text.join(" ");
    let mentioned = text.split('`').skip(1).step_by(2);
    let typed = lines.iter().filter_map(|line| line.split(" #").next());
    typed
        .chain(mentioned)
        .filter_map(|command| command.trim().strip_prefix("knipperlicht "))
        .map(|command| command.split_whitespace().map(str::to_owned).collect())
        .collect()
}

/// Words in capitals, and what they stand for.
struct Standing(Vec<(&'static str, String)>);

impl Standing {
    /// What an operator would type.
    fn typed(&self, command: &[String]) -> Vec<String> {
        let mut words: Vec<String> = command.iter().map(|word| self.word(word)).collect();
        if words.last().is_some_and(|word| word == "--from") {
            words.push("2026-01-01T00:00:00Z".to_owned());
        }
        if NAMED_ONLY.contains(&&*words.iter().map(String::as_str).collect::<Vec<_>>()) {
            words.push("--help".to_owned());
        }
        words
    }

    fn word(&self, word: &str) -> String {
        let known = self.0.iter().find(|(name, _)| *name == word);
        let is_name = word.chars().all(|letter| letter.is_ascii_uppercase());
        assert!(known.is_some() || !is_name, "what does {word} stand for?");
        known.map_or(word, |(_, meant)| meant).to_owned()
    }
}

/// Somebody who does what the pages say.
struct Operator {
    line: Line,
    settings: Vec<(&'static str, String)>,
    /// Holds the index key.
    _files: TempDir,
}

impl Operator {
    fn of(line: Line) -> Self {
        let nats = line.bed.nats_options();
        let mut settings = line.ground.settings(&line.bed.database_url, &nats.url);
        let made = program(&["ops", "keys", "index"], &settings)
            .output()
            .unwrap();
        let files = TempDir::new().unwrap();
        let index_key = files.path().join("index.key");
        fs::write(&index_key, made.stdout).unwrap();
        let keys = nats.keys.unwrap();
        let token = line.ground.token(Role::Coordinator, None, &[ZONE]);
        settings.extend([
            ("KL_NATS_KEYS_DIR", keys.display().to_string()),
            ("KL_INDEX_KEY_FILE", index_key.display().to_string()),
            ("KL_SERVER", format!("http://{}", line.address)),
            ("KL_TOKEN", token),
        ]);
        Self {
            line,
            settings,
            _files: files,
        }
    }

    fn types(&self, words: &[String]) -> Output {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        program(&words, &self.settings).output().unwrap()
    }

    /// Something that intake could not handle: its number.
    async fn parks(&self, sequence: i64) -> i64 {
        let mut owner = PgConnection::connect(&self.line.bed.database_url)
            .await
            .unwrap();
        sqlx::query_scalar(
            "insert into intake.parked
                 (reason, source, situation_id, sequence, subject, headers, body, error, attempts, parked_at)
             values ('failed', 'routing', '00000000-0000-7000-8000-000000000001', $1,
                     'kl.evt.1.gent.referral.accepted.v1', '{}', 'abc', 'organisation: empty', 7, now())
             returning id",
        )
        .bind(sequence)
        .fetch_one(&mut owner)
        .await
        .unwrap()
    }
}

/// A signal that a partner was asked for, and somebody who is told of such: what the names of the pages
/// stand for.
async fn a_signal_under_way(line: &Line) -> Standing {
    let coordinator = line.ground.token(Role::Coordinator, None, &[ZONE]);
    let reporter = line.ground.token(Role::Reporter, None, &[]);
    let flags = ["signal", "send", "--postal-code", "8400"];
    let says = ["--observation", "exhausted", "--consent", "given"];
    let sent = line.asks(reporter, &[&flags[..], &says].concat());
    let asked = eventually("a referral", async || {
        let listed = line.asks(coordinator.clone(), &["referral", "list", "--open"]);
        listed.as_array()?.first().cloned()
    })
    .await;
    let hook = [
        "notify",
        "subscribe",
        "--webhook",
        "https://desk.example/hook",
    ];
    let subscribed = line.asks(coordinator, &hook);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    Standing(vec![
        ("ZONE", ZONE.to_owned()),
        ("SIGNAL", text(&sent["signal_id"])),
        ("SITUATION", text(&asked["situation_id"])),
        ("REFERRAL", text(&asked["referral_id"])),
        ("SUBSCRIPTION", text(&subscribed["subscription_id"])),
        ("SERVICE", "intake".to_owned()),
        // Copies of the stream: there is but one server here.
        ("3", "1".to_owned()),
    ])
}

#[tokio::test]
async fn every_command_of_a_runbook_goes_well() {
    let operator = Operator::of(Line::start().await);
    let mut standing = a_signal_under_way(&operator.line).await;
    let dry = ["ops", "drain", "--within", "20"].map(str::to_owned);
    assert!(operator.types(&dry).status.success());

    // What is parked here was never said, so the others come first.
    let (parked, others): (Vec<_>, Vec<_>) = commands()
        .into_iter()
        .partition(|command| command.contains(&"ID".to_owned()));
    assert!(
        parked.len() >= 3 && others.len() >= 15,
        "{parked:?} {others:?}"
    );
    for (number, command) in (1..).zip(others.iter().chain(&parked)) {
        if parked.contains(command) {
            let id = operator.parks(number).await.to_string();
            standing.0.push(("ID", id));
        }
        let typed = standing.typed(command);
        standing.0.retain(|(name, _)| *name != "ID");
        let done = operator.types(&typed);
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        if command.contains(&"doctor".to_owned()) {
            // The servers of tests are thrown away, and write nothing to the disk.
            let mut ill = said.lines().filter(|line| line.contains("NOT WELL"));
            assert!(ill.all(|line| line.contains("durable commits")), "{said}");
        } else {
            assert!(done.status.success(), "{typed:?}: {said}");
        }
    }
}
