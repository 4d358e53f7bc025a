//! `knipperlicht consent`: what besides the carer's word decides what is shared, and what is left behind
//! where nothing is.

use knipperlicht_contracts::{intake::v1 as proto, routing::v1 as routing};
use knipperlicht_vocabulary::{Language, PostalCode, SituationId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::{Cleaner, Coordinator},
    session::{Session, answer},
    values::{codes, words},
    views::InformationCardView,
};

/// What can be done about consent, besides recording it with `signal consent`.
#[derive(clap::Subcommand)]
pub enum ConsentCommand {
    /// Record that the cared-for person objects that what concerns them is shared
    Objects {
        /// The situation: one that you flagged, accepted or coordinate
        #[arg(value_name = "SITUATION")]
        id: SituationId,
        /// They no longer object
        #[arg(long)]
        lifted: bool,
    },
    /// Read why a vital interest outweighs consent, as a coordinator; every reading is kept in the audit log
    Reason {
        /// The situation, as an item of kind `vital_interest` names it
        #[arg(value_name = "SITUATION")]
        id: SituationId,
        /// Why you have to know, in 5 to 500 characters; it is kept in the audit log
        #[arg(long, value_name = "TEXT", value_parser = words)]
        purpose: String,
    },
    /// Take note of it, once it was read: the item is dealt with
    Acknowledge {
        /// The situation
        #[arg(value_name = "SITUATION")]
        id: SituationId,
    },
    /// A card to leave with a carer who says no: what there is nearby, and whom to call
    Card {
        /// Postal code of the home
        #[arg(value_name = "POSTAL-CODE")]
        postal_code: PostalCode,
        /// Language of the card: nl, fr or en
        #[arg(long, value_name = "CODE", value_parser = codes(Language::ALL), default_value = "nl")]
        language: Language,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: ConsentCommand, session: &Session) -> Result<(), CliError> {
    match command {
        ConsentCommand::Objects { id, lifted } => {
            let request = proto::RecordObjectionRequest {
                situation_id: id.to_string(),
                objects: !lifted,
            };
            let mut intake = session.intake(Cleaner).await?;
            answer(intake.record_objection(unary(request))).await?;
            session.output.say(if lifted {
                "They no longer object: what was left out is shared again."
            } else {
                "They object: what tells of them is left out from now on."
            })
        }
        ConsentCommand::Reason { id, purpose } => {
            let request = proto::ReadVitalInterestRequest {
                situation_id: id.to_string(),
                purpose,
            };
            let mut intake = session.intake(Coordinator).await?;
            let read = answer(intake.read_vital_interest(unary(request))).await?;
            for reason in &read.reasons {
                session.output.say(&format!("reason: {reason}"))?;
            }
            session.next(&format!("consent acknowledge {id}"))
        }
        ConsentCommand::Acknowledge { id } => {
            let request = proto::AcknowledgeVitalInterestRequest {
                situation_id: id.to_string(),
            };
            let mut intake = session.intake(Coordinator).await?;
            answer(intake.acknowledge_vital_interest(unary(request))).await?;
            session.output.say("You took note of it.")
        }
        ConsentCommand::Card {
            postal_code,
            language,
        } => {
            let request = routing::GetInformationCardRequest {
                postal_code: postal_code.to_string(),
                language: language.number(),
            };
            let mut routing = session.routing(Cleaner).await?;
            let card = answer(routing.get_information_card(unary(request))).await?;
            let card = InformationCardView::from(card);
            if session.output.is_json() {
                return session.output.object(&card);
            }
            session.output.say(&card.text())
        }
    }
}
