//! Moves on what services that have ended were still asked, and forgets what was said of room for
//! no longer than yesterday. Several instances may run: each service is looked after by one at a
//! time.

use std::time::Duration;

use jiff::SignedDuration;
use knipperlicht_eventing::{Kit, Said, say};
use knipperlicht_runtime::{Stop, rounds};
use knipperlicht_vocabulary::SituationId;
use uuid::Uuid;

use crate::{
    RoutingError,
    grpc::RoutingCalls,
    model::{change::Plan, ending::move_on},
    said::said,
    store,
};

/// Services looked after in one transaction.
const SERVICES: i64 = 500;

/// Referrals moved on in one transaction.
const REFERRALS: i64 = 200;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// While there is more to do.
const SHORTEST: Duration = Duration::from_millis(5);

/// Whoever still decides by a directory in which the service went on is done by then: no statement
/// takes longer than 10 seconds, and no transaction rests longer than 30.
const STRAGGLERS: SignedDuration = SignedDuration::from_secs(60);

/// Looks after services that end.
pub struct Endings {
    calls: RoutingCalls,
}

/// Whether there is more to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    More,
}

impl Endings {
    pub(crate) const fn new(calls: RoutingCalls) -> Self {
        Self { calls }
    }

    /// Looks after them until it is time to stop.
    pub async fn run(self, stop: Stop) {
        rounds(&stop, "services that ended wait", || self.pass()).await;
    }

    async fn pass(&self) -> Result<Duration, RoutingError> {
        self.forget_lapsed().await?;
        Ok(match self.move_on().await? {
            Left::Nothing => LOOK_EVERY,
            Left::More => SHORTEST,
        })
    }

    async fn forget_lapsed(&self) -> Result<(), RoutingError> {
        let Kit {
            database,
            environment,
            principal,
            ..
        } = &self.calls.kit;
        let mut transaction = database.begin(principal).await?;
        if store::has_lapsed(&mut transaction, environment.today()).await? {
            store::lock_directory(&mut transaction).await?;
            let lapsed = store::lapse_capacities(&mut transaction, environment.today()).await?;
            let lapsed: Vec<&str> = lapsed.iter().map(String::as_str).collect();
            store::note_directory_change(&mut transaction, &lapsed, environment.now()).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn move_on(&self) -> Result<Left, RoutingError> {
        let kit = &self.calls.kit;
        let environment = &kit.environment;
        let mut transaction = kit.database.begin(&kit.principal).await?;
        let (now, today) = (environment.now(), environment.today());
        let before = now.saturating_sub(STRAGGLERS).unwrap_or(now);
        let ended = store::claim_ended(&mut transaction, today, before, SERVICES).await?;
        if ended.is_empty() {
            transaction.rollback().await?;
            return Ok(Left::Nothing);
        }
        // After the claim: it holds at least the endings that were claimed.
        let books = self.calls.books.open(&mut transaction).await?;
        let mut stranded = store::stranded(&mut transaction, &ended, REFERRALS).await?;
        let whole = i64::try_from(stranded.len()).is_ok_and(|count| count < REFERRALS);
        stranded.sort_unstable();
        stranded.dedup();

        let ids: Vec<Uuid> = stranded.iter().map(|situation| situation.uuid()).collect();
        let mut cases = store::lock_cases(&mut transaction, &ids).await?;
        let ground = books.ground(environment.now(), today);
        let plans = stranded
            .iter()
            .filter_map(|situation: &SituationId| {
                let case = cases.take(*situation);
                let zone = case.situation.as_ref()?.circumstances.zone.clone();
                let changes = move_on(&case, &ground);
                Some(Plan {
                    situation: *situation,
                    zone,
                    changes,
                })
            })
            .collect::<Vec<_>>();
        let events: Vec<Said> = plans
            .iter()
            .flat_map(|plan| said(plan, None, environment))
            .collect();
        store::write(&mut transaction, &plans, ground.at).await?;
        if whole {
            store::note_looked_at(&mut transaction, &ended, now).await?;
        }
        say(&mut transaction, ground.at, &events).await?;
        transaction.commit().await?;
        if !events.is_empty() {
            tracing::info!(
                situations = plans.len(),
                "moved on from services that ended"
            );
            kit.committed();
        }
        let all = i64::try_from(ended.len()).is_ok_and(|count| count < SERVICES);
        Ok(if whole && all {
            Left::Nothing
        } else {
            Left::More
        })
    }
}
