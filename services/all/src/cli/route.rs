//! `knipperlicht route`: who is asked, and why.

use jiff::civil::Date;
use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{
    AgeBand, Language, Need, PostalCode, ReferralId, SituationId, Urgency,
};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer, part},
    values::codes,
    views::{ExplainedView, ExplanationView, UnmetNeedView},
};

/// What can be asked of a route.
#[derive(Debug, clap::Subcommand)]
pub enum RouteCommand {
    /// Explain why a referral went where it went: who was considered, why in, why out
    Explain {
        /// The referral
        #[arg(value_name = "REFERRAL")]
        id: ReferralId,
    },
    /// Show who would be asked now; nothing happens
    Preview {
        /// Postal code of the cared-for person's home
        #[arg(value_name = "POSTAL CODE")]
        postal_code: PostalCode,
        /// A need, the most pressing first
        #[arg(long = "need", value_name = "CODE", required = true, value_parser = codes(Need::ALL))]
        needs: Vec<Need>,
        /// Language the carer is best helped in
        #[arg(long, value_name = "CODE", default_value = "nl", value_parser = codes(Language::ALL))]
        language: Language,
        /// The carer's age band, where known
        #[arg(long, value_name = "CODE", value_parser = codes(AgeBand::ALL))]
        age: Option<AgeBand>,
        /// How soon
        #[arg(long, value_name = "CODE", default_value = "routine", value_parser = codes(Urgency::ALL))]
        urgency: Urgency,
        /// The situation, where it is about one: who was asked in vain is not asked again
        #[arg(long, value_name = "SITUATION")]
        situation: Option<SituationId>,
    },
    /// List the needs of your zones that nobody could be asked for
    Unmet {
        /// From which day on, as 2026-11-21; the last 90 days if not said
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: RouteCommand, session: &Session) -> Result<(), CliError> {
    let mut routing = session.routing(Coordinator).await?;
    match command {
        RouteCommand::Explain { id } => {
            let request = proto::ExplainReferralRequest {
                referral_id: id.to_string(),
            };
            let found = answer(routing.explain_referral(unary(request))).await?;
            explained(found, session)
        }
        RouteCommand::Preview {
            postal_code,
            needs,
            language,
            age,
            urgency,
            situation,
        } => {
            let request = proto::PreviewRouteRequest {
                postal_code: postal_code.into(),
                language: language.number(),
                age_band: age.map_or(0, AgeBand::number),
                needs: needs.into_iter().map(Need::number).collect(),
                urgency: urgency.number(),
                situation_id: situation.map(|id| id.to_string()).unwrap_or_default(),
            };
            let found = answer(routing.preview_route(unary(request))).await?;
            let explanation = part(found.explanation, "explanation")?;
            show(&ExplanationView::from(explanation), session)
        }
        RouteCommand::Unmet { from } => {
            let request = proto::ListUnmetNeedsRequest {
                from: from.map(|day| day.to_string()).unwrap_or_default(),
            };
            let found = answer(routing.list_unmet_needs(unary(request))).await?;
            let views: Vec<UnmetNeedView> = found
                .unmet_needs
                .into_iter()
                .map(UnmetNeedView::from)
                .collect();
            session.output.list(
                &views,
                "For every need in your zones there was somebody to ask.",
            )
        }
    }
}

fn explained(found: proto::ExplainReferralResponse, session: &Session) -> Result<(), CliError> {
    let output = &session.output;
    let view = ExplainedView::new(found)?;
    if output.is_json() {
        return output.object(&view);
    }
    match &view.explanation {
        Some(explanation) => show(explanation, session)?,
        None => output.one(&view.referral)?,
    }
    output.say(view.verdict())
}

fn show(view: &ExplanationView, session: &Session) -> Result<(), CliError> {
    let output = &session.output;
    output.one(view)?;
    if output.is_json() {
        return Ok(());
    }
    output.say("")?;
    output.list(
        &view.considered,
        "No service of the directory covers that place and meets one of the needs.",
    )?;
    output.say("")?;
    output.say(&view.order())?;
    output.say(view.note())
}
