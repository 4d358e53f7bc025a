//! The master key changes while the line runs: no call fails, and afterwards the old key is not
//! needed any more.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use knipperlicht::ops::{Desk, keys::rotate};
use knipperlicht_contracts::{intake::v1 as intake, notification::v1 as notification};
use knipperlicht_e2e::{Closed, ReporterPhone, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_privacy::{KeyRing, KeyWrapping, MasterKey};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{NoteId, SignalId};
use sqlx::Row;
use tokio::task::JoinHandle;

const NAME: &str = "Maria Peeters";

fn asks(situation: &str) -> intake::GetContactRequest {
    intake::GetContactRequest {
        situation_id: situation.to_owned(),
        purpose: "first call".to_owned(),
    }
}

fn a_named_signal(world: &World) -> intake::Signal {
    intake::Signal {
        signal_id: SignalId::new(&world.environment).to_string(),
        contact: Some(intake::Contact {
            name: NAME.to_owned(),
            ..Default::default()
        }),
        note: "has not slept for weeks".to_owned(),
        ..a_signal(&world.environment)
    }
}

/// How many data keys are wrapped with which master key, in every table.
async fn wrapped(world: &World) -> BTreeMap<String, i64> {
    let rows = sqlx::query(
        "select master_key_id, count(*) from (
             select master_key_id from intake.data_key
             union all
             select master_key_id from notification.subscription where master_key_id is not null
         ) as key group by master_key_id",
    )
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// A situation that a partner accepted, with somebody in it.
async fn accepted(world: &World) -> Closed {
    let accepted = world.accepted().await;
    let note = intake::AddNoteRequest {
        note_id: NoteId::new(&world.environment).to_string(),
        situation_id: accepted.situation.clone(),
        text: NAME.to_owned(),
    };
    accepted.partner.0.intake().add_note(note).await.unwrap();
    accepted
}

async fn reads(accepted: &Closed) -> Result<(), Problem> {
    let asked = asks(&accepted.situation);
    let known = accepted.partner.0.intake().get_contact(asked).await;
    let known = known.map_err(|status| Problem::from(&status))?;
    assert_eq!(known.get_ref().work_notes[0].text, NAME);
    Ok(())
}

/// Who sends and looks all the time. A call that fails ends the test.
struct Load {
    is_over: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    read: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(world: &Arc<World>, phones: [ReporterPhone; 2], accepted: &Arc<Closed>) -> Self {
        let mut load = Self {
            is_over: Arc::default(),
            sent: Arc::default(),
            read: Arc::default(),
            tasks: Vec::new(),
        };
        for phone in phones {
            let (world, is_over) = (Arc::clone(world), Arc::clone(&load.is_over));
            let sent = Arc::clone(&load.sent);
            load.tasks.push(tokio::spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    phone.send(a_named_signal(&world)).await.unwrap();
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
        let (accepted, is_over) = (Arc::clone(accepted), Arc::clone(&load.is_over));
        let read = Arc::clone(&load.read);
        load.tasks.push(tokio::spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                reads(&accepted).await.unwrap();
                read.fetch_add(1, Ordering::SeqCst);
            }
        }));
        load
    }

    /// Ends it after some looks more.
    async fn end(self) {
        let before = self.read.load(Ordering::SeqCst);
        eventually("some looks more", async || {
            (self.read.load(Ordering::SeqCst) > before + 2).then_some(())
        })
        .await;
        self.is_over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        assert!(
            self.sent.load(Ordering::SeqCst) > 20,
            "hardly a signal was sent"
        );
        eprintln!(
            "{} signals and {} looks while the key changed",
            self.sent.load(Ordering::SeqCst),
            self.read.load(Ordering::SeqCst)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_master_key_changes_under_load() {
    let world = Arc::new(World::start().await);
    let second = world.second_line().await;
    let accepted = Arc::new(accepted(&world).await);
    let subscribe = notification::SubscribeRequest {
        channel: Some(notification::subscribe_request::Channel::Webhook(
            notification::Webhook {
                url: "https://127.0.0.1:9/hook".to_owned(),
            },
        )),
        ..Default::default()
    };
    let partner = accepted.partner.0.notification().subscribe(subscribe).await;
    partner.unwrap();
    let cleaner = world.reporter("before");
    for _ in 0..40 {
        cleaner.send(a_named_signal(&world)).await.unwrap();
    }
    assert_eq!(
        wrapped(&world).await,
        BTreeMap::from([("test".to_owned(), 40 + 1 + 1)])
    );

    // Signals come, to both processes, and somebody looks again and again.
    let phones = [world.reporter("one"), second.reporter("other")];
    let load = Load::start(&world, phones, &accepted);

    let file = world.master_key_file();
    let old = fs::read_to_string(&file).unwrap();
    let new = MasterKey::generate("next", &world.environment);
    fs::write(&file, format!("{}\n{old}", *new)).unwrap();
    // Sooner than the processes look: they meet what is wrapped with a key that they do not know.
    let desk = Desk::new(&world.bed.database_url, &world.environment).unwrap();
    let keys: Arc<dyn KeyWrapping> = Arc::new(KeyRing::open(&file).unwrap());
    let rotated = rotate(&desk, &keys).await.unwrap();
    let anew: u64 = rotated.iter().map(|(_, rotated)| rotated.rewrapped).sum();
    assert!(anew >= 42, "only {anew} were wrapped anew");
    // By now both have read the file, and wrap with the new key.
    for phone in [world.reporter("one"), second.reporter("other")] {
        eventually("the new key to be in use", async || {
            let receipt = phone.send(a_named_signal(&world)).await.unwrap();
            let by = sqlx::query(
                "select master_key_id from intake.data_key where situation_id = $1::uuid",
            )
            .bind(receipt.situation_id)
            .fetch_one(&mut world.look().await)
            .await
            .unwrap();
            (by.get::<String, _>(0) == "next").then_some(())
        })
        .await;
    }
    rotate(&desk, &keys).await.unwrap();
    load.end().await;
    let total = wrapped(&world).await;
    assert_eq!(total.keys().collect::<Vec<_>>(), ["next"], "{total:?}");

    // Without the old key all opens, in processes that run and in one that starts now.
    fs::write(&file, new.as_bytes()).unwrap();
    let third = world.second_line().await;
    reads(&accepted).await.unwrap();
    let known = third
        .partner(&accepted.organisation)
        .0
        .intake()
        .get_contact(asks(&accepted.situation))
        .await
        .unwrap();
    assert_eq!(known.get_ref().work_notes[0].text, NAME);
    let listed = accepted
        .partner
        .0
        .notification()
        .list_subscriptions(notification::ListSubscriptionsRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.get_ref().subscriptions.len(), 1);
    // Doing it again does nothing.
    let again = rotate(&desk, &keys).await.unwrap();
    assert!(again.iter().all(|(_, rotated)| rotated.rewrapped == 0));
    let noted = sqlx::query("select object from intake.audit where action = 'keys.rotated'")
        .fetch_all(&mut world.look().await)
        .await
        .unwrap();
    assert!(!noted.is_empty() && noted.iter().all(|row| row.get::<&str, _>(0) == "next"));
    third.stop().await;
    second.stop().await;
    world.stop().await;
}

/// What recognises carers has a key of its own.
#[tokio::test]
async fn another_master_key_recognises_the_same_carer() {
    let world = World::start().await;
    let contact = || {
        Some(intake::Contact {
            phone: "0470 12 34 56".to_owned(),
            ..Default::default()
        })
    };
    let signal = || intake::Signal {
        signal_id: SignalId::new(&world.environment).to_string(),
        contact: contact(),
        ..a_signal(&world.environment)
    };
    let first = signal();
    let nurse = world.reporter("nurse");
    let before = nurse.send(first.clone()).await.unwrap();
    let new = MasterKey::generate("next", &world.environment);
    let file = world.master_key_file();
    let old = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{}\n{old}", *new)).unwrap();
    let second = world.second_line().await;
    let after = second.reporter("nurse").send(signal()).await.unwrap();
    assert_eq!(after.situation_id, before.situation_id, "another carer");
    // And the same signal is the same.
    let again = second.reporter("nurse").send(first).await.unwrap();
    assert_eq!(again.signal_id, before.signal_id);
    second.stop().await;
    world.stop().await;
}

/// A data key under a master key that is gone is counted, not passed over.
#[tokio::test]
async fn a_key_that_is_gone_is_told_of() {
    let world = World::start().await;
    let accepted = accepted(&world).await;
    let file = world.master_key_file();
    let old = fs::read(&file).unwrap();
    let new = MasterKey::generate("next", &world.environment);
    fs::write(&file, new.as_bytes()).unwrap();
    let desk = Desk::new(&world.bed.database_url, &world.environment).unwrap();
    let keys: Arc<dyn KeyWrapping> = Arc::new(KeyRing::open(&file).unwrap());
    let rotated = rotate(&desk, &keys).await.unwrap();
    let lost = BTreeMap::from([("test".to_owned(), 1)]);
    assert_eq!((rotated[0].1.rewrapped, &rotated[0].1.lost), (0, &lost));
    eventually("the loss to be noticed", async || {
        let refused = reads(&accepted).await.err()?;
        assert_eq!(refused.code, "KL1022");
        Some(())
    })
    .await;
    // Put back, all is well.
    fs::write(&file, old).unwrap();
    reads(&accepted).await.unwrap();
    world.stop().await;
}

/// Without a purpose nothing is shown and nothing noted; each look is noted once, before.
#[tokio::test]
async fn every_look_leaves_one_row() {
    let world = World::start().await;
    let accepted = accepted(&world).await;
    let noted = async || {
        let rows = sqlx::query(
            "select purpose, trace_id from intake.audit where action = 'contact.read' order by number",
        )
        .fetch_all(&mut world.look().await)
        .await
        .unwrap();
        rows.iter()
            .map(|row| row.get::<String, _>(0))
            .collect::<Vec<_>>()
    };
    for purpose in ["", "     ", "call"] {
        let asked = intake::GetContactRequest {
            purpose: purpose.to_owned(),
            ..asks(&accepted.situation)
        };
        let refused = accepted.partner.0.intake().get_contact(asked).await;
        assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL1009");
    }
    // Somebody who never accepted it learns nothing, and has looked at nothing.
    let stranger = world.partner("another-organisation");
    let mut stranger = stranger.0.intake();
    let refused = stranger.get_contact(asks(&accepted.situation)).await;
    assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL1015");
    assert!(noted().await.is_empty());

    for looks in 1..=3 {
        reads(&accepted).await.unwrap();
        let purposes = noted().await;
        assert_eq!(purposes.len(), looks);
        // Where it lies sealed: what somebody wrote down may say who it is.
        assert!(purposes.iter().all(|one| one.starts_with("purpose:")));
    }
    // While the row cannot be written, nothing is shown.
    let mut owner = world.look().await;
    sqlx::raw_sql("revoke insert on intake.audit from kl_intake")
        .execute(&mut owner)
        .await
        .unwrap();
    let refused = reads(&accepted).await.unwrap_err();
    assert_eq!(refused.code, "KL1020");
    sqlx::raw_sql("grant insert on intake.audit to kl_intake")
        .execute(&mut owner)
        .await
        .unwrap();
    reads(&accepted).await.unwrap();
    assert_eq!(noted().await.len(), 4);
    world.stop().await;
}
