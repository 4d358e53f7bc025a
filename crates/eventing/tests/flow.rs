//! Events on their way, on a real PostgreSQL and a real nats-server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};

use async_nats::{
    Client, HeaderMap,
    jetstream::{self, stream},
};
use jiff::{SignedDuration, Timestamp};
use knipperlicht_access::{Database, DatabaseOptions, OwnedTransaction, Principal};
use knipperlicht_contracts::{
    event::{EventBody, Service},
    events::v1 as events,
};
use knipperlicht_eventing::{
    Consumer, Event, Feed, Forgets, Forgetting, Kit, Lead, NatsUser, ReactionError, Reactions,
    Relay, Said, Turns, Waker, erasing, lag, merges, parking, reconciler, say, schema, topology,
};
use knipperlicht_harness::{Bed, eventually, movable_environment};
use knipperlicht_runtime::{Bell, Lifecycle};
use knipperlicht_vocabulary::{Environment, EventId, Partition, SituationId};
use sqlx::{Connection, PgConnection, migrate::Migrator};
use uuid::Uuid;

/// What a listener has heard, in the order it took effect.
#[derive(Default)]
struct Heard {
    events: Mutex<Vec<(SituationId, i64)>>,
    /// The situations it was told to forget.
    forgot: Mutex<Vec<Uuid>>,
    /// The events of any situation that cannot take effect, by their place.
    refuses: Mutex<&'static [i64]>,
    /// While held, nothing takes effect.
    gate: tokio::sync::Mutex<()>,
}

impl Forgets for Heard {
    async fn forget(
        &self,
        _: &mut PgConnection,
        situations: &[Uuid],
        _: Timestamp,
    ) -> Result<(), sqlx::Error> {
        self.forgot.lock().unwrap().extend_from_slice(situations);
        Ok(())
    }
}

impl Reactions for Heard {
    async fn react(
        &self,
        connection: &mut PgConnection,
        wave: &[&Event],
    ) -> Result<(), ReactionError> {
        sqlx::query("select 1").execute(connection).await?;
        drop(self.gate.lock().await);
        let refused = *self.refuses.lock().unwrap();
        if wave.iter().any(|event| refused.contains(&event.sequence)) {
            return Err(ReactionError::Nonsense("not now".to_owned()));
        }
        Ok(())
    }

    fn committed(&self, wave: &[&Event]) {
        self.events
            .lock()
            .unwrap()
            .extend(wave.iter().map(|event| (event.said_of, event.sequence)));
    }
}

/// Intake speaks, assessment listens.
struct Flow {
    bed: Bed,
    environment: Environment,
    intake: Database,
    assessment: Database,
    heard: Arc<Heard>,
    waker: Waker,
    lifecycle: Lifecycle,
}

