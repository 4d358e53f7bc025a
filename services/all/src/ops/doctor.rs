//! `knipperlicht ops doctor`: is what the line stands on as it should be? Servers, versions, settings,
//! rights, clocks; and for each that is not, what to do.

use async_nats::jetstream;
use jiff::Timestamp;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{
    NatsOptions, NatsUser,
    health::{self, StreamFindings},
};
use serde_json::Value;

use super::{Desk, OpsError, http, table};
use crate::print::tell;

/// What the line needs at least.
const POSTGRES: i32 = 150_000;
const NATS: (u64, u64) = (2, 12);

/// Clocks may differ by so much, in seconds: promises are counted in hours.
const CLOCKS: f64 = 2.0;

/// Connections of each process and service, besides those for calls: relay, consumer, what runs in the
/// background.
const STANDING: i64 = 4;

/// How it stands with one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    what: &'static str,
    found: String,
    /// What to do, where it is not well.
    cure: Option<&'static str>,
}

impl Finding {
    const fn well(what: &'static str, found: String) -> Self {
        Self {
            what,
            found,
            cure: None,
        }
    }

    fn judged(what: &'static str, found: String, is_well: bool, cure: &'static str) -> Self {
        Self {
            what,
            found,
            cure: (!is_well).then_some(cure),
        }
    }
}

/// Looks at everything; an error where something is not as it should be.
pub(super) async fn run(
    desk: &Desk,
    nats: &NatsOptions,
    monitor: Option<&str>,
) -> Result<(), OpsError> {
    let mut findings = database(desk).await;
    findings.extend(stream(nats).await);
    findings.push(sync(monitor).await);
    let mut table = table(["", "what", "found", "what to do"]);
    for finding in &findings {
        let mark = if finding.cure.is_some() {
            "NOT WELL"
        } else {
            "well"
        };
        table.add_row([
            mark,
            finding.what,
            &finding.found,
            finding.cure.unwrap_or_default(),
        ]);
    }
    tell!("{table}")?;
    let bad = findings.iter().filter(|one| one.cure.is_some()).count();
    if bad == 0 {
        Ok(())
    } else {
        Err(OpsError::NotWell(bad))
    }
}

async fn database(desk: &Desk) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in Service::ALL {
        let found = match look_at_database(desk, *service).await {
            Ok(found) => found,
            Err(error) => {
                findings.push(Finding::judged(
                    "PostgreSQL",
                    format!("as {}: {error}", service.name()),
                    false,
                    "start it, say DATABASE_URL, and run `knipperlicht migrate`",
                ));
                // What was not seen as one is not seen as another, and each try takes its time.
                break;
            }
        };
        if *service == Service::Intake {
            findings.extend(server(&found, desk.environment.now()));
        }
        findings.push(Finding::judged(
            "rights of a service",
            format!("{}: {}", service.name(), found.rights()),
            found.is_confined(),
            "its role may do more than its work: take SUPERUSER and BYPASSRLS from it, and run `knipperlicht migrate`",
        ));
    }
    findings
}

async fn look_at_database(
    desk: &Desk,
    service: Service,
) -> Result<health::DatabaseFindings, OpsError> {
    let mut transaction = desk.open(service).await?;
    let found = health::database(&mut transaction).await?;
    transaction.rollback().await?;
    Ok(found)
}

fn server(found: &health::DatabaseFindings, now: Timestamp) -> Vec<Finding> {
    let apart = now.duration_since(found.now).as_secs_f64().abs();
    let is_durable = found.fsync && found.full_page_writes && found.synchronous_commit != "off";
    let wanted = (8 + STANDING) * i64::try_from(Service::ALL.len()).unwrap_or_default();
    vec![
        Finding::judged(
            "PostgreSQL",
            found.version.clone(),
            found.version_number >= POSTGRES,
            "use PostgreSQL 15 or newer",
        ),
        Finding::judged(
            "durable commits",
            format!(
                "fsync {}, full_page_writes {}, synchronous_commit {}",
                found.fsync, found.full_page_writes, found.synchronous_commit
            ),
            is_durable,
            "set all three to `on`: an acknowledged signal must survive a power cut",
        ),
        Finding::judged(
            "connections",
            format!(
                "at most {}; {wanted} for one process with everything",
                found.max_connections
            ),
            found.max_connections >= wanted,
            "raise `max_connections`, or lower KL_CONNECTIONS",
        ),
        Finding::judged(
            "clocks",
            format!("{apart:.3} s between this machine and PostgreSQL"),
            apart < CLOCKS,
            "let both follow a time server (chrony, systemd-timesyncd)",
        ),
    ]
}

