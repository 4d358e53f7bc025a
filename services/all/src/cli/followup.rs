//! `knipperlicht followup`: from acceptance until the carer says it helped.

use jiff::Timestamp;
use knipperlicht_contracts::{
    events::v1::{CarerQol, CarerState},
    followup::v1 as proto,
    intake::v1 as intake,
    to_proto,
};
use knipperlicht_vocabulary::{
    ContactChannel, ContactId, ContactResult, NoteId, OutcomeReason, OutcomeResult,
    PerseveranceTime, QolLevel, SituationId, TaskId,
};

use super::{
    CliError,
    carer::{PrintArgs, revoked, write_card},
    channel::unary,
    credentials::Person::{Coordinator, Desk, Partner},
    session::{Session, answer, part},
    values::{codes, moment, words},
    views::{
        CarerLinkView, ConfirmedView, HandedOverView, OpenLoopView, TaskView, TimelineEntryView,
    },
};

/// What can be done in follow-up.
#[derive(clap::Subcommand)]
pub enum FollowupCommand {
    /// List your follow-ups, what is due first
    List {
        /// Only those that are not closed
        #[arg(long)]
        open: bool,
    },
    /// Say who is there for the carer: you, or a colleague
    ContactPerson {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// The worker, as the carer knows them.
        #[command(flatten)]
        worker: WorkerArgs,
        /// The colleague's account, if it is not you
        #[arg(
            long,
            value_name = "ACCOUNT",
            default_value = "",
            hide_default_value = true
        )]
        worker_account: String,
    },
    /// Let a colleague be there for all the carers of a worker who leaves
    HandOver {
        /// The account of the worker who leaves
        #[arg(value_name = "FROM")]
        from: String,
        /// The colleague's account
        #[arg(value_name = "TO")]
        to: String,
        /// The colleague, as the carers know them.
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Write down something about the carer, for your colleagues; `contact` shows it again
    Note {
        /// The situation
        #[arg(value_name = "SITUATION")]
        id: SituationId,
        /// The words, at most 2,000 characters
        #[arg(long, value_parser = words)]
        text: String,
    },
    /// Record that you tried to reach the carer, or did
    Contact {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// How
        #[arg(long, value_name = "CODE", value_parser = codes(ContactChannel::ALL))]
        channel: ContactChannel,
        /// With what result
        #[arg(long, value_name = "CODE", value_parser = codes(ContactResult::ALL))]
        result: ContactResult,
    },
    /// Plan a visit
    Schedule {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// When, as `2026-11-25 10:00` (Belgian time) or RFC 3339
        #[arg(long, value_name = "MOMENT", value_parser = moment)]
        at: Timestamp,
    },
    /// Record what came of a planned visit
    Visit {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// What came of it
        visit: Visit,
    },
    /// Close it with an outcome; closing late is allowed, and marked
    Complete {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// How it ended
        #[arg(long, value_name = "CODE", value_parser = codes(OutcomeResult::ALL))]
        outcome: OutcomeResult,
        /// Why so: needed unless the carer was helped
        #[arg(long, value_name = "CODE", value_parser = codes(OutcomeReason::ALL), required_if_eq_any = [("outcome", "partly_helped"), ("outcome", "not_helped")])]
        reason: Option<OutcomeReason>,
    },
    /// Make the link with which the carer, without an account, says whether it helped
    Link {
        /// The follow-up, completed
        #[arg(value_name = "TASK")]
        id: TaskId,
        /// How it is printed.
        #[command(flatten)]
        print: PrintArgs,
    },
    /// Take back every such link of a follow-up: a card was lost
    RevokeLinks {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
    },
    /// Answer as the carer, by that link
    Confirm {
        /// The secret part of the link; it may begin with a hyphen
        #[arg(value_name = "TOKEN", allow_hyphen_values = true)]
        token: String,
        /// Did it help?
        answer: Answer,
        /// How long you can keep it up if everything stays as it is
        #[arg(long, value_name = "CODE", value_parser = codes(PerseveranceTime::ALL))]
        perseverance: Option<PerseveranceTime>,
        /// How you are, as seven of no, some and `a_lot`: fulfilment from caring; problems with the
        /// person you care for, with your mind, with daily life, with money; support; problems with
        /// your body
        #[arg(long, value_name = "LEVEL", num_args = 7, value_parser = codes(QolLevel::ALL))]
        quality_of_life: Option<Vec<QolLevel>>,
    },
    /// Open a closed follow-up again
    Reopen {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
    },
    /// Close the loop of a carer who was asked and does not answer, as a coordinator
    Close {
        /// The follow-up
        #[arg(value_name = "TASK")]
        id: TaskId,
    },
    /// Tell one situation's story, oldest first
    Timeline {
        /// The situation
        #[arg(value_name = "SITUATION")]
        id: SituationId,
    },
    /// List the open loops of your zones, what is due first, as a coordinator
    Loops,
}

