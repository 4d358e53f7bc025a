//! `knipperlicht signal send`.

use std::path::PathBuf;

use jiff::Timestamp;
use knipperlicht_contracts::{intake::v1 as proto, to_proto};
use knipperlicht_vocabulary::{
    AgeBand, Consent, Environment, Language, Observation, PostalCode, ReporterRole, SignalId,
};

use super::{batch, reason_for};
use crate::cli::{
    CliError,
    channel::unary,
    credentials::Person::Cleaner,
    session::{Session, answer, part},
    values::{codes, moment, words},
    views::ReceiptView,
};

const FILE_HELP: &str = "\
Send many: a file with one signal as a JSON object a line, or - for standard input

A line has at least {\"postal_code\":\"8400\",\"observations\":[\"exhausted\"]}, and where wanted
signal_id, reported_at (RFC 3339), reporter_role, consent, vital_interest_reason, language,
age_band, note, and contact with name, phone, mail, address, national_number, family_name and
birth_year.

Nothing is sent until every line is well-formed. A line with its own signal_id and reported_at can
be sent again without harm.";

/// A signal, typed as options or read from a file.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  knipperlicht signal send --postal-code 8400 --observation exhausted --observation sleeps_badly
  knipperlicht signal send --postal-code 8400 --observation asks_for_help --role nurse \\
      --consent given --name 'An Peeters' --phone 059123456
  knipperlicht signal send --file signals.jsonl")]
pub struct SendArgs {
    /// Postal code of the cared-for person's home, such as 8400
    #[arg(long, value_name = "CODE", required_unless_present = "file")]
    postal_code: Option<PostalCode>,
    /// What was noticed; repeat it for each observation
    #[arg(long = "observation", value_name = "CODE", value_parser = codes(Observation::ALL), required_unless_present = "file")]
    observations: Vec<Observation>,
    /// What the carer agreed to (toestemming)
    #[arg(long, value_name = "CODE", value_parser = codes(Consent::ALL), default_value = "not_asked")]
    consent: Consent,
    /// Why a vital interest outweighs consent; it is stored encrypted
    #[arg(long, value_name = "TEXT", value_parser = words, required_if_eq("consent", "vital_interest"))]
    because: Option<String>,
    /// In which role you noticed it
    #[arg(long, value_name = "CODE", value_parser = codes(ReporterRole::ALL), default_value = "other")]
    role: ReporterRole,
    /// In which language the carer is best helped
    #[arg(long, value_name = "CODE", value_parser = codes(Language::ALL), default_value = "nl")]
    language: Language,
    /// The carer's age
    #[arg(long, value_name = "CODE", value_parser = codes(AgeBand::ALL))]
    age_band: Option<AgeBand>,
    /// The carer's name; like all of these, it is stored encrypted
    #[arg(long, value_name = "TEXT", value_parser = words, help_heading = "How to reach the carer")]
    name: Option<String>,
    /// A phone number
    #[arg(long, value_name = "NUMBER", value_parser = words, help_heading = "How to reach the carer")]
    phone: Option<String>,
    /// A mail address
    #[arg(long, value_name = "ADDRESS", value_parser = words, help_heading = "How to reach the carer")]
    mail: Option<String>,
    /// Street and number
    #[arg(long, value_name = "TEXT", value_parser = words, help_heading = "How to reach the carer")]
    address: Option<String>,
    /// National number (rijksregisternummer), by which the carer is recognised
    #[arg(long, value_name = "NUMBER", value_parser = words, help_heading = "How to reach the carer")]
    national_number: Option<String>,
    /// Family name, by which the carer is recognised together with the year of birth
    #[arg(long, value_name = "TEXT", value_parser = words, requires = "birth_year", help_heading = "How to reach the carer")]
    family_name: Option<String>,
    /// Year of birth
    #[arg(long, value_name = "YEAR", help_heading = "How to reach the carer")]
    birth_year: Option<i32>,
    /// Anything the next person should know; it is stored encrypted
    #[arg(long, value_name = "TEXT", value_parser = words)]
    note: Option<String>,
    /// The signal's id, to send the same one again without harm (with --reported-at, so that it is
    /// the same); a fresh one if not said
    #[arg(long, value_name = "UUID")]
    id: Option<SignalId>,
    /// When it was noticed, as `2026-11-21 14:02` (Belgian time) or RFC 3339; now if not said
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    reported_at: Option<Timestamp>,
    /// Send many: a file with one signal as a JSON object a line, or - for standard input
    #[arg(long, value_name = "PATH", long_help = FILE_HELP, conflicts_with_all = [
        "postal_code", "observations", "consent", "because", "role", "language", "age_band",
        "name", "phone", "mail", "address", "national_number", "family_name", "birth_year", "note", "id", "reported_at",
    ])]
    file: Option<PathBuf>,
}