async fn stream(nats: &NatsOptions) -> Vec<Finding> {
    let what = "NATS lets everybody in";
    let away = "start it, and say NATS_URL (and KL_NATS_KEYS_DIR, where it knows its users)";
    let mut findings = Vec::new();
    let mut elsewhere = Vec::new();
    for user in NatsUser::all() {
        match nats.connect_now(user).await {
            Ok(_) => {}
            // On a cluster each has their own key, and whoever operates it that of an operator.
            Err(error) if error.has_no_key() && user != NatsUser::Operator => {
                elsewhere.push(user.name());
            }
            Err(error) => {
                let found = format!("{}: {error}", user.name());
                findings.push(Finding::judged(what, found, false, away));
            }
        }
    }
    if !elsewhere.is_empty() {
        let elsewhere = elsewhere.join(", ");
        let found = format!("not looked at, for their keys are not here: {elsewhere}");
        findings.push(Finding::well(what, found));
    }
    let Ok(client) = nats.connect_now(NatsUser::Operator).await else {
        return findings;
    };
    let version = client.server_info().version;
    findings.push(Finding::judged(
        "nats-server",
        version.clone(),
        is_at_least(&version, NATS),
        "use nats-server 2.12 or newer: older ones have no atomic batches",
    ));
    let cure = "run `knipperlicht ops ensure-streams` (with --replicas 3 on a cluster)";
    findings.push(match health::stream(&jetstream::new(client)).await {
        Ok(found) => Finding::judged("the stream", told(&found), found.is_as_made, cure),
        Err(error) => Finding::judged("the stream", error.to_string(), false, cure),
    });
    findings
}

fn told(found: &StreamFindings) -> String {
    format!(
        "{} events, {} MB, {} of {} copies current",
        found.events,
        found.bytes / 1_000_000,
        found.current_copies,
        found.copies
    )
}

/// Whether NATS writes to the disk before it acknowledges: only its monitoring port tells.
async fn sync(monitor: Option<&str>) -> Finding {
    let what = "sync_interval of NATS";
    let Some(monitor) = monitor else {
        let found = "not looked at: say --nats-monitor-url, such as http://127.0.0.1:8222";
        return Finding::well(what, found.to_owned());
    };
    let answer = match http::get(&format!("{}/varz", monitor.trim_end_matches('/'))).await {
        Ok(answer) => answer,
        Err(error) => {
            let cure = "start that server, or say where the monitoring port of another one is";
            return Finding::judged(what, error.to_string(), false, cure);
        }
    };
    let told: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let settings = &told["jetstream"]["config"];
    let always = settings["sync_always"].as_bool().unwrap_or_default();
    let found = if always {
        "always".to_owned()
    } else {
        format!(
            "every {} s",
            settings["sync_interval"].as_i64().unwrap_or_default() / 1_000_000_000
        )
    };
    Finding::judged(
        what,
        found,
        always,
        "set `jetstream { sync_interval: always }`, or keep three copies on machines that do not fail together",
    )
}

fn is_at_least(version: &str, least: (u64, u64)) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let major_minor = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    major_minor >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_at_least("2.12.0", NATS) && is_at_least("2.15.1", NATS));
        assert!(!is_at_least("2.9.10", NATS) && !is_at_least("unknown", NATS));
    }

    #[test]
    fn a_server_that_loses_what_it_acknowledged_is_not_well() {
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        let found = |fsync| health::DatabaseFindings {
            version: "15.4".to_owned(),
            version_number: 150_004,
            fsync,
            full_page_writes: true,
            synchronous_commit: "on".to_owned(),
            max_connections: 100,
            now,
            is_superuser: false,
            sees_everything: false,
            foreign_schemas: 0,
        };
        let bad = |fsync| {
            let findings = server(&found(fsync), now);
            findings
                .into_iter()
                .filter(|one| one.cure.is_some())
                .count()
        };
        assert_eq!((bad(true), bad(false)), (0, 1));
    }
}