impl Flow {
    async fn start() -> Self {
        let bed = Bed::start().await;
        let (environment, _) = movable_environment();
        for service in [Service::Intake, Service::Assessment] {
            schema::migrate(&bed.database_url, service, &Migrator::DEFAULT)
                .await
                .unwrap();
        }
        let database = |service: &'static str| {
            Database::new(&DatabaseOptions {
                url: bed.database_url.clone(),
                service,
                connections: 4,
            })
            .unwrap()
        };
        let (intake, assessment) = (database("intake"), database("assessment"));
        let flow = Self {
            environment,
            intake,
            assessment,
            heard: Arc::default(),
            waker: Waker::default(),
            lifecycle: Lifecycle::default(),
            bed,
        };
        topology::ensure(&flow.jetstream().await, 1).await.unwrap();
        flow
    }

    async fn jetstream(&self) -> jetstream::Context {
        let nats = self.bed.connect_nats(NatsUser::Operator).await;
        jetstream::new(nats)
    }

    /// A connection that is made again whenever it breaks.
    async fn nats(&self, user: NatsUser) -> Client {
        self.bed.nats_options().connect(user).await.unwrap()
    }

    /// When the stream was made, in nanoseconds since 1970.
    async fn made(&self) -> i64 {
        let stream = self.jetstream().await.get_stream(topology::STREAM).await;
        let created = stream.unwrap().cached_info().created;
        created.unix_timestamp_nanos().try_into().unwrap()
    }

    async fn make_stream_anew(&self) {
        let jetstream = self.jetstream().await;
        jetstream.delete_stream(topology::STREAM).await.unwrap();
        topology::ensure(&jetstream, 1).await.unwrap();
    }

    async fn stream(&self) -> stream::State {
        let stream = self.jetstream().await.get_stream(topology::STREAM).await;
        stream.unwrap().cached_info().state.clone()
    }

    async fn until_published(&self, count: u64) {
        eventually("published", async || {
            (self.stream().await.messages >= count).then_some(())
        })
        .await;
    }

    /// Waits until the feed alone reads the stream, speaking meanwhile: with each event a reader
    /// can leave its own pull.
    async fn until_one_reads(&self) {
        for readers in [2, 1] {
            eventually("so many readers", async || {
                self.say(self.situation(), 1).await;
                (self.stream().await.consumer_count == readers).then_some(())
            })
            .await;
        }
    }

    async fn relay(&self) {
        let relay = Relay {
            service: Service::Intake,
            database: self.intake.clone(),
            principal: principal(),
            jetstream: jetstream::new(self.nats(NatsUser::Service(Service::Intake)).await),
            environment: self.environment.clone(),
            waker: self.waker.clone(),
            turns: Turns::default(),
        };
        self.lifecycle.spawn(relay.run(self.lifecycle.stop()));
    }

    async fn listen(&self) {
        let consumer = self.consumer().await;
        self.lifecycle.spawn(consumer.run(self.lifecycle.stop()));
    }

    /// The same by way of a feed.
    async fn follow(&self) {
        let feed = Feed::default();
        let consumer = Consumer {
            feed: Some(feed.clone()),
            ..self.consumer().await
        };
        let nats = self.nats(NatsUser::Reader).await;
        let stop = self.lifecycle.stop();
        self.lifecycle.spawn(feed.run(jetstream::new(nats), stop));
        self.lifecycle.spawn(consumer.run(self.lifecycle.stop()));
    }

    async fn consumer(&self) -> Consumer<Heard> {
        let nats = self.nats(NatsUser::Service(Service::Assessment)).await;
        Consumer {
            service: Service::Assessment,
            database: self.assessment.clone(),
            principal: principal(),
            jetstream: jetstream::new(nats),
            feed: None,
            lead: Lead::default(),
            environment: self.environment.clone(),
            turns: Turns::default(),
            reactions: Arc::clone(&self.heard),
        }
    }

    /// How many partitions each process reads.
    async fn shares(&self) -> Vec<i64> {
        let mut transaction = self.assessment.begin(&principal()).await.unwrap();
        sqlx::query_scalar(
            "select count(*) from reader join process using (process_id) group by process_id",
        )
        .fetch_all(&mut *transaction)
        .await
        .unwrap()
    }

    /// Says `count` events of a situation in one transaction.
    async fn say(&self, situation: SituationId, count: usize) {
        self.begin_to_say(situation, count)
            .await
            .commit()
            .await
            .unwrap();
        self.waker.wake();
    }

    /// The same, not yet committed.
    async fn begin_to_say(&self, situation: SituationId, count: usize) -> OwnedTransaction {
        let said: Vec<Said> = (0..count)
            .map(|_| Said {
                id: EventId::new(&self.environment),
                situation,
                zone: "gent".parse().unwrap(),
                body: EventBody::SignalWithdrawn(events::SignalWithdrawn {
                    signal_id: "x".to_owned(),
                    ..Default::default()
                }),
                traceparent: None,
            })
            .collect();
        let mut transaction = self.intake.begin(&principal()).await.unwrap();
        say(&mut transaction, self.environment.now(), &said)
            .await
            .unwrap();
        transaction
    }

    fn heard_of(&self, situation: SituationId) -> Vec<i64> {
        let heard = self.heard.events.lock().unwrap();
        heard
            .iter()
            .filter(|(of, _)| *of == situation)
            .map(|(_, sequence)| *sequence)
            .collect()
    }

    async fn until_heard(&self, situation: SituationId, count: i64) {
        let expected: Vec<i64> = (1..=count).collect();
        eventually("events", async || {
            (self.heard_of(situation) == expected).then_some(())
        })
        .await;
    }

    fn refuse(&self, places: &'static [i64]) {
        *self.heard.refuses.lock().unwrap() = places;
    }

    /// Says again what was said from a moment on; how many events in each part.
    async fn replay(&self, from: Timestamp) -> Vec<u64> {
        let (mut parts, mut after) = (Vec::new(), reconciler::After::default());
        loop {
            let mut transaction = self.intake.begin(&principal()).await.unwrap();
            let part = reconciler::replay(&mut transaction, from, after, 2).await;
            transaction.commit().await.unwrap();
            let Some(part) = part.unwrap() else {
                return parts;
            };
            parts.push(part.again);
            after = part.after;
        }
    }

    async fn parked(&self) -> Vec<parking::ParkedView> {
        let mut transaction = self.assessment.begin(&principal()).await.unwrap();
        parking::list(&mut transaction).await.unwrap()
    }

    /// Whether something that was said is not in the stream.
    async fn waits_for_the_relay(&self) -> bool {
        let mut transaction = self.intake.begin(&principal()).await.unwrap();
        let kept = lag::kept(&mut transaction).await.unwrap();
        kept.oldest_unpublished.is_some()
    }

    /// What lies in the stream for the listener.
    async fn unhandled(&self) -> lag::Unhandled {
        let mut transaction = self.assessment.begin(&principal()).await.unwrap();
        let kept = lag::kept(&mut transaction).await.unwrap();
        let nats = self.nats(NatsUser::Service(Service::Assessment)).await;
        let jetstream = jetstream::new(nats);
        let unhandled = lag::unhandled(&jetstream, Service::Assessment, &kept).await;
        unhandled.unwrap()
    }

    fn situation(&self) -> SituationId {
        SituationId::new(&self.environment)
    }
}

