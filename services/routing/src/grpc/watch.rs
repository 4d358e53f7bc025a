//! Watching: a desk sees each referral as it changes.
//!
//! What was seen is told from what was not by the database's own snapshots: each look takes
//! everything that was changed by a transaction that the look before could not see. No clock and
//! no commit order comes into it, so nothing is missed, and a look costs what has changed, not
//! what there is.

use std::{collections::HashSet, pin::Pin};

use knipperlicht_access::Principal;
use knipperlicht_contracts::routing::v1 as pb;
use knipperlicht_eventing::{Found, Looks};
use knipperlicht_vocabulary::{OrganisationId, ReferralId, ZoneId};
use sqlx::PgConnection;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::Status;

use super::{RoutingCalls, decode, page_token, refused};
use crate::{
    RoutingError,
    store::{self, After, Which},
};

/// Open referrals read at once when somebody begins to watch.
const PAGE: i64 = 500;

type Changes =
    Pin<Box<dyn Stream<Item = Result<pb::WatchReferralsResponse, Status>> + Send + 'static>>;
/// In boxes: the room for those under way is taken for each watcher, also while nothing is.
type Sender = mpsc::Sender<Box<Result<pb::WatchReferralsResponse, Status>>>;

/// Why watching ends.
enum End {
    /// Nobody listens any more.
    Gone,
    /// Something went wrong.
    Failed(RoutingError),
}

impl<E: Into<RoutingError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Whose a referral is, as far as who may watch it goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// Who is asked.
    Organisation(OrganisationId),
    /// Where it is.
    Zone(ZoneId),
}

/// What a caller is woken for: all that they may see is in it, and they see no more of it than the
/// database shows them.
fn watched(principal: &Principal) -> Vec<Owner> {
    let organisation = principal.organisation.iter().cloned();
    let zones = principal.zones.iter().cloned();
    organisation
        .map(Owner::Organisation)
        .chain(zones.map(Owner::Zone))
        .collect()
}

/// Finds whose referrals changed.
pub(crate) struct ReferralLooks;

impl Looks for ReferralLooks {
    type Owner = Owner;
    type Error = RoutingError;

    async fn look(
        &self,
        connection: &mut PgConnection,
        since: Option<i64>,
    ) -> Result<Found<Owner>, RoutingError> {
        let (horizon, changed) = store::whose_changed_since(connection, since).await?;
        let owners = changed
            .into_iter()
            .flat_map(|(organisation, zone, changed)| {
                [
                    (Owner::Organisation(organisation), changed),
                    (Owner::Zone(zone), changed),
                ]
            });
        Ok((horizon, owners.collect()))
    }
}

/// What one watcher has seen.
#[derive(Default)]
struct Seen {
    /// Everything changed before this transaction was seen.
    horizon: i64,
    /// What was seen of later ones: the referral and the transaction that changed it.
    beyond: HashSet<(ReferralId, i64)>,
}

impl RoutingCalls {
    /// The caller's open referrals, then whatever changes.
    pub(super) fn watch(&self, principal: Principal) -> Changes {
        let (sender, receiver) = mpsc::channel(64);
        let calls = self.clone();
        tokio::spawn(async move {
            if let Err(End::Failed(error)) = calls.watch_until_gone(&principal, &sender).await {
                // Whoever left in the meantime need not know.
                let _ = sender.send(Box::new(Err(refused(error)))).await;
            }
        });
        Box::pin(ReceiverStream::new(receiver).map(|change| *change))
    }

    async fn watch_until_gone(&self, principal: &Principal, sender: &Sender) -> Result<(), End> {
        let mut watcher = self.watchers.watch(watched(principal));
        // Before the list: what changes while it is read is in what comes after it.
        let mut seen = Seen {
            horizon: self.horizon(principal).await?,
            ..Seen::default()
        };
        // In boxes: whoever waits need not keep room for a look.
        Box::pin(self.send_open(principal, sender, &mut seen)).await?;
        loop {
            Box::pin(self.send_changes(principal, sender, &mut seen)).await?;
            tokio::select! {
                since = watcher.changed() => seen.horizon = seen.horizon.max(since),
                () = sender.closed() => return Err(End::Gone),
            }
        }
    }

    async fn horizon(&self, principal: &Principal) -> Result<i64, RoutingError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        store::horizon(&mut transaction).await
    }

    /// Page by page, so that a long list neither fills memory nor holds a connection while the
    /// caller reads slowly.
    async fn send_open(
        &self,
        principal: &Principal,
        sender: &Sender,
        seen: &mut Seen,
    ) -> Result<(), End> {
        let filter = decode::filter(principal);
        let mut after = After::START;
        loop {
            let mut transaction = self.kit.database.begin(principal).await?;
            let directory = self.books.directory(&mut transaction).await?;
            let rows = store::list(&mut transaction, &filter, Which::Open, after, PAGE).await?;
            transaction.rollback().await?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < PAGE);
            for row in rows {
                let changed_in = row.changed_in();
                let (shown, referral) = self.read_and_show(row, &directory)?;
                after = page_token::after(&referral);
                if changed_in >= seen.horizon {
                    seen.beyond.insert((referral.id, changed_in));
                }
                send(sender, shown).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn send_changes(
        &self,
        principal: &Principal,
        sender: &Sender,
        seen: &mut Seen,
    ) -> Result<(), End> {
        let mut transaction = self.kit.database.begin(principal).await?;
        // Before the look: what ends between both is seen twice rather than never.
        let horizon = store::horizon(&mut transaction).await?;
        let rows = store::changed_since(&mut transaction, seen.horizon).await?;
        if rows.is_empty() {
            seen.horizon = horizon;
            seen.beyond.clear();
            return Ok(());
        }
        let directory = self.books.directory(&mut transaction).await?;
        transaction.rollback().await?;

        let mut beyond = HashSet::new();
        for row in rows {
            let changed_in = row.changed_in();
            let (shown, referral) = self.read_and_show(row, &directory)?;
            let what = (referral.id, changed_in);
            if changed_in >= horizon {
                beyond.insert(what);
            }
            if !seen.beyond.contains(&what) {
                send(sender, shown).await?;
            }
        }
        *seen = Seen { horizon, beyond };
        Ok(())
    }
}

async fn send(sender: &Sender, referral: pb::Referral) -> Result<(), End> {
    let response = pb::WatchReferralsResponse {
        referral: Some(referral),
    };
    let change = Box::new(Ok(response));
    sender.send(change).await.map_err(|_| End::Gone)
}
