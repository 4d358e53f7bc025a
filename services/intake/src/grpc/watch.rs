//! Watching: a reporter sees each change as it happens.

use std::{collections::HashMap, pin::Pin};

use knipperlicht_access::Principal;
use knipperlicht_contracts::intake::v1 as pb;
use knipperlicht_eventing::{Found, Looks};
use knipperlicht_vocabulary::ReporterId;
use sqlx::PgConnection;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::Status;

use super::{IntakeCalls, refused};
use crate::{IntakeError, store};

/// The newest signals of a reporter are watched.
const WATCHED: i64 = 100;

type Changes =
    Pin<Box<dyn Stream<Item = Result<pb::WatchMySignalsResponse, Status>> + Send + 'static>>;

/// In boxes: the room for those under way is taken for each watcher, also while nothing is.
type Sender = mpsc::Sender<Box<Result<pb::WatchMySignalsResponse, Status>>>;

impl IntakeCalls {
    /// The present state of the caller's signals, then whatever changes.
    pub(super) fn watch(&self, principal: Principal) -> Changes {
        let (sender, receiver) = mpsc::channel(16);
        let calls = self.clone();
        tokio::spawn(async move {
            let mut watcher = calls.watchers.watch(vec![principal.subject.clone()]);
            let mut shown = HashMap::new();
            loop {
                // In a box: whoever waits need not keep room for a look.
                let newest = Box::pin(calls.newest(&principal)).await;
                match newest {
                    Ok(signals) => {
                        if !send_changes(&sender, &mut shown, signals).await {
                            return;
                        }
                    }
                    Err(error) => {
                        let _ = sender.send(Box::new(Err(refused(error)))).await;
                        return;
                    }
                }
                tokio::select! {
                    _ = watcher.changed() => {}
                    () = sender.closed() => return,
                }
            }
        });
        Box::pin(ReceiverStream::new(receiver).map(|change| *change))
    }

    async fn newest(&self, principal: &Principal) -> Result<Vec<pb::SignalStatus>, IntakeError> {
        let mut transaction = self.kit.database.begin(principal).await?;
        let rows = store::own_signals(&mut transaction, &principal.subject, None, WATCHED).await?;
        self.statuses(&mut transaction, &rows).await
    }
}

/// Finds whose signals changed.
pub(crate) struct SignalLooks;

impl Looks for SignalLooks {
    type Owner = ReporterId;
    type Error = IntakeError;

    async fn look(
        &self,
        connection: &mut PgConnection,
        since: Option<i64>,
    ) -> Result<Found<ReporterId>, IntakeError> {
        store::changed_since(connection, since).await
    }
}

/// Sends what is not as it was shown, oldest first. False when nobody listens any more.
async fn send_changes(
    sender: &Sender,
    shown: &mut HashMap<String, pb::SignalStatus>,
    signals: Vec<pb::SignalStatus>,
) -> bool {
    for signal in signals.into_iter().rev() {
        let id = signal
            .receipt
            .as_ref()
            .map(|receipt| receipt.signal_id.clone())
            .unwrap_or_default();
        if shown.get(&id) == Some(&signal) {
            continue;
        }
        shown.insert(id, signal.clone());
        let change = pb::WatchMySignalsResponse {
            signal: Some(signal),
        };
        if sender.send(Box::new(Ok(change))).await.is_err() {
            return false;
        }
    }
    true
}