/// Sends one signal or a file of them.
pub(crate) async fn run(args: SendArgs, session: &Session) -> Result<(), CliError> {
    match &args.file {
        Some(path) => batch::run(path, session).await,
        None => send(args.signal(&session.environment)?, session).await,
    }
}

async fn send(signal: proto::Signal, session: &Session) -> Result<(), CliError> {
    let repeat = repeat_hint(&signal);
    let not_asked = signal.consent == Consent::NotAsked.number();
    // The words to say are in the carer's language, where there are any.
    let language = Language::try_from(signal.language).unwrap_or(Language::Dutch);
    let mut intake = session.intake(Cleaner).await?;
    let stored = answer(intake.submit_signal(unary(proto::SubmitSignalRequest {
        signal: Some(signal),
    })))
    .await
    .map_err(|error| error.with_retry(|| repeat))?;
    let receipt = ReceiptView::from(part(stored.receipt, "receipt")?);

    let output = &session.output;
    if let Some(warning) = receipt.warning() {
        output.shout(&warning)?;
    }
    output.object(&receipt)?;
    output.say(&receipt.sentence(output.local()))?;
    if let Some(advice) = &receipt.advice {
        output.say(&advice.text(language))?;
    }
    if not_asked {
        output.say("No partner learns who it is about until the carer agrees. Once that is so:")?;
        output.say(&format!(
            "      knipperlicht signal consent {} given",
            receipt.signal_id
        ))?;
    }
    output.next(&format!("signal show {}", receipt.signal_id))
}

/// The same signal again, not another one: with its id and its moment.
fn repeat_hint(signal: &proto::Signal) -> String {
    let moment = signal
        .reported_at
        .and_then(|at| knipperlicht_contracts::from_proto(at).ok());
    let moment = moment
        .map(|at| format!(" --reported-at {at}"))
        .unwrap_or_default();
    format!(
        "; the signal may be stored or not: run the same command again with --id {}{moment}, which is harmless",
        signal.signal_id
    )
}

impl SendArgs {
    pub(in crate::cli) fn signal(
        self,
        environment: &Environment,
    ) -> Result<proto::Signal, CliError> {
        let contact = proto::Contact {
            name: self.name.unwrap_or_default(),
            phone: self.phone.unwrap_or_default(),
            mail: self.mail.unwrap_or_default(),
            address: self.address.unwrap_or_default(),
            national_number: self.national_number.unwrap_or_default(),
            family_name: self.family_name.unwrap_or_default(),
            birth_year: self.birth_year.unwrap_or_default(),
        };
        Ok(proto::Signal {
            signal_id: self
                .id
                .unwrap_or_else(|| SignalId::new(environment))
                .to_string(),
            reported_at: Some(to_proto(
                self.reported_at.unwrap_or_else(|| environment.now()),
            )),
            observations: self
                .observations
                .iter()
                .map(|observation| observation.number())
                .collect(),
            postal_code: self.postal_code.map(String::from).unwrap_or_default(),
            reporter_role: self.role.number(),
            consent: self.consent.number(),
            vital_interest_reason: reason_for(self.consent, self.because)?,
            language: self.language.number(),
            age_band: self.age_band.map(AgeBand::number).unwrap_or_default(),
            contact: (contact != proto::Contact::default()).then_some(contact),
            note: self.note.unwrap_or_default(),
        })
    }
}
