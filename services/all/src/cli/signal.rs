//! `knipperlicht signal`: a reporter's side of the line.

mod batch;
mod line;
mod send;

use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{Consent, Language, SignalId, SituationId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::{Cleaner, Coordinator},
    session::{Pages, Session, answer, pages, part, watch},
    values::{codes, words},
    views::{SignalView, ToldReporterView},
};
pub(super) use send::SendArgs;

/// What a reporter can do.
#[derive(clap::Subcommand)]
pub enum SignalCommand {
    /// Flag a situation, or a file of them with --file
    Send(Box<SendArgs>),
    /// List your signals, newest first
    List {
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Show one signal and every step of its way
    Show {
        /// The signal
        #[arg(value_name = "SIGNAL")]
        id: SignalId,
    },
    /// Follow your signals as they move
    Watch,
    /// Take a signal back, for as long as no partner has accepted it
    Withdraw {
        /// The signal
        #[arg(value_name = "SIGNAL")]
        id: SignalId,
    },
    /// Record what the carer agreed to, now or since (toestemming)
    ///
    /// Without consent no partner learns who it is about. Once it is given, a signal that waited
    /// for it goes out by itself.
    Consent {
        /// A signal of yours about this carer
        #[arg(value_name = "SIGNAL")]
        id: SignalId,
        /// What the carer agreed to
        #[arg(value_name = "CONSENT", value_parser = codes(Consent::ALL))]
        consent: Consent,
        /// Why a vital interest outweighs consent; it is stored encrypted
        #[arg(long, value_name = "TEXT", value_parser = words, required_if_eq("consent", "vital_interest"))]
        because: Option<String>,
    },
    /// Say that you saw everything that you were told of a signal so far
    Seen {
        /// The signal
        #[arg(value_name = "SIGNAL")]
        id: SignalId,
    },
    /// Say that it is not better: what was closed opens again
    NotBetter {
        /// The signal
        #[arg(value_name = "SIGNAL")]
        id: SignalId,
    },
    /// List what the reporters of a situation were told, and saw, as a coordinator
    Told {
        /// The situation
        #[arg(value_name = "SITUATION")]
        id: SituationId,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: SignalCommand, session: &Session) -> Result<(), CliError> {
    match command {
        SignalCommand::Send(args) => send::run(*args, session).await,
        SignalCommand::List { limit } => list(limit, session).await,
        SignalCommand::Show { id } => show(id, session).await,
        SignalCommand::Watch => {
            let mut intake = session.intake(Cleaner).await?;
            let stream = answer(intake.watch_my_signals(proto::WatchMySignalsRequest {})).await?;
            watch(session, stream, |change| view(change.signal)).await
        }
        SignalCommand::Withdraw { id } => withdraw(id, session).await,
        SignalCommand::Consent {
            id,
            consent,
            because,
        } => set_consent(id, consent, because, session).await,
        SignalCommand::Seen { id } => seen(id, session).await,
        SignalCommand::NotBetter { id } => {
            let mut intake = session.intake(Cleaner).await?;
            let request = proto::ReportNotBetterRequest {
                signal_id: id.to_string(),
            };
            let done = answer(intake.report_not_better(unary(request))).await?;
            session.output.one(&view(done.signal)?)
        }
        SignalCommand::Told { id } => told(id, session).await,
    }
}

async fn list(limit: u32, session: &Session) -> Result<(), CliError> {
    let mut intake = session.intake(Cleaner).await?;
    let Pages { found, more } = pages(limit, async |page_size, page_token| {
        let page = answer(intake.list_my_signals(unary(proto::ListMySignalsRequest {
            page_size,
            page_token,
        })))
        .await?;
        Ok((page.signals, page.next_page_token))
    })
    .await?;
    let views = found
        .into_iter()
        .map(|signal| view(Some(signal)))
        .collect::<Result<Vec<_>, _>>()?;
    session.output.list(
        &views,
        "No signals yet. Flag one: knipperlicht signal send --help",
    )?;
    session.more(more, limit)
}

async fn show(id: SignalId, session: &Session) -> Result<(), CliError> {
    let mut intake = session.intake(Cleaner).await?;
    let found = answer(intake.get_signal(unary(proto::GetSignalRequest {
        signal_id: id.to_string(),
    })))
    .await?;
    let signal = view(found.signal)?;
    let output = &session.output;
    output.one(&signal)?;
    if let Some(warning) = signal.receipt.warning() {
        output.shout(&warning)?;
    }
    if let Some(advice) = &signal.receipt.advice {
        output.say(&advice.text(Language::Dutch))?;
    }
    output.say("so far")?;
    for step in &signal.progress {
        output.say(&step.text(output.local()))?;
    }
    Ok(())
}

async fn withdraw(id: SignalId, session: &Session) -> Result<(), CliError> {
    let mut intake = session.intake(Cleaner).await?;
    let done = answer(intake.withdraw_signal(unary(proto::WithdrawSignalRequest {
        signal_id: id.to_string(),
    })))
    .await?;
    session.output.one(&view(done.signal)?)
}

async fn set_consent(
    id: SignalId,
    consent: Consent,
    because: Option<String>,
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::SetConsentRequest {
        signal_id: id.to_string(),
        consent: consent.number(),
        vital_interest_reason: reason_for(consent, because)?,
    };
    let mut intake = session.intake(Cleaner).await?;
    let done = answer(intake.set_consent(unary(request))).await?;
    session.output.one(&view(done.signal)?)?;
    session.next(&format!("signal show {id}"))
}

async fn seen(id: SignalId, session: &Session) -> Result<(), CliError> {
    let mut intake = session.intake(Cleaner).await?;
    let found = answer(intake.get_signal(unary(proto::GetSignalRequest {
        signal_id: id.to_string(),
    })))
    .await?;
    let request = proto::MarkSeenRequest {
        signal_id: id.to_string(),
        seen: part(found.signal, "signal")?.progress,
    };
    let done = answer(intake.mark_seen(unary(request))).await?;
    session.output.one(&view(done.signal)?)
}

async fn told(id: SituationId, session: &Session) -> Result<(), CliError> {
    let mut intake = session.intake(Coordinator).await?;
    let found = answer(intake.list_told(unary(proto::ListToldRequest {
        situation_id: id.to_string(),
    })))
    .await?;
    let views: Vec<ToldReporterView> = found
        .reporters
        .into_iter()
        .map(ToldReporterView::from)
        .collect();
    session.output.list(&views, "No signal of it stands.")
}

/// The reason belongs to one consent only: anywhere else it would be lost without a word.
fn reason_for(consent: Consent, because: Option<String>) -> Result<String, CliError> {
    match (consent, because) {
        (Consent::VitalInterest, None) => Err(CliError::Usage(
            "vital_interest needs --because: why it outweighs consent".to_owned(),
        )),
        (Consent::VitalInterest, Some(reason)) => Ok(reason),
        (_, Some(_)) => Err(CliError::Usage(
            "--because goes with vital_interest only: leave it out".to_owned(),
        )),
        (_, None) => Ok(String::new()),
    }
}

fn view(signal: Option<proto::SignalStatus>) -> Result<SignalView, CliError> {
    let mut signal = part(signal, "signal")?;
    let receipt = part(signal.receipt.take(), "receipt")?;
    Ok(SignalView::new(receipt, signal))
}

#[cfg(test)]
mod tests;
