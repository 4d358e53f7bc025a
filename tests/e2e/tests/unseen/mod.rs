//! Nobody sees what is another's: calls at random, of all that there are, by several people, with ids
//! of all that anybody ever saw; whatever comes back is theirs by a simple model of who may see what.

mod facts;
mod people;
mod requests;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use knipperlicht_e2e::{Call, World, calls};
use knipperlicht_harness::eventually;
use tokio::time::sleep;

use crate::unseen::{
    facts::Facts,
    people::{People, Person},
    requests::{Dice, Requests},
};

/// So many calls, which take a few seconds. `KL_CALLS` says otherwise.
const CALLS: usize = 700;

/// The id that errors show as an example.
const EXAMPLE: &str = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b";

/// Within this time every service has heard what another one said.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// Where the dice start. `KL_SEED` says otherwise.
const SEED: u64 = 20_261_122;

fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Texts of a message, each with the name of its field.
type Texts = [(String, String)];

/// What came of the calls.
#[derive(Default)]
struct Tally {
    answered: usize,
    refused: usize,
    /// How many ids each was shown.
    shown: BTreeMap<&'static str, usize>,
    /// What was another's.
    leaks: Vec<String>,
}

async fn play(world: &World, calls_to_make: usize, seed: u64) -> Tally {
    println!("KL_SEED={seed} KL_CALLS={calls_to_make}");
    let mut dice = Dice::new(seed);
    let people = People::of(world).await;
    let mut requests = Requests::new(&world.environment);
    let mut facts = Facts::new(world).await;
    let mut tally = Tally::default();
    begin(
        world,
        &people,
        &mut requests,
        &mut dice,
        &mut facts,
        &mut tally,
    )
    .await;
    let calls = calls();
    for _ in 0..calls_to_make {
        if !tally.leaks.is_empty() {
            break;
        }
        let person = dice.one_of(&people.all);
        // Mostly what they may call; now and then at another's door.
        let open: Vec<_> = calls.iter().filter(|call| person.may_call(call)).collect();
        let call = if dice.one_in(10) {
            dice.one_of(&calls)
        } else {
            dice.one_of(&open)
        };
        let request = requests.make(&call.request, &mut dice);
        ask(
            person,
            &call.path,
            request,
            &mut requests,
            &mut facts,
            &mut tally,
        )
        .await;
    }
    look_once_more(&people, &calls, &mut requests, &mut facts, &mut tally).await;
    tally
}

/// Everybody lists all that they may list, so that whatever the dice said, each of them has seen what
/// is theirs.
async fn look_once_more(
    people: &People,
    calls: &[Call],
    requests: &mut Requests,
    facts: &mut Facts,
    tally: &mut Tally,
) {
    for person in &people.all {
        let lists = calls
            .iter()
            .filter(|call| person.may_call(call) && call.path.contains("/List"));
        for call in lists {
            ask(person, &call.path, Vec::new(), requests, facts, tally).await;
        }
    }
}

/// Two signals of each reporter, and what comes of them, so that there is something to see.
async fn begin(
    world: &World,
    people: &People,
    requests: &mut Requests,
    dice: &mut Dice,
    facts: &mut Facts,
    tally: &mut Tally,
) {
    for person in people.all.iter().filter(|person| person.is_reporter()) {
        for zone in 0..2 {
            let request = requests.signal_of(zone, dice);
            let call = "knipperlicht.intake.v1.IntakeService/SubmitSignal";
            ask(person, call, request, requests, facts, tally).await;
        }
    }
    let mut owner = world.look().await;
    eventually("referrals", async || {
        let all: i64 = sqlx::query_scalar("select count(*) from routing.referral")
            .fetch_one(&mut owner)
            .await
            .unwrap();
        (all >= 4).then_some(())
    })
    .await;
}

