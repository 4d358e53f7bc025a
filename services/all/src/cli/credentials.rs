//! As whom a command speaks.

use std::{env, fs, io, path::Path};

use knipperlicht_vocabulary::ReporterId;

use super::{CliError, Connection};

/// The most people that are named at once: a demo has a partner for each service.
const NAMED: usize = 12;

/// Whose work a command is, for when nobody was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// Flags situations.
    Cleaner,
    /// Works at a partner's desk.
    Partner,
    /// Coordinates a zone.
    Coordinator,
    /// Works at a partner's desk, or looks on as a coordinator.
    Desk,
    /// Keeps the directory.
    Admin,
}

impl Person {
    /// The people of the demo who do this work, the likeliest first.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Cleaner => &["cleaner"],
            Self::Partner => &["partner"],
            Self::Coordinator => &["coordinator"],
            Self::Desk => &["partner", "coordinator"],
            Self::Admin => &["admin"],
        }
    }

    /// What to do when none of them has a token.
    const fn advice(self) -> &'static str {
        match self {
            Self::Cleaner => {
                "start `make run` and use --as cleaner, or set KL_TOKEN to an access token"
            }
            Self::Coordinator | Self::Desk => {
                "start `make run` and use --as coordinator, or set KL_TOKEN to an access token"
            }
            Self::Admin => {
                "start `make run` and use --as admin, or set KL_TOKEN to an access token"
            }
            Self::Partner => {
                "say which partner you are with --as and the organisation's id, as \
                 `knipperlicht referral list --as coordinator` shows it, or set KL_TOKEN to an access token"
            }
        }
    }
}

/// The token to show: what was typed, else what the environment says, else the demo's `usual`
/// person.
pub(crate) fn token(connection: &Connection, usual: Person) -> Result<String, CliError> {
    choose(connection, usual, |name| env::var(name).ok())
}

fn choose(
    connection: &Connection,
    usual: Person,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, CliError> {
    let variable = |name| variable(name).filter(|value| !value.trim().is_empty());
    if let Some(token) = &connection.token {
        return Ok(token.trim().to_owned());
    }
    if let Some(person) = &connection.person {
        return named(&connection.dev_dir, person);
    }
    if let Some(token) = variable("KL_TOKEN") {
        return Ok(token.trim().to_owned());
    }
    if let Some(person) = variable("KL_AS") {
        return named(&connection.dev_dir, &person);
    }
    for person in usual.names() {
        if let Some(token) = read(&connection.dev_dir, person)? {
            return Ok(token);
        }
    }
    Err(CliError::Usage(format!(
        "nobody to speak as: {}",
        usual.advice()
    )))
}

fn named(dev_dir: &Path, person: &str) -> Result<String, CliError> {
    // The name becomes a file's: an account's name has no slash, and may not lead out by dots.
    if person.parse::<ReporterId>().is_err() || person.starts_with('.') {
        return Err(CliError::Usage(format!(
            "`{person}` names nobody: --as takes a name such as cleaner or coordinator, or a partner's id"
        )));
    }
    read(dev_dir, person)?.ok_or_else(|| unknown(dev_dir, person))
}

fn read(dev_dir: &Path, person: &str) -> Result<Option<String>, CliError> {
    let file = dev_dir.join("tokens").join(person);
    match fs::read_to_string(&file) {
        Ok(token) => Ok(Some(token.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::Usage(format!(
            "{} cannot be read: {error}",
            file.display()
        ))),
    }
}

fn unknown(dev_dir: &Path, person: &str) -> CliError {
    let tokens = dev_dir.join("tokens");
    let mut people: Vec<String> = fs::read_dir(&tokens)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    people.sort_unstable();
    if people.is_empty() {
        return CliError::Usage(format!(
            "no people of the demo in {}: start `make run` in this directory, or name its directory with --dev-dir",
            tokens.display()
        ));
    }
    let more = people.len().saturating_sub(NAMED);
    people.truncate(NAMED);
    let rest = match more {
        0 => String::new(),
        more => format!(" and {more} more, see {}", tokens.display()),
    };
    CliError::Usage(format!(
        "the demo knows no `{person}`; it knows: {}{rest}",
        people.join(", ")
    ))
}

#[cfg(test)]
mod tests;
