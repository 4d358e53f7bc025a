//! `knipperlicht carer`: links and printed cards for carers, and what a carer does with them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::{Language, SituationId, ZoneId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Desk,
    session::{Session, answer, part},
    signal::SendArgs,
    values::codes,
    views::{CardView, MySituationView, ReceiptView},
};

/// What can be done with links for carers, and by them.
#[derive(clap::Subcommand)]
pub enum CarerCommand {
    /// Make the link with which a carer sees who was told and withdraws consent, as a card to print
    Card {
        /// The situation
        #[arg(value_name = "SITUATION")]
        id: SituationId,
        /// How it is printed.
        #[command(flatten)]
        print: PrintArgs,
    },
    /// Take back every such link of a situation: a card was lost
    Revoke {
        /// The situation
        #[arg(value_name = "SITUATION")]
        id: SituationId,
    },
    /// Make your zone's or your organisation's card with which any carer flags their own situation
    SelfCard {
        /// The zone, as a coordinator
        #[arg(long, value_name = "ZONE")]
        zone: Option<ZoneId>,
        /// How it is printed.
        #[command(flatten)]
        print: PrintArgs,
    },
    /// Take such a card back
    RevokeSelfCard(TokenArgs),
    /// As a carer, by a link: who was told
    Situation(TokenArgs),
    /// As a carer, by the same link: withdraw consent
    Withdraw(TokenArgs),
    /// As a carer, by a card: flag your own situation
    Flag {
        /// The secret part of the link on the card; it may begin with a hyphen
        #[arg(value_name = "TOKEN", allow_hyphen_values = true)]
        token: String,
        /// What is flagged.
        #[command(flatten)]
        signal: Box<SendArgs>,
    },
}

/// A carer's proof.
#[derive(clap::Args)]
pub struct TokenArgs {
    /// The secret part of the link, what stands behind the `#`; it may begin with a hyphen
    #[arg(value_name = "TOKEN", allow_hyphen_values = true)]
    token: String,
}

/// How a card is printed.
#[derive(clap::Args)]
pub struct PrintArgs {
    /// Language of the card: nl, fr or en
    #[arg(long, value_name = "CODE", value_parser = codes(Language::ALL), default_value = "nl")]
    pub(super) language: Language,
    /// Write the card to this file (SVG, the size of a bank card)
    #[arg(long, value_name = "PATH")]
    pub(super) card: Option<PathBuf>,
}

/// Runs one of them.
pub(crate) async fn run(command: CarerCommand, session: &Session) -> Result<(), CliError> {
    match command {
        CarerCommand::Card { id, print } => {
            let request = proto::IssueSituationLinkRequest {
                situation_id: id.to_string(),
                language: print.language.number(),
            };
            let mut intake = session.intake(Desk).await?;
            let made = answer(intake.issue_situation_link(unary(request))).await?;
            let link = part(made.link, "link")?;
            let next = format!("carer situation {}", link.token);
            show(link, &print, session)?;
            session.output.next(&next)
        }
        CarerCommand::Revoke { id } => {
            let request = proto::RevokeSituationLinksRequest {
                situation_id: id.to_string(),
            };
            let mut intake = session.intake(Desk).await?;
            let done = answer(intake.revoke_situation_links(unary(request))).await?;
            revoked(done.revoked, session)
        }
        CarerCommand::SelfCard { zone, print } => {
            let request = proto::IssueSelfSignalCardRequest {
                zone_id: zone.map(|zone| zone.to_string()).unwrap_or_default(),
                language: print.language.number(),
            };
            let mut intake = session.intake(Desk).await?;
            let made = answer(intake.issue_self_signal_card(unary(request))).await?;
            show(part(made.link, "link")?, &print, session)
        }
        CarerCommand::RevokeSelfCard(TokenArgs { token }) => {
            let mut intake = session.intake(Desk).await?;
            let request = proto::RevokeSelfSignalCardRequest { token };
            answer(intake.revoke_self_signal_card(unary(request))).await?;
            session.output.say("The card works no more.")
        }
        CarerCommand::Situation(TokenArgs { token }) => {
            // The link is the carer's proof: an account would say something about somebody else.
            let mut intake = session.intake_without_account().await?;
            let request = proto::GetMySituationRequest { token };
            let found = answer(intake.get_my_situation(unary(request))).await?;
            situation(found.situation, session)
        }
        CarerCommand::Withdraw(TokenArgs { token }) => {
            let mut intake = session.intake_without_account().await?;
            let request = proto::WithdrawMyConsentRequest { token };
            let done = answer(intake.withdraw_my_consent(unary(request))).await?;
            situation(done.situation, session)
        }
        CarerCommand::Flag { token, signal } => flag(token, *signal, session).await,
    }
}

async fn flag(token: String, args: SendArgs, session: &Session) -> Result<(), CliError> {
    let request = proto::SubmitSelfSignalRequest {
        token,
        signal: Some(args.signal(&session.environment)?),
    };
    let mut intake = session.intake_without_account().await?;
    let stored = answer(intake.submit_self_signal(unary(request))).await?;
    let receipt = ReceiptView::from(part(stored.receipt, "receipt")?);
    let link = part(stored.my_situation, "link")?;
    let output = &session.output;
    output.say(&receipt.sentence(output.local()))?;
    if let Some(warning) = receipt.warning() {
        output.shout(&warning)?;
    }
    let next = format!("carer situation {}", link.token);
    output.one(&CardView::from(link))?;
    output.next(&next)
}

fn situation(found: Option<proto::MySituation>, session: &Session) -> Result<(), CliError> {
    let view = MySituationView::from(part(found, "situation")?);
    session.output.one(&view)
}

fn show(link: proto::CarerLink, print: &PrintArgs, session: &Session) -> Result<(), CliError> {
    write_card(print.card.as_deref(), &link.card_svg, session)?;
    session.output.one(&CardView::from(link))?;
    session.output.say("It is shown this once.")
}

/// Writes a card to a file, where one was named.
pub(super) fn write_card(
    path: Option<&Path>,
    svg: &str,
    session: &Session,
) -> Result<(), CliError> {
    let Some(path) = path else {
        return Ok(());
    };
    fs::write(path, svg)
        .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    session
        .output
        .note(&format!("the card is in {}: print it", path.display()))
}

/// Says how many links were taken back.
pub(super) fn revoked(count: i32, session: &Session) -> Result<(), CliError> {
    session.output.say(&match count {
        0 => "There was no link that still worked.".to_owned(),
        1 => "One link works no more.".to_owned(),
        count => format!("{count} links work no more."),
    })
}