/// A worker, as carers know them.
#[derive(clap::Args)]
pub struct WorkerArgs {
    /// The name that the carer hears
    #[arg(long)]
    name: String,
    /// Where the carer can call them
    #[arg(long, default_value = "", hide_default_value = true)]
    phone: String,
}

/// What came of a visit.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Visit {
    /// It took place
    Seen,
    /// It did not
    Missed,
}

/// A carer's answer.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Answer {
    /// It helped
    Helped,
    /// It did not: the follow-up opens again at once
    NotHelped,
}

/// Runs one of them.
pub(crate) async fn run(command: FollowupCommand, session: &Session) -> Result<(), CliError> {
    match command {
        FollowupCommand::List { open } => list(open, session).await,
        FollowupCommand::Link { id, print } => link(id, &print, session).await,
        FollowupCommand::RevokeLinks { id } => revoke_links(id, session).await,
        FollowupCommand::Confirm {
            token,
            answer,
            perseverance,
            quality_of_life,
        } => {
            let state = carer_state(perseverance, quality_of_life.as_deref());
            confirm(token, answer, state, session).await
        }
        FollowupCommand::Close { id } => close(id, session).await,
        FollowupCommand::ContactPerson {
            id,
            worker,
            worker_account,
        } => contact_person(id, worker, worker_account, session).await,
        FollowupCommand::Note { id, text } => note(id, text, session).await,
        FollowupCommand::HandOver { from, to, worker } => {
            hand_over(from, to, worker, session).await
        }
        FollowupCommand::Timeline { id } => timeline(id, session).await,
        FollowupCommand::Loops => loops(session).await,
        FollowupCommand::Contact {
            id,
            channel,
            result,
        } => contact(id, channel, result, session).await,
        FollowupCommand::Schedule { id, at } => schedule(id, at, session).await,
        FollowupCommand::Visit { id, visit } => record_visit(id, visit, session).await,
        FollowupCommand::Complete {
            id,
            outcome,
            reason,
        } => complete(id, outcome, reason, session).await,
        FollowupCommand::Reopen { id } => reopen(id, session).await,
    }
}

async fn revoke_links(id: TaskId, session: &Session) -> Result<(), CliError> {
    let request = proto::RevokeCarerLinksRequest {
        task_id: id.to_string(),
    };
    let mut followup = session.followup(Desk).await?;
    let done = answer(followup.revoke_carer_links(unary(request))).await?;
    revoked(done.revoked, session)
}

async fn close(id: TaskId, session: &Session) -> Result<(), CliError> {
    let request = proto::CloseLoopRequest {
        task_id: id.to_string(),
    };
    let mut followup = session.followup(Coordinator).await?;
    let done = answer(followup.close_loop(unary(request))).await?;
    print(done.task, session)
}

async fn contact_person(
    id: TaskId,
    worker: WorkerArgs,
    account: String,
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::NameContactPersonRequest {
        task_id: id.to_string(),
        worker: account,
        name: worker.name,
        phone: worker.phone,
    };
    let mut followup = session.followup(Desk).await?;
    let done = answer(followup.name_contact_person(unary(request))).await?;
    print(done.task, session)
}

async fn note(id: SituationId, text: String, session: &Session) -> Result<(), CliError> {
    let request = intake::AddNoteRequest {
        note_id: NoteId::new(&session.environment).to_string(),
        situation_id: id.to_string(),
        text,
    };
    let mut intake = session.intake(Partner).await?;
    answer(intake.add_note(unary(request))).await?;
    session.output.say("Written down.")
}

async fn hand_over(
    from: String,
    to: String,
    worker: WorkerArgs,
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::HandOverWorkRequest {
        from_worker: from,
        to_worker: to,
        name: worker.name,
        phone: worker.phone,
    };
    let mut followup = session.followup(Partner).await?;
    let situations = answer(followup.hand_over_work(unary(request)))
        .await?
        .situations;
    session.output.one(&HandedOverView { situations })
}

async fn contact(
    id: TaskId,
    channel: ContactChannel,
    result: ContactResult,
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::RecordContactRequest {
        task_id: id.to_string(),
        channel: channel.number(),
        result: result.number(),
        contact_id: ContactId::new(&session.environment).to_string(),
    };
    let mut followup = session.followup(Partner).await?;
    let done = answer(followup.record_contact(unary(request))).await?;
    print(done.task, session)
}

async fn schedule(id: TaskId, at: Timestamp, session: &Session) -> Result<(), CliError> {
    let request = proto::ScheduleRequest {
        task_id: id.to_string(),
        visit_at: Some(to_proto(at)),
    };
    let mut followup = session.followup(Partner).await?;
    let done = answer(followup.schedule(unary(request))).await?;
    print(done.task, session)
}

async fn record_visit(id: TaskId, visit: Visit, session: &Session) -> Result<(), CliError> {
    let request = proto::RecordVisitRequest {
        task_id: id.to_string(),
        visit: proto::Visit::from(visit).into(),
    };
    let mut followup = session.followup(Partner).await?;
    let done = answer(followup.record_visit(unary(request))).await?;
    print(done.task, session)
}