fn principal() -> Principal {
    Principal::service("test".parse().unwrap())
}

#[tokio::test]
async fn what_is_said_is_heard_once_and_in_order() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    let situations: Vec<SituationId> = (0..40).map(|_| flow.situation()).collect();
    for _ in 0..5 {
        for situation in &situations {
            flow.say(*situation, 2).await;
        }
    }
    for situation in &situations {
        flow.until_heard(*situation, 10).await;
    }
    let mut transaction = flow.intake.begin(&principal()).await.unwrap();
    let ledger = reconciler::ledger(&mut transaction).await.unwrap();
    assert_eq!(ledger.said.values().sum::<i64>(), 400);
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn how_far_each_is_behind_is_told_and_in_which_partition() {
    let flow = Flow::start().await;
    let situation = flow.situation();
    flow.say(situation, 3).await;
    assert!(flow.waits_for_the_relay().await);
    assert_eq!(flow.unhandled().await, lag::Unhandled::default());

    flow.relay().await;
    eventually("nothing to publish", async || {
        (!flow.waits_for_the_relay().await).then_some(())
    })
    .await;
    let unhandled = flow.unhandled().await;
    let partition = Partition::of(situation).number();
    assert_eq!(unhandled.events, 3);
    assert_eq!(unhandled.partitions, [i16::try_from(partition).unwrap()]);
    assert!(unhandled.oldest.is_some());

    flow.listen().await;
    flow.until_heard(situation, 3).await;
    assert_eq!(flow.unhandled().await, lag::Unhandled::default());
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn what_is_committed_late_is_heard_although_later_events_went_before() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    let (slow, quick) = (flow.situation(), flow.situation());
    let uncommitted = flow.begin_to_say(slow, 1).await;
    for _ in 0..3 {
        flow.say(quick, 1).await;
    }
    flow.until_heard(quick, 3).await;
    uncommitted.commit().await.unwrap();
    flow.until_heard(slow, 1).await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn a_lost_stream_is_filled_again_from_the_outbox() {
    let flow = Flow::start().await;
    flow.relay().await;
    let situation = flow.situation();
    flow.say(situation, 3).await;
    flow.until_published(3).await;
    flow.make_stream_anew().await;
    flow.listen().await;

    assert_eq!(flow.replay(Timestamp::UNIX_EPOCH).await, [2, 1]);
    flow.until_heard(situation, 3).await;
    // What was said before the moment is looked at, and not said again.
    let later = flow.environment.now() + SignedDuration::from_secs(60);
    assert_eq!(flow.replay(later).await, [0, 0]);
    flow.lifecycle.finish().await;
}

/// Elsewhere a statement has little time: what counts all that was ever said has as much as it takes.
#[tokio::test]
async fn the_ledger_is_read_however_long_that_takes() {
    let flow = Flow::start().await;
    flow.say(flow.situation(), 3).await;
    let mut owner = PgConnection::connect(&flow.bed.database_url).await.unwrap();
    let mut busy = owner.begin().await.unwrap();
    sqlx::raw_sql("lock table intake.outbox in access exclusive mode")
        .execute(&mut *busy)
        .await
        .unwrap();
    let mut transaction = flow.intake.begin(&principal()).await.unwrap();
    sqlx::raw_sql("set local statement_timeout = '50ms'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let busy = async {
        sqlx::raw_sql("select pg_sleep(0.5)")
            .execute(&mut *busy)
            .await
            .unwrap();
        busy.commit().await.unwrap();
    };
    let (ledger, ()) = tokio::join!(reconciler::ledger(&mut transaction), busy);
    assert_eq!(ledger.unwrap().said.values().sum::<i64>(), 3);
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn a_stream_made_anew_is_read_from_its_beginning() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    let (before, after) = (flow.situation(), flow.situation());
    flow.say(before, 3).await;
    flow.until_heard(before, 3).await;
    flow.make_stream_anew().await;
    // Its first message has a number that was read before, in the stream that is gone.
    flow.say(after, 1).await;
    flow.until_heard(after, 1).await;
    assert_eq!(flow.heard_of(before), [1, 2, 3]);
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn a_stream_that_lost_its_end_is_read_again() {
    let flow = Flow::start().await;
    flow.relay().await;
    let situation = flow.situation();
    flow.say(situation, 3).await;
    flow.until_published(3).await;
    // As if it had been longer before nats-server's machine lost power.
    let made = flow.made().await;
    let mut owner = PgConnection::connect(&flow.bed.database_url).await.unwrap();
    sqlx::query("update assessment.reader set stream = $1, place = 1000")
        .bind(made)
        .execute(&mut owner)
        .await
        .unwrap();
    flow.listen().await;
    flow.until_heard(situation, 3).await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn processes_share_the_partitions_and_take_over_from_one_that_died() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    let stop = Lifecycle::default().stop();
    let mortal = tokio::spawn(flow.consumer().await.run(stop));
    eventually("equal shares", async || {
        (flow.shares().await == [8, 8]).then_some(())
    })
    .await;
    let situations: Vec<SituationId> = (0..40).map(|_| flow.situation()).collect();
    for situation in &situations {
        flow.say(*situation, 1).await;
        flow.until_heard(*situation, 1).await;
    }
    mortal.abort();
    for situation in &situations {
        flow.say(*situation, 1).await;
        flow.until_heard(*situation, 2).await;
    }
    assert_eq!(flow.shares().await, [16]);
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn an_event_that_cannot_take_effect_parks_its_situation_and_the_rest_flows_on() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    flow.refuse(&[2]);
    let (stuck, other) = (flow.situation(), flow.situation());
    flow.say(stuck, 3).await;
    flow.say(other, 1).await;
    flow.until_heard(other, 1).await;
    flow.until_heard(stuck, 1).await;
    let parked = eventually("parked", async || {
        let parked = flow.parked().await;
        (parked.len() == 2).then_some(parked)
    })
    .await;
    assert_eq!(
        parked
            .iter()
            .map(|one| one.reason.as_str())
            .collect::<Vec<_>>(),
        ["failed", "behind"]
    );
    assert!(parked[0].error.contains("not now"), "{}", parked[0].error);

    flow.refuse(&[]);
    flow.until_heard(stuck, 3).await;
    assert!(flow.parked().await.is_empty());
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn what_is_parked_behind_one_that_fails_again_waits_with_it() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    flow.refuse(&[2, 3]);
    let stuck = flow.situation();
    flow.say(stuck, 4).await;
    let parked = eventually("parked", async || {
        let parked = flow.parked().await;
        (parked.len() == 3).then_some(parked)
    })
    .await;

    // An operator gives the first up, and all others are due at once.
    let mut transaction = flow.assessment.begin(&principal()).await.unwrap();
    let now = flow.environment.now();
    let gone = parking::give_up(&mut transaction, parked[0].id, now).await;
    assert!(gone.unwrap());
    transaction.commit().await.unwrap();
    eventually("that the next was tried", async || {
        (flow.parked().await.first()?.attempts > 0).then_some(())
    })
    .await;
    let mut owner = PgConnection::connect(&flow.bed.database_url).await.unwrap();
    let times: (i64, i64) =
        sqlx::query_as("select count(retry_at), count(distinct retry_at) from assessment.parked")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert_eq!(times, (2, 1), "both wait for one moment");

    flow.refuse(&[]);
    eventually("the others", async || {
        (flow.heard_of(stuck) == [1, 3, 4]).then_some(())
    })
    .await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn an_event_that_comes_too_early_waits_for_the_one_before() {
    let flow = Flow::start().await;
    let situation = flow.situation();
    flow.say(situation, 2).await;
    // The first is held back: as if its publication was lost, and the second's was not.
    let mut owner = PgConnection::connect(&flow.bed.database_url).await.unwrap();
    sqlx::raw_sql("update intake.outbox set published_at = now() where sequence = 1")
        .execute(&mut owner)
        .await
        .unwrap();
    flow.relay().await;
    flow.listen().await;
    eventually("waiting", async || {
        (flow.parked().await.first()?.reason == "waiting").then_some(())
    })
    .await;
    assert_eq!(flow.heard_of(situation), Vec::<i64>::new());

    sqlx::raw_sql("update intake.outbox set published_at = null where sequence = 1")
        .execute(&mut owner)
        .await
        .unwrap();
    flow.waker.wake();
    flow.until_heard(situation, 2).await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_recorded_and_the_rest_flows_on() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    let intake = jetstream::new(flow.nats(NatsUser::Service(Service::Intake)).await);
    let said = intake.publish("kl.evt.3.gent.signal.flagged.v1", "not ours".into());
    said.await.unwrap().await.unwrap();
    let situation = flow.situation();
    flow.say(situation, 1).await;
    flow.until_heard(situation, 1).await;
    let parked = eventually("recorded", async || flow.parked().await.pop()).await;
    assert_eq!(
        (parked.reason.as_str(), parked.error.as_str()),
        ("undecodable", "no headers")
    );
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn a_service_that_claims_to_be_another_is_not_believed() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    // On a subject of its own, where the server lets it speak, as follow-up's first word of a carer.
    let situation = flow.situation();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("ce-id", EventId::new(&flow.environment).to_string()),
        ("ce-source", "followup".to_owned()),
        (
            "ce-type",
            "knipperlicht.followup.carer_answered.v1".to_owned(),
        ),
        ("ce-subject", situation.to_string()),
        ("ce-sequence", "1".to_owned()),
        ("ce-zone", "gent".to_owned()),
        ("ce-time", flow.environment.now().to_string()),
    ] {
        headers.insert(name, value);
    }
    let intake = jetstream::new(flow.nats(NatsUser::Service(Service::Intake)).await);
    let subject = "kl.evt.3.gent.signal.flagged.v1";
    let said = intake.publish_with_headers(subject, headers, "".into());
    said.await.unwrap().await.unwrap();
    let parked = eventually("recorded", async || flow.parked().await.pop()).await;
    assert_eq!(
        (parked.reason.as_str(), parked.error.as_str()),
        ("undecodable", "this is no subject of followup")
    );
    assert!(parked.situation_id.is_none());
    // What the situation's own services say of it is heard as ever.
    flow.say(situation, 1).await;
    flow.until_heard(situation, 1).await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn nats_away_fills_the_outbox_and_everything_drains_in_order() {
    let mut flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    let situation = flow.situation();
    flow.say(situation, 1).await;
    flow.until_heard(situation, 1).await;
    flow.bed.nats.kill().await.unwrap();
    for _ in 0..20 {
        flow.say(situation, 1).await;
    }
    flow.bed.nats.restart().await.unwrap();
    flow.until_heard(situation, 21).await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn who_follows_a_feed_hears_the_same_whatever_happens_to_nats() {
    let mut flow = Flow::start().await;
    flow.relay().await;
    let situation = flow.situation();
    // Before anybody follows.
    flow.say(situation, 3).await;
    flow.follow().await;
    flow.until_one_reads().await;
    flow.until_heard(situation, 3).await;
    for _ in 0..20 {
        flow.say(situation, 1).await;
    }
    flow.until_heard(situation, 23).await;
    flow.bed.nats.kill().await.unwrap();
    flow.say(situation, 20).await;
    flow.bed.nats.restart().await.unwrap();
    flow.until_heard(situation, 43).await;

    flow.make_stream_anew().await;
    flow.say(situation, 20).await;
    flow.until_heard(situation, 63).await;
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn who_falls_behind_the_feed_catches_up() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.follow().await;
    flow.until_one_reads().await;

    let gate = flow.heard.gate.lock().await;
    let before = flow.stream().await.messages;
    let situations: Vec<SituationId> = (0..6).map(|_| flow.situation()).collect();
    // More than the feed keeps.
    for situation in &situations {
        flow.say(*situation, 1_000).await;
    }
    flow.until_published(before + 6_000).await;
    drop(gate);
    for situation in &situations {
        flow.until_heard(*situation, 1_000).await;
    }
    flow.lifecycle.finish().await;
}

impl Flow {
    /// Says that a situation is forgotten, and forgets it where it is said.
    async fn erase(&self, situation: SituationId) {
        let now = self.environment.now();
        let mut transaction = self.intake.begin(&principal()).await.unwrap();
        merges::hold_alone(&mut transaction).await.unwrap();
        erasing::erase(&mut transaction, situation, now)
            .await
            .unwrap();
        let body = events::SituationErased { by: 3 };
        let said = Said {
            id: EventId::new(&self.environment),
            situation,
            zone: "gent".parse().unwrap(),
            body: body.into(),
            traceparent: None,
        };
        say(&mut transaction, now, &[said]).await.unwrap();
        transaction.commit().await.unwrap();
        self.waker.wake();
    }

    /// Lets both services forget what they said and heard.
    async fn forget(&self) {
        for (service, database) in [
            (Service::Intake, &self.intake),
            (Service::Assessment, &self.assessment),
        ] {
            let kit = Kit {
                service,
                database: database.clone(),
                environment: self.environment.clone(),
                jetstream: self.jetstream().await,
                principal: principal(),
                waker: self.waker.clone(),
                turns: Turns::default(),
                lead: Lead::default(),
                bell: Bell::default(),
            };
            let forgetting = Forgetting::new(kit, self.jetstream().await, Arc::clone(&self.heard));
            self.lifecycle.spawn(forgetting.run(self.lifecycle.stop()));
        }
    }

    /// How many messages of the stream hold these bytes.
    async fn messages_with(&self, part: &[u8]) -> usize {
        let stream = self
            .jetstream()
            .await
            .get_stream(topology::STREAM)
            .await
            .unwrap();
        let state = stream.cached_info().state.clone();
        let mut count = 0;
        for number in 1..=state.last_sequence {
            if let Ok(message) = stream.get_raw_message(number).await {
                let is_in = message
                    .payload
                    .windows(part.len())
                    .any(|window| window == part);
                count += usize::from(is_in);
            }
        }
        count
    }
}

#[tokio::test]
async fn what_was_said_of_a_forgotten_situation_keeps_its_place_and_says_nothing() {
    let flow = Flow::start().await;
    flow.relay().await;
    let (gone, stays) = (flow.situation(), flow.situation());
    flow.say(gone, 3).await;
    flow.say(stays, 2).await;
    flow.until_published(5).await;
    flow.erase(gone).await;
    flow.forget().await;
    eventually("only the other one to be said something of", async || {
        (flow.messages_with(b"x").await == 2).then_some(())
    })
    .await;

    // Whoever was away until now hears everything in order, and of the one only that it is gone.
    flow.listen().await;
    flow.until_heard(stays, 2).await;
    flow.until_heard(gone, 4).await;
    assert!(flow.heard.forgot.lock().unwrap().contains(&gone.uuid()));
    assert!(flow.parked().await.is_empty());
    flow.lifecycle.finish().await;
}

#[tokio::test]
async fn forgetting_passes_what_could_not_take_effect() {
    let flow = Flow::start().await;
    flow.relay().await;
    flow.listen().await;
    flow.refuse(&[2]);
    let stuck = flow.situation();
    flow.say(stuck, 3).await;
    eventually("parked", async || {
        (flow.parked().await.len() == 2).then_some(())
    })
    .await;
    flow.erase(stuck).await;
    flow.until_heard(stuck, 4).await;
    assert!(flow.parked().await.is_empty());
    assert_eq!(*flow.heard.forgot.lock().unwrap(), [stuck.uuid()]);

    // Said by somebody who had not heard yet: it counts as heard, and changes nothing.
    flow.say(stuck, 1).await;
    flow.until_heard(stuck, 5).await;
    flow.lifecycle.finish().await;
}
