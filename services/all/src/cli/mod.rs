//! The client: everything a reporter, a partner or a coordinator can do, from a terminal.
//!
//! A command reads like a call: who asks, one gRPC call, one view printed as a table or as JSON.
//! What goes wrong is a [`CliError`], whose text says what to do next.
//!
//! What was typed may say who somebody is, or be a secret: none of it can be printed with `Debug`.

mod assessment;
mod carer;
mod channel;
mod connection;
mod consent;
mod contact;
mod credentials;
mod directory;
mod duplicate;
mod error;
mod followup;
mod item;
mod notify;
mod output;
mod patience;
mod referral;
mod route;
mod session;
mod signal;
mod situation;
mod values;
mod views;
mod zone;

#[cfg(test)]
mod tests;

pub use assessment::AssessmentCommand;
pub use carer::CarerCommand;
pub(crate) use channel::{Credentials, Line};
pub use connection::{ClientOptions, Connection};
pub(crate) use connection::{ServiceUrls, Trust};
pub use consent::ConsentCommand;
pub use contact::ContactClient;
pub use directory::{CapacityCommand, DirectoryCommand};
pub use duplicate::DuplicateCommand;
pub use error::CliError;
pub use followup::FollowupCommand;
pub use item::ItemCommand;
pub use notify::NotifyCommand;
pub use referral::ReferralCommand;
pub use route::RouteCommand;
pub use signal::SignalCommand;
pub use situation::SituationCommand;
pub use zone::ZoneCommand;

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use clap_complete::Shell;
use output::Output;
use session::Session;

/// What the client can do. The program flattens this into its own commands.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Flag that a carer is being overloaded, and see what became of it (signaal)
    Signal(Client<SignalCommand>),
    /// Read how to reach a carer, for a stated purpose; every reading is kept in the audit log
    Contact(ContactClient),
    /// What is shared besides the carer's word, and what is left behind where nothing is (toestemming)
    Consent(Client<ConsentCommand>),
    /// A partner's desk: requests that wait for an answer (verwijzing)
    Referral(Client<ReferralCommand>),
    /// A coordinator's desk: what no rule could route
    Item(Client<ItemCommand>),
    /// A coordinator's desk: situations that may be one, and were flagged as two
    Duplicate(Client<DuplicateCommand>),
    /// From acceptance until the carer says it helped (opvolging)
    Followup(Client<FollowupCommand>),
    /// A coordinator's desk: everything about one situation, and forgetting it (recht op vergetelheid)
    Situation(Client<SituationCommand>),
    /// Links and printed cards for carers, who need no account (mantelzorgers)
    Carer(Client<CarerCommand>),
    /// Be told by webhook or mail that there is something for you (meldingen)
    Notify(Client<NotifyCommand>),
    /// How a situation was judged, and why (inschatting)
    Assessment(Client<AssessmentCommand>),
    /// Who is asked, and why (toeleiding)
    Route(Client<RouteCommand>),
    /// Primary-care zones and the services in them (eerstelijnszones)
    Zone(Client<ZoneCommand>),
    /// What partners offer, as files and as lists (sociale kaart)
    Directory(Client<DirectoryCommand>),
    /// What room a partner's services have for new people
    Capacity(Client<CapacityCommand>),
    /// Print a script that lets your shell complete commands, options and codes
    ///
    /// For bash: knipperlicht completions bash > ~/.local/share/bash-completion/completions/knipperlicht
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Without what stands behind it: that may say who somebody is, or be a secret.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal(_) => "Signal(..)",
            Self::Contact(_) => "Contact(..)",
            Self::Consent(_) => "Consent(..)",
            Self::Referral(_) => "Referral(..)",
            Self::Item(_) => "Item(..)",
            Self::Duplicate(_) => "Duplicate(..)",
            Self::Followup(_) => "Followup(..)",
            Self::Situation(_) => "Situation(..)",
            Self::Carer(_) => "Carer(..)",
            Self::Notify(_) => "Notify(..)",
            Self::Assessment(_) => "Assessment(..)",
            Self::Route(_) => "Route(..)",
            Self::Zone(_) => "Zone(..)",
            Self::Directory(_) => "Directory(..)",
            Self::Capacity(_) => "Capacity(..)",
            Self::Completions { .. } => "Completions",
        })
    }
}

/// Commands, with the options that all of them share.
#[derive(clap::Args)]
pub struct Client<C: clap::Subcommand> {
    #[command(flatten)]
    options: Box<ClientOptions>,
    #[command(subcommand)]
    command: C,
}

/// Runs one command and says on standard error what went wrong. `program` is the whole program,
/// of which completions are made. See [`CliError::exit_code`] for what it ends with.
pub async fn run(command: Command, program: clap::Command) -> ExitCode {
    match dispatch(command, program).await {
        Ok(()) => ExitCode::SUCCESS,
        // `knipperlicht signal list | head` is no mistake.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // With standard error gone as well there is nobody left to tell.
            let _ = writeln!(
                io::stderr(),
                "knipperlicht: {}",
                output::clean(&error.to_string())
            );
            ExitCode::from(error.exit_code())
        }
    }
}

async fn dispatch(command: Command, program: clap::Command) -> Result<(), CliError> {
    match command {
        Command::Signal(asked) => signal::run(asked.command, &session(*asked.options)?).await,
        Command::Contact(asked) => contact::run(asked.args, &session(*asked.options)?).await,
        Command::Consent(asked) => consent::run(asked.command, &session(*asked.options)?).await,
        Command::Referral(asked) => referral::run(asked.command, &session(*asked.options)?).await,
        Command::Item(asked) => item::run(asked.command, &session(*asked.options)?).await,
        Command::Duplicate(asked) => duplicate::run(asked.command, &session(*asked.options)?).await,
        Command::Followup(asked) => followup::run(asked.command, &session(*asked.options)?).await,
        Command::Situation(asked) => situation::run(asked.command, &session(*asked.options)?).await,
        Command::Carer(asked) => carer::run(asked.command, &session(*asked.options)?).await,
        Command::Notify(asked) => notify::run(asked.command, &session(*asked.options)?).await,
        Command::Assessment(asked) => {
            assessment::run(asked.command, &session(*asked.options)?).await
        }
        Command::Route(asked) => route::run(asked.command, &session(*asked.options)?).await,
        Command::Zone(asked) => zone::run(asked.command, &session(*asked.options)?).await,
        Command::Directory(asked) => directory::run(asked.command, &session(*asked.options)?).await,
        Command::Capacity(asked) => {
            directory::run_capacity(asked.command, &session(*asked.options)?).await
        }
        Command::Completions { shell } => {
            Output::standard(false)?.print(&completions(shell, program))
        }
    }
}

fn session(options: ClientOptions) -> Result<Session, CliError> {
    let output = Output::standard(options.json)?;
    Session::new(options, output)
}

fn completions(shell: Shell, mut program: clap::Command) -> String {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
