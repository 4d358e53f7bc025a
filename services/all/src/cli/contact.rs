//! `knipperlicht contact`: who it is about, for the partner who accepted.

use std::time::Duration;

use knipperlicht_contracts::intake::v1 as proto;
use knipperlicht_vocabulary::SituationId;
use tokio::time::sleep;

use super::{
    CliError, ClientOptions,
    channel::unary,
    credentials::Person::Partner,
    session::{Session, answer},
    values::words,
    views::ContactsView,
};

/// The organisation has accepted no such situation.
const NOT_ACCEPTED: &str = "KL1015";

/// A script that accepted a moment ago may ask before intake heard of it: so it is asked again.
const HEARD_WITHIN: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(300),
    Duration::from_millis(400),
];

/// Whom to ask about and why, with the options that all commands share.
#[derive(clap::Args)]
pub struct ContactClient {
    #[command(flatten)]
    pub(crate) options: Box<ClientOptions>,
    #[command(flatten)]
    pub(crate) args: ContactArgs,
}

/// Whom to ask about, and why.
#[derive(clap::Args)]
pub(crate) struct ContactArgs {
    /// The situation, as a referral or a follow-up names it
    #[arg(value_name = "SITUATION")]
    situation: SituationId,
    /// Why you have to know, in 5 to 500 characters; it is kept in the audit log
    #[arg(long, value_name = "TEXT", value_parser = words)]
    purpose: String,
}

/// Reads who it is about.
pub(crate) async fn run(args: ContactArgs, session: &Session) -> Result<(), CliError> {
    let request = proto::GetContactRequest {
        situation_id: args.situation.to_string(),
        purpose: args.purpose,
    };
    let mut intake = session.intake(Partner).await?;
    let mut asked = answer(intake.get_contact(unary(request.clone()))).await;
    for pause in HEARD_WITHIN {
        if !matches!(&asked, Err(CliError::Refused(problem, _)) if problem.code == NOT_ACCEPTED) {
            break;
        }
        sleep(pause).await;
        asked = answer(intake.get_contact(unary(request.clone()))).await;
    }
    let contact = ContactsView::from(asked?);
    if session.output.is_json() {
        return session.output.object(&contact);
    }
    session.output.list(
        &contact.contacts,
        "The reporters left no way to reach the carer.",
    )?;
    for note in &contact.notes {
        session.output.say(&format!("note: {note}"))?;
    }
    if contact.left_out {
        session
            .output
            .say("Notes are left out, if there are any: the cared-for person objects.")?;
    }
    if !contact.work_notes.is_empty() {
        session.output.list(&contact.work_notes, "")?;
    }
    session.next("followup list --open")
}
