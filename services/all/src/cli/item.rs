//! `knipperlicht item`: what lies with a zone's coordinator.

use knipperlicht_contracts::routing::v1 as proto;
use knipperlicht_vocabulary::{ItemId, ServiceId};

use super::{
    CliError,
    channel::unary,
    credentials::Person::Coordinator,
    session::{Session, answer, part},
    views::{ItemView, ReferralView},
};

/// What a coordinator can do with what no rule could route.
#[derive(Debug, clap::Subcommand)]
pub enum ItemCommand {
    /// List what waits in your zones, the most urgent first
    List,
    /// Give an item to a service
    Assign {
        /// The item
        #[arg(value_name = "ITEM")]
        item: ItemId,
        /// The service to ask: see `knipperlicht zone services ZONE`
        #[arg(long, value_name = "SERVICE")]
        to: ServiceId,
    },
}

/// Runs one of them.
pub(crate) async fn run(command: ItemCommand, session: &Session) -> Result<(), CliError> {
    let mut routing = session.routing(Coordinator).await?;
    match command {
        ItemCommand::List => {
            let found = answer(routing.list_items(unary(proto::ListItemsRequest {}))).await?;
            let views: Vec<ItemView> = found.items.into_iter().map(ItemView::from).collect();
            session.output.list(&views, "Nothing waits for you.")
        }
        ItemCommand::Assign { item, to } => {
            let request = proto::AssignRequest {
                item_id: item.to_string(),
                service_id: to.into(),
            };
            let made = answer(routing.assign(unary(request))).await?;
            session
                .output
                .one(&ReferralView::from(part(made.referral, "referral")?))
        }
    }
}
