//! Who may do what at NATS, asked of a real nats-server: each user tries everything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{collections::BTreeSet, time::Duration};

use async_nats::{
    Client, ConnectErrorKind, ConnectOptions,
    jetstream::{self, consumer::pull},
};
use futures::StreamExt;
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::{NatsError, NatsOptions, NatsUser, topology};
use knipperlicht_harness::Bed;
use tokio::time::timeout;

/// The subjects that a user publishes to in vain would be silence: what is asked, and not answered
/// in this time, was refused. (What is allowed is answered in a millisecond.)
const SILENCE: Duration = Duration::from_millis(400);

/// A bed with the stream.
async fn bed() -> (Bed, jetstream::Context) {
    let bed = Bed::start().await;
    let operator = jetstream::new(bed.connect_nats(NatsUser::Operator).await);
    topology::ensure(&operator, 1).await.unwrap();
    (bed, operator)
}

/// Whether the server answers this user on `subject`.
async fn is_answered(client: &Client, subject: &str) -> bool {
    let asked = client.request(subject.to_owned(), "{}".into());
    matches!(timeout(SILENCE, asked).await, Ok(Ok(_)))
}

/// One subject of each service, and of what none of them says.
fn families() -> Vec<(Option<Service>, String)> {
    let said = Service::ALL.iter().flat_map(|service| {
        let aggregates = service.aggregates().iter();
        aggregates.map(|aggregate| {
            let subject = format!("kl.evt.3.gent.{aggregate}.something.v1");
            (Some(*service), subject)
        })
    });
    let nobodys = ["kl.evt.3.gent.unknown.something.v1", "kl.evt", "elsewhere"];
    said.chain(nobodys.map(|subject| (None, subject.to_owned())))
        .collect()
}

#[tokio::test]
async fn a_service_can_say_what_is_its_own_to_say_and_nothing_else() {
    let (bed, operator) = bed().await;
    let mut stored = BTreeSet::new();
    for user in NatsUser::all() {
        let client = bed.connect_nats(user).await;
        for (owner, subject) in families() {
            let is_own = owner.is_some_and(|service| user == NatsUser::Service(service));
            let answered = is_answered(&client, &subject).await;
            assert_eq!(answered, is_own, "{} on {subject}", user.name());
            if is_own {
                stored.insert(subject);
            }
        }
    }
    // Nothing that was refused came in another way.
    let mut stream = operator.get_stream(topology::STREAM).await.unwrap();
    let held = stream.info().await.unwrap().state.messages;
    assert_eq!(usize::try_from(held).unwrap(), stored.len());
    assert_eq!(stored.len(), 5);
}

#[tokio::test]
async fn only_an_operator_can_change_the_stream() {
    let (bed, operator) = bed().await;
    let config = operator.get_stream(topology::STREAM).await.unwrap();
    let config = config.cached_info().config.clone();
    let stream = topology::STREAM;
    for user in NatsUser::all().filter(|user| *user != NatsUser::Operator) {
        let client = bed.connect_nats(user).await;
        let refused = [
            format!("$JS.API.STREAM.DELETE.{stream}"),
            format!("$JS.API.STREAM.PURGE.{stream}"),
            format!("$JS.API.STREAM.UPDATE.{stream}"),
            format!("$JS.API.STREAM.MSG.DELETE.{stream}"),
            "$JS.API.STREAM.CREATE.OTHER".to_owned(),
            format!("$JS.API.CONSUMER.DELETE.{stream}.other"),
            format!("$JS.API.CONSUMER.CREATE.{stream}.other"),
            format!("$JS.API.CONSUMER.DURABLE.CREATE.{stream}.other"),
            "$JS.API.INFO".to_owned(),
        ];
        for subject in refused {
            // What was said of forgotten situations is deleted: by that user, which says nothing.
            let may = user == NatsUser::Eraser && subject.contains(".MSG.DELETE.");
            let answered = is_answered(&client, &subject).await;
            assert_eq!(answered, may, "{} on {subject}", user.name());
        }
        let info = format!("$JS.API.STREAM.INFO.{stream}");
        assert!(is_answered(&client, &info).await, "{}", user.name());
    }
    operator.update_stream(&config).await.unwrap();
    operator
        .get_stream(stream)
        .await
        .unwrap()
        .purge()
        .await
        .unwrap();
}

#[tokio::test]
async fn everybody_reads_the_stream_and_nobody_the_answers_of_another() {
    let (bed, _) = bed().await;
    let intake = bed.connect_nats(NatsUser::Service(Service::Intake)).await;
    let said = jetstream::new(intake.clone())
        .publish("kl.evt.3.gent.signal.flagged.v1", "".into())
        .await
        .unwrap();
    said.await.unwrap();
    for user in NatsUser::all() {
        let client = bed.connect_nats(user).await;
        let reader = jetstream::new(client.clone());
        let stream = reader.get_stream_no_info(topology::STREAM).await.unwrap();
        let consumer = stream.create_consumer(pull::Config::default()).await;
        let mut messages = consumer.unwrap().messages().await.unwrap();
        let message = timeout(Duration::from_secs(5), messages.next()).await;
        let message = message.unwrap().unwrap().unwrap();
        assert_eq!(
            message.subject.as_str(),
            "kl.evt.3.gent.signal.flagged.v1",
            "{}",
            user.name()
        );
        // What somebody else is answered, and what is said, stays unheard: no subscription holds.
        let others = NatsUser::all().filter(|other| *other != user);
        let mut overheard: Vec<String> =
            others.map(|other| format!("{}.>", other.inbox())).collect();
        overheard.extend(["kl.evt.>".to_owned(), ">".to_owned(), "_INBOX.>".to_owned()]);
        let mut heard = Vec::new();
        for subject in overheard {
            heard.push(client.subscribe(subject).await.unwrap());
        }
        client.flush().await.unwrap();
        let intake = jetstream::new(intake.clone());
        intake.get_stream(topology::STREAM).await.unwrap();
        let said = intake.publish("kl.evt.3.gent.signal.flagged.v1", "".into());
        said.await.unwrap().await.unwrap();
        for mut subscription in heard {
            let next = timeout(Duration::from_millis(20), subscription.next()).await;
            assert!(next.is_err(), "{} overheard something", user.name());
        }
    }
}

#[tokio::test]
async fn whoever_has_no_key_of_ours_is_refused() {
    let (bed, _) = bed().await;
    let stranger = NatsOptions {
        keys: None,
        ..bed.nats_options()
    };
    let Err(NatsError::Connect(refused)) = stranger.connect_now(NatsUser::Operator).await else {
        panic!("let in without a key");
    };
    assert_eq!(refused.kind(), ConnectErrorKind::AuthorizationViolation);
    let other_key = nkeys::KeyPair::new_user().seed().unwrap();
    let options = ConnectOptions::with_nkey(other_key);
    let refused = options.connect(bed.nats.url()).await.unwrap_err();
    assert_eq!(refused.kind(), ConnectErrorKind::AuthorizationViolation);
    let options = ConnectOptions::with_user_and_password("intake".into(), "intake".into());
    assert!(options.connect(bed.nats.url()).await.is_err());
}

#[tokio::test]
async fn of_several_servers_one_that_is_there_is_enough() {
    let bed = Bed::start().await;
    let options = bed.nats_options();
    let url = format!("nats://127.0.0.1:1, {}", options.url);
    let options = NatsOptions { url, ..options };
    let client = options.connect_now(NatsUser::Operator).await.unwrap();
    client.flush().await.unwrap();
}
