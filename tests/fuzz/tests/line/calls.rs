//! Every call there is, by anybody, with anything in it, on the real line.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    panic::AssertUnwindSafe,
    sync::atomic::Ordering,
};

use bolero::produce;
use futures::future::join_all;
use knipperlicht_access::Role;
use knipperlicht_contracts::intake::v1::SubmitSignalRequest;
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_fuzz::{Book, Call, Choices, Seen, inputs, tell};
use knipperlicht_vocabulary::OrganisationId;
use prost::Message;
use tokio::runtime::Runtime;
use tonic::{Code, Status};

use crate::ends::{count_panics, ends_well};

/// Calls that are made at once.
const AT_ONCE: usize = 24;

/// What is read of a stream, at most.
const READ: usize = 50;

/// What a crowd of calls is drawn from, at most.
const LONGEST: usize = 8 * 1024;

struct Line {
    runtime: Runtime,
    world: World,
    book: Book,
    seen: RefCell<Seen>,
    callers: RefCell<HashMap<String, Caller>>,
    ends: RefCell<BTreeMap<String, usize>>,
    made: RefCell<usize>,
}

#[test]
fn any_call_by_anybody() {
    let panics = count_panics();
    let line = AssertUnwindSafe(Line::start());
    let rounds = inputs(4_000).div_ceil(AT_ONCE);
    bolero::check!()
        .with_iterations(rounds)
        .with_max_len(2 * LONGEST)
        .with_generator(produce::<Vec<u8>>().with().len(LONGEST / 4..=LONGEST))
        .for_each(|bytes| {
            let AssertUnwindSafe(line) = &line;
            line.round(&mut Choices::new(bytes));
        });
    line.runtime.block_on(ends_well(&line.world));
    assert_eq!(
        panics.load(Ordering::SeqCst),
        0,
        "something panicked: see above"
    );
    tell("calls", *line.made.borrow());
    println!("calls ended: {:?}", line.ends.borrow());
}

impl Line {
    fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let world = runtime.block_on(World::start());
        let _within = runtime.enter();
        let signal = SubmitSignalRequest {
            signal: Some(a_signal(&world.environment)),
        };
        let book = Book::default().with_template("/SubmitSignal", &signal.encode_to_vec());
        Self {
            book,
            world,
            seen: RefCell::default(),
            callers: RefCell::default(),
            ends: RefCell::default(),
            made: RefCell::default(),
            runtime,
        }
    }

    /// Some calls at once.
    fn round(&self, choices: &mut Choices<'_>) {
        let mut calls = Vec::new();
        while calls.len() < AT_ONCE && !choices.is_exhausted() {
            let call = self.book.draw(&self.seen.borrow(), choices);
            let caller = match call.role {
                Some(role) => self.caller(role, choices),
                None => self.world.nobody(),
            };
            calls.push((call, caller));
        }
        let made = calls
            .iter()
            .map(|(call, caller)| caller.exchange(&call.path, call.messages.clone(), READ));
        let answers = self.runtime.block_on(join_all(made));
        *self.made.borrow_mut() += answers.len();
        for ((call, _), answer) in calls.iter().zip(&answers) {
            self.judge(call, answer);
        }
    }

    /// Somebody in this role; of an organisation that was seen, where there is one.
    fn caller(&self, role: Role, choices: &mut Choices<'_>) -> Caller {
        const ZONES: [&str; 3] = ["oostende-bredene", "gent", "bruzel"];
        let zones: &[&str] = if role == Role::Coordinator {
            &ZONES
        } else {
            &[]
        };
        let organisation = (role == Role::Partner).then(|| {
            let seen = self.seen.borrow();
            let known = seen.pick("organisation_id", choices);
            let known = known.filter(|id| id.parse::<OrganisationId>().is_ok());
            known.cloned().unwrap_or_else(|| "somebody".to_owned())
        });
        let name = format!("{}-{}", role.name().replace('_', "-"), choices.below(4));
        let key = format!("{name} {organisation:?}");
        self.callers
            .borrow_mut()
            .entry(key)
            .or_insert_with(|| {
                self.world
                    .caller(&name, role, organisation.as_deref(), zones)
            })
            .clone()
    }

    /// A call may be refused; it never fails inside, and never without saying why.
    fn judge(&self, call: &Call, answer: &Result<Vec<Vec<u8>>, Status>) {
        let code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
        let mut ends = self.ends.borrow_mut();
        *ends.entry(format!("{code:?}")).or_default() += 1;
        let what = || {
            format!(
                "{} as {:?}\n{}\n-> {answer:?}",
                call.path, call.role, call.shown
            )
        };
        match answer {
            Ok(messages) => {
                for message in messages {
                    let read = self.book.read(&call.path, message);
                    let read = read.expect("an answer that can be read");
                    self.seen.borrow_mut().keep(&read);
                }
            }
            Err(status) => {
                let inside = [Code::Internal, Code::Unknown, Code::DataLoss];
                assert!(!inside.contains(&code), "failed inside: {}", what());
                let has_code = status.message().starts_with("KL");
                assert!(has_code, "without a code: {}", what());
            }
        }
    }
}