async fn ask(
    person: &Person,
    call: &str,
    request: Vec<u8>,
    requests: &mut Requests,
    facts: &mut Facts,
    tally: &mut Tally,
) {
    let sent = requests.texts_of_request(call, &request);
    let answer = person.caller.ask(call, request.clone()).await;
    let texts = match &answer {
        Ok(answer) => {
            tally.answered += 1;
            requests.texts_of_answer(call, answer)
        }
        Err(status) => {
            tally.refused += 1;
            vec![("message".to_owned(), status.message().to_owned())]
        }
    };
    facts.note_link(&sent, &texts);
    let mut leaks = leaks(person, call, (&sent, &texts), facts, tally).await;
    // What was somebody's a moment ago, a service may show until it has heard otherwise.
    let patience = Instant::now() + HEARD_WITHIN;
    while !leaks.is_empty() && only_looks(call) && Instant::now() < patience {
        sleep(Duration::from_millis(50)).await;
        let again = person.caller.ask(call, request.clone()).await;
        let texts = again.map_or_else(
            |_| Vec::new(),
            |answer| requests.texts_of_answer(call, &answer),
        );
        leaks = self::leaks(person, call, (&sent, &texts), facts, tally).await;
    }
    tally.leaks.append(&mut leaks);
    requests.remember(texts);
}

/// Whether a call changes nothing.
fn only_looks(call: &str) -> bool {
    let name = call.rsplit('/').next().unwrap_or_default();
    ["Get", "List", "Watch"]
        .iter()
        .any(|look| name.starts_with(look))
}

/// What of this answer is another's.
async fn leaks(
    person: &Person,
    call: &str,
    (sent, texts): (&Texts, &Texts),
    facts: &mut Facts,
    tally: &mut Tally,
) -> Vec<String> {
    let mut leaks = Vec::new();
    // The directory is public, and an error shows how an id looks.
    let told = texts.iter().filter(|(field, _)| field != "chunk");
    for (field, text) in told {
        for found in facts::ids_and_marks(text) {
            // Who named it knows it.
            if found == EXAMPLE || sent.iter().any(|(_, said)| said.contains(&found)) {
                continue;
            }
            *tally.shown.entry(person.name).or_default() += 1;
            if let Err(why) = facts.may_see(person, &found, sent).await {
                leaks.push(format!("{} {call}: {field} {found}: {why}", person.name));
            }
        }
    }
    leaks
}

#[tokio::test]
async fn nobody_ever_sees_what_belongs_to_another() {
    let world = World::start().await;
    let calls = told("KL_CALLS")
        .and_then(|calls| calls.try_into().ok())
        .unwrap_or(CALLS);
    let tally = play(&world, calls, told("KL_SEED").unwrap_or(SEED)).await;
    println!(
        "answered = {}, refused = {}, ids and names shown = {:?}",
        tally.answered, tally.refused, tally.shown
    );
    assert!(
        tally.leaks.is_empty(),
        "{} leaks:\n{}",
        tally.leaks.len(),
        tally.leaks.join("\n")
    );
    // Nothing to see would be nothing seen.
    for name in [
        "reporter a",
        "reporter b",
        "partner a",
        "partner b",
        "coordinator a",
        "coordinator b",
    ] {
        assert!(
            tally.shown.get(name).copied().unwrap_or_default() > 10,
            "{name} saw nothing"
        );
    }
    assert_eq!(tally.shown.get("analyst"), None);
    world.stop().await;
}

/// The model would notice: with one policy too many, somebody sees what is another's.
#[tokio::test]
async fn a_policy_too_many_would_be_noticed() {
    let world = World::start().await;
    let mut owner = world.look().await;
    sqlx::raw_sql("create policy leak on routing.referral for select using (true)")
        .execute(&mut owner)
        .await
        .unwrap();
    let tally = play(&world, CALLS / 4, SEED).await;
    println!("leaks noticed = {}", tally.leaks.len());
    assert!(!tally.leaks.is_empty());
    world.stop().await;
}
