//! `knipperlicht assessment`: how a situation was judged and why, and the forms that were filled in.

use jiff::Timestamp;
use knipperlicht_contracts::{assessment::v1 as proto, to_proto};
use knipperlicht_vocabulary::{AssessmentId, Language, ResponseId, SignalId, SituationId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer, part},
    values::{codes, moment},
    views::{AssessmentView, InstrumentView, ResultView, SeriesView},
};

/// What can be asked of assessment.
#[derive(Debug, clap::Subcommand)]
pub enum AssessmentCommand {
    /// Show one assessment, with every line of the triage table that counted
    #[command(visible_alias = "show")]
    Get {
        /// The assessment
        #[arg(value_name = "ASSESSMENT")]
        id: AssessmentId,
    },
    /// List the assessments of a situation, newest first, and how its scores change
    List {
        /// The situation
        #[arg(value_name = "SITUATION")]
        situation: SituationId,
    },
    /// List the questionnaires that can be used, or show one with its questions
    Instruments {
        /// The questionnaire, such as `carerqol-7d`
        #[arg(value_name = "INSTRUMENT")]
        id: Option<String>,
        /// In which language: nl, fr or en
        #[arg(long, value_name = "CODE", value_parser = codes(Language::ALL), default_value = "nl")]
        language: Language,
    },
    /// Hand in a form that was filled in with a carer
    #[command(after_help = "\
Examples:
  knipperlicht assessment submit SITUATION --instrument perseverance-time \\
      --answer perseverance=1_to_6_months
  knipperlicht assessment submit SITUATION --instrument ediz-plus --total 9")]
    Submit(SubmitArgs),
}

/// A form that was filled in.
#[derive(clap::Args)]
pub struct SubmitArgs {
    /// The situation
    #[arg(value_name = "SITUATION")]
    situation: SituationId,
    /// The questionnaire, such as `carerqol-7d`
    #[arg(long, value_name = "INSTRUMENT")]
    instrument: String,
    /// Its version; the newest if not said
    #[arg(long, value_name = "VERSION")]
    instrument_version: Option<String>,
    /// What was answered; repeat it for each item
    #[arg(long = "answer", value_name = "ITEM=ANSWER", value_parser = item_and_answer, required_unless_present = "total")]
    answers: Vec<(String, String)>,
    /// What the form came to, instead of its answers
    #[arg(
        long,
        value_name = "NUMBER",
        conflicts_with = "answers",
        allow_hyphen_values = true
    )]
    total: Option<f64>,
    /// As a reporter: the signal that you flagged in this situation
    #[arg(long, value_name = "UUID")]
    signal: Option<SignalId>,
    /// The form's id, to send one again without harm; a fresh one if not said
    #[arg(long, value_name = "UUID")]
    id: Option<ResponseId>,
    /// When it was filled in, as `2026-11-21 14:02` (Belgian time) or RFC 3339; now if not said
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    answered_at: Option<Timestamp>,
}

/// What a carer answered is not for logs.
impl std::fmt::Debug for SubmitArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubmitArgs").finish_non_exhaustive()
    }
}

fn item_and_answer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((item, answer)) if !item.is_empty() && !answer.is_empty() => {
            Ok((item.to_owned(), answer.to_owned()))
        }
        _ => Err("give an item and its answer, such as `support=some`".to_owned()),
    }
}

/// Runs one of them.
pub(crate) async fn run(command: AssessmentCommand, session: &Session) -> Result<(), CliError> {
    match command {
        AssessmentCommand::Get { id } => get(id, session).await,
        AssessmentCommand::List { situation } => list(situation, session).await,
        AssessmentCommand::Instruments { id, language } => {
            instruments(id.as_deref(), language, session).await
        }
        AssessmentCommand::Submit(args) => submit(args, session).await,
    }
}

async fn get(id: AssessmentId, session: &Session) -> Result<(), CliError> {
    let request = proto::GetAssessmentRequest {
        assessment_id: id.to_string(),
    };
    let mut assessment = session.assessment(Coordinator).await?;
    let found = answer(assessment.get_assessment(unary(request))).await?;
    print(&part(found.assessment, "assessment")?.into(), session)
}

