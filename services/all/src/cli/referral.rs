//! `knipperlicht referral`: a partner's desk.

use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{DeclineReason, ReferralId, ServiceId};

use super::{
    CliError,
    channel::{Line, unary},
    credentials::Person::{self, Coordinator, Desk, Partner},
    session::{Pages, Session, answer, pages, part, watch},
    values::codes,
    views::{ActionsView, ReferralView},
};

type Routing = proto::routing_service_client::RoutingServiceClient<Line>;

/// What can be done with referrals.
#[derive(Debug, clap::Subcommand)]
pub enum ReferralCommand {
    /// List your referrals, the most urgent and longest waiting first
    List {
        /// Only those that wait for an answer
        #[arg(long)]
        open: bool,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Show one of your referrals, and what you may do with it
    Show {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// Say what you may do with a referral now
    Actions {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// Take it; accepting twice is harmless
    Accept {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// Do not take it: the next candidate is asked, or a coordinator
    Decline {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
        /// Why not
        #[arg(long, value_name = "CODE", value_parser = codes(DeclineReason::ALL))]
        reason: DeclineReason,
    },
    /// Send it on to another service
    Redirect {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
        /// The service to ask instead: see `knipperlicht zone services ZONE`
        #[arg(long, value_name = "SERVICE")]
        to: ServiceId,
        /// Why
        #[arg(long, value_name = "CODE", value_parser = codes(DeclineReason::ALL))]
        reason: DeclineReason,
    },
    /// Ask another service to take your follow-up over; until it accepts, all stays as it is
    HandOver {
        /// The referral that you accepted
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
        /// The service to ask: see `knipperlicht zone services ZONE`
        #[arg(long, value_name = "SERVICE")]
        to: ServiceId,
    },
    /// Put it on the waiting list (wachtlijst)
    Hold {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// Take it off the waiting list
    Release {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// End it, as a coordinator: the situation comes back as an item
    Cancel {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// Follow your referrals as they come and change
    Watch,
}

/// Runs one of them.
pub(crate) async fn run(command: ReferralCommand, session: &Session) -> Result<(), CliError> {
    let mut routing = session.routing(usual_person(&command)).await?;
    let output = &session.output;
    match command {
        ReferralCommand::List { open, limit } => list(routing, open, limit, session).await,
        ReferralCommand::Show { id } => show(routing, id, session).await,
        ReferralCommand::Actions { id } => output.one(&actions(&mut routing, id).await?),
        ReferralCommand::Accept { id } => {
            let done = answer(routing.accept(unary(proto::AcceptRequest {
                referral_id: id.to_string(),
            })))
            .await?;
            let referral = view(done.referral)?;
            output.one(&referral)?;
            session.next(&format!(
                "contact {} --purpose 'first contact'",
                referral.situation_id
            ))
        }
        ReferralCommand::Decline { id, reason } => {
            let request = proto::DeclineRequest {
                referral_id: id.to_string(),
                reason: reason.number(),
            };
            output.one(&view(
                answer(routing.decline(unary(request))).await?.referral,
            )?)
        }
        ReferralCommand::Redirect { id, to, reason } => {
            let request = proto::RedirectRequest {
                referral_id: id.to_string(),
                service_id: to.into(),
                reason: reason.number(),
            };
            output.one(&view(
                answer(routing.redirect(unary(request))).await?.referral,
            )?)
        }
        ReferralCommand::HandOver { id, to } => {
            let request = proto::HandOverRequest {
                referral_id: id.to_string(),
                service_id: to.into(),
            };
            output.one(&view(
                answer(routing.hand_over(unary(request))).await?.referral,
            )?)
        }
        ReferralCommand::Hold { id } => {
            let done = answer(routing.hold(unary(proto::HoldRequest {
                referral_id: id.to_string(),
            })))
            .await?;
            output.one(&view(done.referral)?)?;
            session.next(&format!("referral release {id}"))
        }
        ReferralCommand::Release { id } => {
            let done = answer(routing.release(unary(proto::ReleaseRequest {
                referral_id: id.to_string(),
            })))
            .await?;
            output.one(&view(done.referral)?)?;
            session.next(&format!("referral accept {id}"))
        }
        ReferralCommand::Cancel { id } => {
            let done = answer(routing.cancel(unary(proto::CancelRequest {
                referral_id: id.to_string(),
            })))
            .await?;
            output.one(&view(done.referral)?)?;
            session.next("item list")
        }
        ReferralCommand::Watch => {
            let stream = answer(routing.watch_referrals(proto::WatchReferralsRequest {})).await?;
            watch(session, stream, |change| view(change.referral)).await
        }
    }
}

/// Whose work it is: some of it a partner's alone, or a coordinator's.
const fn usual_person(command: &ReferralCommand) -> Person {
    use ReferralCommand as Do;
    match command {
        Do::List { .. }
        | Do::Show { .. }
        | Do::Actions { .. }
        | Do::Redirect { .. }
        | Do::HandOver { .. }
        | Do::Watch => Desk,
        Do::Accept { .. } | Do::Decline { .. } | Do::Hold { .. } | Do::Release { .. } => Partner,
        Do::Cancel { .. } => Coordinator,
    }
}

async fn list(
    mut routing: Routing,
    open_only: bool,
    limit: u32,
    session: &Session,
) -> Result<(), CliError> {
    let Pages { found, more } = pages(limit, async |page_size, page_token| {
        let request = proto::ListReferralsRequest {
            open_only,
            page_size,
            page_token,
            ..Default::default()
        };
        let page = answer(routing.list_referrals(unary(request))).await?;
        Ok((page.referrals, page.next_page_token))
    })
    .await?;
    let views: Vec<ReferralView> = found.into_iter().map(ReferralView::from).collect();
    session.output.list(
        &views,
        if open_only {
            "Nothing waits for an answer."
        } else {
            "No referrals yet."
        },
    )?;
    session.more(more, limit)
}

/// There is no call for one referral: it is looked for among the caller's.
async fn show(mut routing: Routing, id: ReferralId, session: &Session) -> Result<(), CliError> {
    let mut page_token = String::new();
    let wanted = id.to_string();
    loop {
        let request = proto::ListReferralsRequest {
            open_only: false,
            page_token,
            ..Default::default()
        };
        let page = answer(routing.list_referrals(unary(request))).await?;
        if let Some(found) = page
            .referrals
            .into_iter()
            .find(|referral| referral.referral_id == wanted)
        {
            session.output.one(&ReferralView::from(found))?;
            let may = actions(&mut routing, id).await?;
            return session.output.say(&format!("You may: {}", may.text()));
        }
        if page.next_page_token.is_empty() {
            return Err(CliError::Usage(format!(
                "{id} is none of your referrals: see `knipperlicht referral list`"
            )));
        }
        page_token = page.next_page_token;
    }
}

async fn actions(routing: &mut Routing, id: ReferralId) -> Result<ActionsView, CliError> {
    let request = proto::AvailableActionsRequest {
        referral_id: id.to_string(),
    };
    let found = answer(routing.available_actions(unary(request))).await?;
    Ok(ActionsView::new(id.to_string(), &found))
}

fn view(referral: Option<proto::Referral>) -> Result<ReferralView, CliError> {
    Ok(ReferralView::from(part(referral, "referral")?))
}
