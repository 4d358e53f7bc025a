//! What can go wrong for somebody at a terminal, and what to do about it.

use std::io;

use knipperlicht_runtime::Problem;
use tonic::{Code, Status};

/// Why a command failed. The text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line, a file named on it, or the environment is wrong.
    #[error("{0}")]
    Usage(String),
    /// The server refused.
    #[error("{}", refusal_text(.0, .1.as_deref()))]
    Refused(Problem, Option<&'static str>),
    /// Some signals of a batch were refused; each was reported on its line.
    #[error(
        "{refused} of {sent} signals were refused and the others are safe: mend the refused lines, \
         and send a file of only those"
    )]
    SomeRefused {
        /// How many were refused.
        refused: usize,
        /// How many were sent.
        sent: usize,
    },
    /// Something is wrong with a file of services; each thing was reported on its line.
    #[error(
        "nothing was stored: mend the {0} lines above that are wrong, then bring the file in again"
    )]
    FileRefused(usize),
    /// Nothing listens there.
    #[error(
        "cannot reach {server} ({why}): is it running? start it with `make run`, or name another with --server (or KL_INTAKE_URL and its like)"
    )]
    Unreachable {
        /// Where it should be.
        server: String,
        /// Why.
        why: String,
    },
    /// The answer to a call did not come: whether it took effect is not known.
    #[error("{why}{}", again.as_deref().unwrap_or("; run it again, and if it stays so look at the server's log"))]
    NoAnswer {
        /// What happened.
        why: String,
        /// How to try again without harm, where that takes more than running it again.
        again: Option<String>,
    },
    /// The server's answer lacks something it always has.
    #[error("the server's answer has no {0}: client and server seem to be of different versions")]
    Incomplete(&'static str),
    /// The output could not be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
    /// This machine lacks something the client needs.
    #[error("this machine: {0}")]
    Machine(String),
}

impl CliError {
    /// What the process ends with: 2 for a wrong command, 3 for a refusal, 4 for a server that
    /// cannot be reached, 1 for anything else.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Refused(..) | Self::SomeRefused { .. } | Self::FileRefused(_) => 3,
            Self::Unreachable { .. } | Self::NoAnswer { .. } => 4,
            Self::Incomplete(_) | Self::Output(_) | Self::Machine(_) => 1,
        }
    }

    /// Says how to try again, where it is not known whether the call took effect.
    pub(crate) fn with_retry(self, how: impl FnOnce() -> String) -> Self {
        match self {
            Self::NoAnswer { why, .. } => Self::NoAnswer {
                why,
                again: Some(how()),
            },
            other => other,
        }
    }
}

impl From<Status> for CliError {
    fn from(status: Status) -> Self {
        let problem = Problem::from(&status);
        // A refusal of ours carries a code; without one these come from the transport.
        let transport = problem.code.is_empty();
        match status.code() {
            Code::DeadlineExceeded | Code::Cancelled => Self::NoAnswer {
                why: "no answer in time".to_owned(),
                again: None,
            },
            Code::Unavailable | Code::Unknown | Code::Internal if transport => Self::NoAnswer {
                why: format!("the connection broke ({})", problem.message),
                again: None,
            },
            code => Self::Refused(problem, advice(code)),
        }
    }
}

const fn advice(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => Some(
            "log in again: start `make run` and use --as PERSON, or set KL_TOKEN to a fresh access token",
        ),
        Code::PermissionDenied => Some(
            "speak as somebody whose work this is, with --as: cleaner, coordinator, admin, or a partner's id",
        ),
        Code::FailedPrecondition => Some("look how it stands now, then decide"),
        Code::Unimplemented => Some(
            "that server does not know this call: is --server the right one, and of this version?",
        ),
        Code::ResourceExhausted => Some("wait a moment, then run it again"),
        _ => None,
    }
}

fn refusal_text(problem: &Problem, advice: Option<&str>) -> String {
    let code = problem.code.as_str();
    // The server puts the code before its message for those who see only that.
    let message = problem
        .message
        .strip_prefix(code)
        .map_or(problem.message.as_str(), |rest| {
            rest.trim_start_matches(": ")
        });
    let mut text = match (code, problem.field.as_deref()) {
        ("", _) => format!("refused: {message}"),
        (code, None) => format!("refused ({code}): {message}"),
        (code, Some(field)) => format!("refused ({code}), field {field}: {message}"),
    };
    if let Some(line) = advice {
        text = format!("{text}\n{line}");
    }
    if !code.is_empty() {
        text = format!("{text}\nsee docs/errors/{code}.md");
    }
    text
}

#[cfg(test)]
mod tests {
    use knipperlicht_runtime::{Coded, Kind, refusal};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("a postal code in Wallonia has no zone: pass the signal on to its own services")]
    struct Wallonia;

    impl Coded for Wallonia {
        fn kind(&self) -> Kind {
            Kind::Invalid
        }
        fn code(&self) -> &'static str {
            "KL1001"
        }
        fn field(&self) -> Option<&str> {
            Some("postal_code")
        }
    }

    #[test]
    fn a_refusal_names_code_field_and_page() {
        let error = CliError::from(refusal(&Wallonia));
        assert_eq!(error.exit_code(), 3);
        insta::assert_snapshot!(error, @"
        refused (KL1001), field postal_code: a postal code in Wallonia has no zone: pass the signal on to its own services
        see docs/errors/KL1001.md
        ");
    }

    #[test]
    fn a_refusal_without_a_code_still_says_what_to_do() {
        let error = CliError::from(Status::unauthenticated("who are you?"));
        insta::assert_snapshot!(error, @"
        refused: who are you?
        log in again: start `make run` and use --as PERSON, or set KL_TOKEN to a fresh access token
        ");
    }

    #[test]
    fn a_call_that_may_have_taken_effect_says_how_to_repeat_it() {
        let error = CliError::from(Status::deadline_exceeded(""))
            .with_retry(|| "; send it again with --id 1".to_owned());
        assert_eq!(error.exit_code(), 4);
        assert_eq!(
            error.to_string(),
            "no answer in time; send it again with --id 1"
        );
        let other = CliError::Usage("x".to_owned()).with_retry(|| "y".to_owned());
        assert_eq!(other.to_string(), "x");
    }
}
