//! What the same PostgreSQL does at most: pgbench, writing the same two rows a transaction.

use std::{env, fs, path::PathBuf, time::Duration};

use sqlx::Row;
use tokio::process::Command;

use crate::{
    error::{BenchError, Doing},
    ground::Ground,
};

/// pgbench with its script.
pub(crate) struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    server: Server,
}

struct Server {
    user: String,
    password: String,
    port: String,
    database: String,
}

impl Pgbench {
    /// Writes the script after a signal and an event that were really stored.
    pub(crate) async fn prepare(ground: &Ground) -> Result<Self, BenchError> {
        let program = find(ground)?;
        let script = ground.directory().join("two-inserts.sql");
        fs::write(&script, like_ours(ground).await?).doing(script.display().to_string())?;
        let server = Server::of(&ground.baseline_url())?;
        Ok(Self {
            program,
            script,
            server,
        })
    }

    /// Transactions a second with so many clients.
    pub(crate) async fn run(
        &self,
        ground: &Ground,
        clients: usize,
        lasting: Duration,
    ) -> Result<f64, BenchError> {
        let mut connection = ground.look_at_baseline().await?;
        sqlx::raw_sql("truncate intake.signal, intake.outbox")
            .execute(&mut connection)
            .await?;
        let said = self.transcript(clients, lasting).await?;
        if let Some(throughput) = throughput(&said) {
            return Ok(throughput);
        }
        // On a very busy machine the time is over before every client has connected.
        let said = self.transcript(clients, lasting * 10).await?;
        throughput(&said).ok_or(BenchError::Pgbench(said))
    }

    async fn transcript(&self, clients: usize, lasting: Duration) -> Result<String, BenchError> {
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--host=127.0.0.1"])
            .arg(format!("--port={}", self.server.port))
            .arg(format!("--username={}", self.server.user))
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(2)))
            .arg(format!("--time={}", lasting.as_secs().max(1)))
            .arg("--file")
            .arg(&self.script)
            .arg(&self.server.database)
            .env("PGPASSWORD", &self.server.password)
            .kill_on_drop(true)
            .output()
            .await
            .doing(self.program.display().to_string())?;
        let streams = [output.stdout, output.stderr].concat();
        Ok(String::from_utf8_lossy(&streams).into_owned())
    }
}

fn find(ground: &Ground) -> Result<PathBuf, BenchError> {
    let beside = ground.tools.postgres_bin().join("pgbench");
    let on_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&on_path).map(|directory| directory.join("pgbench"));
    std::iter::once(beside)
        .chain(on_path)
        .find(|program| program.is_file())
        .ok_or(BenchError::NoPgbench)
}

impl Server {
    /// Taken apart, so that the password goes by the environment: arguments can be read by all.
    fn of(url: &str) -> Result<Self, BenchError> {
        let parts = || {
            let (who, place) = url.strip_prefix("postgres://")?.split_once('@')?;
            let (user, password) = who.split_once(':')?;
            let (host, database) = place.split_once('/')?;
            let (_, port) = host.split_once(':')?;
            Some([user, password, port, database].map(str::to_owned))
        };
        let [user, password, port, database] = parts().ok_or_else(|| {
            BenchError::Pgbench("the server's address has another form".to_owned())
        })?;
        Ok(Self {
            user,
            password,
            port,
            database,
        })
    }
}

/// The two inserts, each column as wide as in a signal that was stored.
async fn like_ours(ground: &Ground) -> Result<String, BenchError> {
    let row = sqlx::query(
        "select reporter_id, reporter_role, observations::text, zone, event_type, subject_tail, length(body)
         from intake.signal join intake.outbox using (situation_id) limit 1",
    )
    .fetch_one(&mut ground.look().await?)
    .await?;
    let text = |index: usize| row.get::<String, _>(index);
    let body: i32 = row.get(6);
    Ok(format!(
        "begin;\n\
         insert into intake.signal (signal_id, situation_id, reporter_id, reporter_role, observations, \
         reported_at, received_at, content) values (gen_random_uuid(), gen_random_uuid(), '{}', '{}', '{}', \
         now(), now(), decode(repeat('5a', 32), 'hex'));\n\
         insert into intake.outbox (partition, event_id, situation_id, sequence, zone, event_type, subject_tail, \
         body, occurred_at) values (7, gen_random_uuid(), gen_random_uuid(), 1, '{}', '{}', '{}', \
         decode(repeat('5a', {body}), 'hex'), now());\n\
         commit;\n",
        text(0),
        text(1),
        text(2),
        text(3),
        text(4),
        text(5),
    ))
}

fn throughput(said: &str) -> Option<f64> {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_pgbench_says() {
        let said = "latency average = 0.5 ms\ntps = 7801.5 (without initial connection time)\n";
        assert_eq!(throughput(said), Some(7801.5));
        assert_eq!(throughput("pgbench: error"), None);
    }
}
