//! What held PostgreSQL up while it was measured, as its own log tells it.

use std::{fs, path::Path};

use sqlx::PgConnection;

use crate::error::{BenchError, Doing};

/// What the server is told to write down: whatever lasts long enough to be felt at 1,000 signals a
/// second, and what it does of itself.
const SETTINGS: &str = "
    alter system set log_min_duration_statement = '30ms';
    alter system set log_parameter_max_length = 0;
    alter system set log_checkpoints = on;
    alter system set log_autovacuum_min_duration = 0;
    alter system set log_lock_waits = on;
    alter system set deadlock_timeout = '50ms';
    alter system set log_line_prefix = '%m %u '";

/// The words by which such a line is known.
const TELLING: [&str; 4] = ["duration: ", "checkpoint ", "automatic ", "still waiting"];

/// As many characters of a statement as tell which it is.
const WIDTH: usize = 300;

/// From now on the server writes down what takes long.
pub(crate) async fn write_down(connection: &mut PgConnection) -> Result<(), BenchError> {
    for setting in SETTINGS.split(';') {
        sqlx::raw_sql(setting).execute(&mut *connection).await?;
    }
    sqlx::raw_sql("select pg_reload_conf()")
        .execute(connection)
        .await?;
    Ok(())
}

/// What it wrote down, one statement a line.
pub(crate) fn told(log: &Path) -> Result<Vec<String>, BenchError> {
    let text = fs::read_to_string(log).doing("read PostgreSQL's log")?;
    let mut told: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with(char::is_whitespace) {
            if let Some(last) = told.last_mut() {
                last.push(' ');
                last.push_str(line.trim());
            }
        } else {
            told.push(line.to_owned());
        }
    }
    told.retain(|line| TELLING.iter().any(|word| line.contains(word)));
    Ok(told
        .into_iter()
        .map(|line| line.chars().take(WIDTH).collect())
        .collect())
}
