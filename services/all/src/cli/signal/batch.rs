//! `knipperlicht signal send --file`: a queue of signals, as after a day without network.

use std::{fs, io, path::Path};

use indicatif::ProgressBar;
use knipperlicht_contracts::{
    from_proto,
    intake::v1::{
        self as proto, intake_service_client::IntakeServiceClient,
        submit_signal_result::Result as Outcome,
    },
};
use knipperlicht_runtime::retry_pause;
use knipperlicht_vocabulary::Environment;
use serde::Serialize;
use tonic::Code;

use super::line::SignalLine;
use crate::cli::{
    CliError,
    channel::{Line, unary},
    credentials::Person::Cleaner,
    output::Output,
    patience::bar,
    session::{Session, part},
    views::{ReceiptView, RefusalView},
};

/// The most that one call takes.
const CHUNK: usize = 100;

/// How often a chunk is sent that gets no answer. The ids stay the same, so that is harmless.
const ATTEMPTS: u32 = 4;

/// The most wrong lines that are named at once.
const NAMED: usize = 10;

/// A signal and the line it stood on, counted from one.
struct Numbered {
    line: usize,
    signal: proto::Signal,
}

/// Sends a file of signals and reports on each.
pub(crate) async fn run(path: &Path, session: &Session) -> Result<(), CliError> {
    let text = read(path)?;
    let signals = parse(&text, &session.environment)?;
    let mut intake = session.intake(Cleaner).await?;
    let progress = bar(signals.len());
    let mut refused = 0;
    for chunk in signals.chunks(CHUNK) {
        let results = match submit(&mut intake, chunk).await {
            Ok(results) => results,
            Err(error) => {
                progress.finish_and_clear();
                session.output.note(&stopped_at(chunk, &error))?;
                return Err(error);
            }
        };
        refused += report(chunk, results, &progress, &session.output)?;
        progress.inc(u64::try_from(chunk.len()).unwrap_or_default());
    }
    progress.finish_and_clear();
    session.output.say(&format!(
        "{} received, {refused} refused.",
        signals.len() - refused
    ))?;
    session.output.next("signal list")?;
    match refused {
        0 => Ok(()),
        refused => Err(CliError::SomeRefused {
            refused,
            sent: signals.len(),
        }),
    }
}

/// Sends a chunk, and again while that may help.
async fn submit(
    intake: &mut IntakeServiceClient<Line>,
    chunk: &[Numbered],
) -> Result<Vec<proto::SubmitSignalResult>, CliError> {
    let signals = chunk
        .iter()
        .map(|numbered| numbered.signal.clone())
        .collect();
    let request = proto::SubmitSignalsRequest { signals };
    let mut attempt = 1;
    loop {
        match intake.submit_signals(unary(request.clone())).await {
            Ok(answer) => return Ok(answer.into_inner().results),
            Err(status) if attempt < ATTEMPTS && passes(status.code()) => {
                tokio::time::sleep(retry_pause(attempt + 2)).await;
                attempt += 1;
            }
            Err(status) => return Err(status.into()),
        }
    }
}

/// Whether it may go better in a moment.
const fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::ResourceExhausted
    )
}

/// What became of one line.
#[derive(Debug, Serialize)]
struct LineView {
    line: usize,
    signal_id: String,
    #[serde(flatten)]
    outcome: OutcomeView,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeView {
    Receipt(ReceiptView),
    Refusal(RefusalView),
}

/// Prints what became of each line; says how many were refused.
fn report(
    chunk: &[Numbered],
    results: Vec<proto::SubmitSignalResult>,
    progress: &ProgressBar,
    output: &Output,
) -> Result<usize, CliError> {
    if results.len() != chunk.len() {
        return Err(CliError::Incomplete("result for each signal"));
    }
    let mut refused = 0;
    for (numbered, result) in chunk.iter().zip(results) {
        let outcome = match part(result.result, "result for a signal")? {
            Outcome::Receipt(receipt) => OutcomeView::Receipt(receipt.into()),
            Outcome::Refusal(refusal) => {
                refused += 1;
                OutcomeView::Refusal(refusal.into())
            }
        };
        let view = LineView {
            line: numbered.line,
            signal_id: result.signal_id,
            outcome,
        };
        // The bar gives way, or the line would be written through it.
        progress.suspend(|| print(&view, output))?;
    }
    Ok(refused)
}

fn print(view: &LineView, output: &Output) -> Result<(), CliError> {
    output.json_line(view)?;
    let place = format!("line {}  {}", view.line, view.signal_id);
    match &view.outcome {
        OutcomeView::Receipt(receipt) => {
            output.say(&format!("{place}  {}", receipt.sentence(output.local())))?;
            receipt
                .warning()
                .map_or(Ok(()), |warning| output.shout(&warning))
        }
        OutcomeView::Refusal(refusal) => output.say(&format!("{place}  {}", refusal.text())),
    }
}

/// Where it stopped, and what is known of the lines it stopped at.
fn stopped_at(chunk: &[Numbered], error: &CliError) -> String {
    let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else {
        return String::new();
    };
    let (fate, ids) = match error {
        CliError::NoAnswer { .. } => ("may be stored or not", named(chunk)),
        _ => ("are not stored", String::new()),
    };
    format!(
        "stopped: every line before {} has its answer above; lines {} to {} {fate}; what comes after was not sent{ids}",
        first.line, first.line, last.line
    )
}

/// The ids and moments of these lines, those that were made up here as well: by them a signal that is
/// sent again is known again.
fn named(chunk: &[Numbered]) -> String {
    let ids = chunk.iter().map(|Numbered { line, signal }| {
        let moment = signal.reported_at.and_then(|at| from_proto(at).ok());
        let moment = moment.map_or_else(String::new, |at| format!("  reported_at {at}"));
        format!("\n  line {line}  signal_id {}{moment}", signal.signal_id)
    });
    let begin = "\nto send these again, put on each line what it had, and nothing is stored twice:";
    begin.to_owned() + &ids.collect::<String>()
}

fn read(path: &Path) -> Result<String, CliError> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(path)
    };
    text.map_err(|error| CliError::Usage(format!("{} cannot be read: {error}", path.display())))
}

/// Every line as a signal, or every line that is wrong: half a file would be hard to mend.
fn parse(text: &str, environment: &Environment) -> Result<Vec<Numbered>, CliError> {
    let mut signals = Vec::new();
    let mut wrong = Vec::new();
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    for (at, line) in lines {
        match serde_json::from_str::<SignalLine>(line) {
            Ok(signal) => signals.push(Numbered {
                line: at + 1,
                signal: signal.signal(environment),
            }),
            Err(error) => wrong.push(format!("  line {}: {}", at + 1, on_that_line(&error))),
        }
    }
    if !wrong.is_empty() {
        let count = wrong.len();
        wrong.truncate(NAMED);
        let more = if count > NAMED {
            format!("\n  and {} more", count - NAMED)
        } else {
            String::new()
        };
        return Err(CliError::Usage(format!(
            "nothing was sent, mend these lines first:\n{}{more}",
            wrong.join("\n")
        )));
    }
    if signals.is_empty() {
        return Err(CliError::Usage(
            "the file holds no signals: put one on each line as a JSON object".to_owned(),
        ));
    }
    Ok(signals)
}

/// Every line is a document of its own to the parser, so its "line 1" would mislead.
fn on_that_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) => format!("{what} (column {})", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
