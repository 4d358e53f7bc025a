//! Partners who watch their inbox, and when each signal got there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use hdrhistogram::Histogram;
use knipperlicht_access::{Person, Role};
use knipperlicht_contracts::routing::v1::{
    WatchReferralsRequest, routing_service_client::RoutingServiceClient,
};
use knipperlicht_harness::Token;
use knipperlicht_vocabulary::SituationId;
use tokio::task::JoinSet;

use crate::{
    error::BenchError,
    ground::Ground,
    load::{histogram, micros},
    reporters::connect,
};

/// When signals were tapped, and how long each took to an inbox.
#[derive(Debug)]
pub(crate) struct Taps(Mutex<Seen>);

#[derive(Debug)]
struct Seen {
    under_way: HashMap<String, Instant>,
    took: Histogram<u64>,
}

impl Taps {
    pub(crate) fn new() -> Result<Arc<Self>, BenchError> {
        Ok(Arc::new(Self(Mutex::new(Seen {
            under_way: HashMap::new(),
            took: histogram()?,
        }))))
    }

    /// A signal was tapped.
    pub(crate) fn tapped(&self, situation: SituationId, moment: Instant) {
        self.with(|seen| seen.under_way.insert(situation.to_string(), moment));
    }

    /// It is in an inbox; the first of several counts.
    fn arrived(&self, situation: &str) {
        let now = Instant::now();
        self.with(|seen| {
            if let Some(tapped) = seen.under_way.remove(situation) {
                seen.took
                    .saturating_record(micros(now.saturating_duration_since(tapped)));
            }
        });
    }

    /// How long they took, in microseconds, and how many have not come.
    pub(crate) fn took(&self) -> (Histogram<u64>, usize) {
        self.with(|seen| (seen.took.clone(), seen.under_way.len()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Partners at their desks. Dropped, they go home.
pub(crate) struct Desks {
    // Held for its end.
    _watching: JoinSet<()>,
}

impl Desks {
    /// Opens a desk for each organisation, each on a connection of its own.
    pub(crate) async fn open(
        ground: &Ground,
        url: &str,
        organisations: &[String],
        taps: &Arc<Taps>,
    ) -> Result<Self, BenchError> {
        let mut watching = JoinSet::new();
        for organisation in organisations {
            let person = Person {
                subject: "desk".parse()?,
                role: Role::Partner,
                organisation: Some(organisation.parse()?),
                zones: Vec::new(),
            };
            let token = Token::bearer(&ground.token(&person)?)?;
            let mut desk = RoutingServiceClient::with_interceptor(connect(url).await?, token);
            let mut stream = desk
                .watch_referrals(WatchReferralsRequest {})
                .await?
                .into_inner();
            let taps = Arc::clone(taps);
            watching.spawn(async move {
                while let Ok(Some(change)) = stream.message().await {
                    if let Some(referral) = change.referral {
                        taps.arrived(&referral.situation_id);
                    }
                }
            });
        }
        Ok(Self {
            _watching: watching,
        })
    }
}