async fn complete(
    id: TaskId,
    outcome: OutcomeResult,
    reason: Option<OutcomeReason>,
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::CompleteRequest {
        task_id: id.to_string(),
        result: outcome.number(),
        reason: reason.map(OutcomeReason::number).unwrap_or_default(),
    };
    let mut followup = session.followup(Partner).await?;
    let done = answer(followup.complete(unary(request))).await?;
    print(done.task, session)?;
    session.next(&format!("followup link {id}"))
}

async fn reopen(id: TaskId, session: &Session) -> Result<(), CliError> {
    let request = proto::ReopenRequest {
        task_id: id.to_string(),
    };
    let mut followup = session.followup(Desk).await?;
    let done = answer(followup.reopen(unary(request))).await?;
    print(done.task, session)
}

fn print(task: Option<proto::Task>, session: &Session) -> Result<(), CliError> {
    session
        .output
        .one(&TaskView::from(part(task, "follow-up")?))
}

async fn list(open_only: bool, session: &Session) -> Result<(), CliError> {
    let mut followup = session.followup(Desk).await?;
    let found = answer(followup.list_tasks(unary(proto::ListTasksRequest {
        open_only,
        ..Default::default()
    })))
    .await?;
    let views: Vec<TaskView> = found.tasks.into_iter().map(TaskView::from).collect();
    session.output.list(
        &views,
        "No follow-ups. They come from accepted referrals: knipperlicht referral list --open",
    )
}

async fn link(id: TaskId, print: &PrintArgs, session: &Session) -> Result<(), CliError> {
    let mut followup = session.followup(Desk).await?;
    let issued = answer(
        followup.issue_carer_link(unary(proto::IssueCarerLinkRequest {
            task_id: id.to_string(),
            language: print.language.number(),
        })),
    )
    .await?;
    write_card(print.card.as_deref(), &issued.card_svg, session)?;
    let link = CarerLinkView::from(issued);
    session.output.one(&link)?;
    session
        .output
        .say("Give it to the carer now: it is shown this once.")?;
    session
        .output
        .next(&format!("followup confirm {} helped", link.token))
}

async fn confirm(
    token: String,
    said: Answer,
    how_are_you: Option<CarerState>,
    session: &Session,
) -> Result<(), CliError> {
    let request = proto::ConfirmOutcomeRequest {
        token,
        answer: proto::Answer::from(said).into(),
        how_are_you,
    };
    // The link is the carer's proof: an account would say something about somebody else.
    let mut followup = session.followup_without_account().await?;
    let done = answer(followup.confirm_outcome(unary(request))).await?;
    session.output.one(&ConfirmedView {
        reopened: done.reopened,
    })
}

/// How a carer is, where they said so.
fn carer_state(
    perseverance: Option<PerseveranceTime>,
    levels: Option<&[QolLevel]>,
) -> Option<CarerState> {
    let level = |level: &QolLevel| level.number();
    let quality_of_life = match levels {
        Some([one, two, three, four, five, six, seven]) => Some(CarerQol {
            fulfilment: level(one),
            relational_problems: level(two),
            mental_health_problems: level(three),
            daily_activities_problems: level(four),
            financial_problems: level(five),
            support: level(six),
            physical_health_problems: level(seven),
        }),
        _ => None,
    };
    if perseverance.is_none() && quality_of_life.is_none() {
        return None;
    }
    Some(CarerState {
        perseverance: perseverance.map_or(0, PerseveranceTime::number),
        quality_of_life,
    })
}

async fn timeline(id: SituationId, session: &Session) -> Result<(), CliError> {
    let mut followup = session.followup(Desk).await?;
    let found = answer(followup.get_timeline(unary(proto::GetTimelineRequest {
        situation_id: id.to_string(),
    })))
    .await?;
    let views: Vec<TimelineEntryView> = found
        .entries
        .into_iter()
        .map(TimelineEntryView::from)
        .collect();
    session.output.list(
        &views,
        "Nothing is known of that situation, or it is not yours to see.",
    )
}

async fn loops(session: &Session) -> Result<(), CliError> {
    let mut followup = session.followup(Coordinator).await?;
    let found = answer(followup.list_open_loops(unary(proto::ListOpenLoopsRequest {}))).await?;
    let views: Vec<OpenLoopView> = found.loops.into_iter().map(OpenLoopView::from).collect();
    session
        .output
        .list(&views, "Every loop of your zones is closed.")
}

impl From<Visit> for proto::Visit {
    fn from(visit: Visit) -> Self {
        match visit {
            Visit::Seen => Self::Seen,
            Visit::Missed => Self::Missed,
        }
    }
}

impl From<Answer> for proto::Answer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Helped => Self::Helped,
            Answer::NotHelped => Self::NotHelped,
        }
    }
}