/// An assessment and its reasons.
fn print(view: &AssessmentView, session: &Session) -> Result<(), CliError> {
    let output = &session.output;
    output.one(view)?;
    if output.is_json() {
        return Ok(());
    }
    output.say("because")?;
    output.list(
        &view.reasons,
        "nothing that was noticed or measured has a line in the triage table",
    )
}

async fn list(situation: SituationId, session: &Session) -> Result<(), CliError> {
    let request = proto::ListAssessmentsRequest {
        situation_id: situation.to_string(),
    };
    let mut assessment = session.assessment(Coordinator).await?;
    let found = answer(assessment.list_assessments(unary(request))).await?;
    let assessments = found.assessments.into_iter().map(AssessmentView::from);
    let assessments: Vec<AssessmentView> = assessments.collect();
    let series: Vec<SeriesView> = found.series.into_iter().map(SeriesView::from).collect();
    let output = &session.output;
    if output.is_json() {
        return output.object(&serde_json::json!({"assessments": assessments, "series": series}));
    }
    output.list(
        &assessments,
        "That situation was not assessed yet, or it is not yours to see.",
    )?;
    for one in &series {
        output.say("")?;
        output.say(&one.sentence())?;
        output.list(&one.results, "no forms")?;
    }
    Ok(())
}

async fn instruments(
    id: Option<&str>,
    language: Language,
    session: &Session,
) -> Result<(), CliError> {
    let found = catalogue(language, session).await?;
    let Some(id) = id else {
        let views: Vec<InstrumentView> = found.into_iter().map(InstrumentView::from).collect();
        return session.output.list(&views, "There are no questionnaires.");
    };
    let one = newest(found, id)?;
    let view = InstrumentView::from(one);
    session.output.one(&view)?;
    if session.output.is_json() {
        return Ok(());
    }
    session.output.say("questions")?;
    session.output.list(&view.items, "none")
}

async fn catalogue(
    language: Language,
    session: &Session,
) -> Result<Vec<proto::Instrument>, CliError> {
    let request = proto::ListInstrumentsRequest {
        language: language.number(),
    };
    let mut assessment = session.assessment(Coordinator).await?;
    let found = answer(assessment.list_instruments(unary(request))).await?;
    Ok(found.instruments)
}

/// The last version of an instrument in the list, which is in the order of versions.
fn newest(found: Vec<proto::Instrument>, id: &str) -> Result<proto::Instrument, CliError> {
    let ids: Vec<&str> = found.iter().map(|one| one.instrument_id.as_str()).collect();
    let unknown = CliError::Usage(format!(
        "there is no questionnaire `{id}`; there are: {}",
        ids.join(", ")
    ));
    let mut versions = found.into_iter().filter(|one| one.instrument_id == id);
    versions.next_back().ok_or(unknown)
}

async fn submit(args: SubmitArgs, session: &Session) -> Result<(), CliError> {
    let version = match args.instrument_version {
        Some(version) => version,
        None => newest(catalogue(Language::Dutch, session).await?, &args.instrument)?.version,
    };
    let id = args
        .id
        .unwrap_or_else(|| ResponseId::new(&session.environment));
    let answers = args.answers.into_iter();
    let request = proto::SubmitAssessmentRequest {
        response_id: id.to_string(),
        situation_id: args.situation.to_string(),
        signal_id: args.signal.map(|id| id.to_string()).unwrap_or_default(),
        instrument_id: args.instrument,
        instrument_version: version,
        answers: answers
            .map(|(link_id, code)| proto::Answer { link_id, code })
            .collect(),
        total: args.total,
        answered_at: args.answered_at.map(to_proto),
    };
    let mut assessment = session.assessment(Coordinator).await?;
    let kept = answer(assessment.submit_assessment(unary(request)))
        .await
        .map_err(|error| {
            error.with_retry(|| format!("; to send it again without harm, add --id {id}"))
        })?;
    let result = ResultView::from(part(kept.result, "result")?);
    let view = AssessmentView::from(part(kept.assessment, "assessment")?);
    let output = &session.output;
    if output.is_json() {
        return output.object(&serde_json::json!({"result": result, "assessment": view}));
    }
    output.one(&result)?;
    output.say("the situation is now judged as")?;
    print(&view, session)?;
    session.next(&format!("assessment list {}", args.situation))
}
