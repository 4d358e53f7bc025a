//! The doors: every cell of the table role x call is tried on the running line, those that are open
//! and those that are closed.

use std::collections::BTreeMap;

use knipperlicht_access::{Role, allowed};
use knipperlicht_e2e::{Caller, World, calls};
use knipperlicht_runtime::Problem;
use tonic::Code;

/// What stands at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Closed(Code, &'static str),
}

/// Nobody is let in without a token, by a token that claims a role of our own, or in a role that the
/// table does not name.
const NO_TOKEN: Door = Door::Closed(Code::Unauthenticated, "KL0001");
const NO_ROLE_OF_TOKENS: Door = Door::Closed(Code::Unauthenticated, "KL0002");
const NOT_IN_THIS_ROLE: Door = Door::Closed(Code::PermissionDenied, "KL0004");

fn door(role: Option<Role>, roles: &[Role]) -> Door {
    match role {
        // Whoever has a link has no token.
        None if roles == [Role::LinkHolder] => Door::Open,
        None => NO_TOKEN,
        Some(role) if !role.has_accounts() => NO_ROLE_OF_TOKENS,
        Some(role) if roles.contains(&role) => Door::Open,
        Some(_) => NOT_IN_THIS_ROLE,
    }
}

fn somebody(world: &World, role: Option<Role>) -> Caller {
    match role {
        None => world.nobody(),
        Some(role) => world.caller(
            "somebody",
            role,
            Some("dmw-oostende-bredene"),
            &["oostende-bredene"],
        ),
    }
}

/// With an empty request: whoever is let in is told what is wrong with it, or gets an answer.
#[tokio::test]
async fn every_call_opens_to_those_whom_the_table_names_and_to_nobody_else() {
    let world = World::start().await;
    let calls = calls();
    let columns: Vec<Option<Role>> = Role::ALL.map(Some).into_iter().chain([None]).collect();
    let mut tested: BTreeMap<bool, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for role in &columns {
        let caller = somebody(&world, *role);
        for call in &calls {
            let expected = door(*role, allowed(&call.path).unwrap_or_default());
            let refused = caller.ask(&call.path, Vec::new()).await.err();
            let found = match &refused {
                Some(status)
                    if matches!(
                        status.code(),
                        Code::Unauthenticated | Code::PermissionDenied
                    ) =>
                {
                    (status.code(), Problem::from(status).code)
                }
                _ => (Code::Ok, String::new()),
            };
            let held = match expected {
                Door::Open => found.0 == Code::Ok,
                Door::Closed(code, ours) => found.0 == code && found.1 == ours,
            };
            *tested.entry(expected == Door::Open).or_default() += 1;
            if !held {
                wrong.push(format!("{role:?} {}: {expected:?}: {refused:?}", call.path));
            }
        }
    }
    let (open, closed) = (tested[&true], tested[&false]);
    let all = calls.len() * columns.len();
    println!(
        "cells tested = {} of {all} ({open} open, {closed} closed)",
        open + closed
    );
    assert!(
        wrong.is_empty(),
        "{} cells are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(open + closed, all);
    world.stop().await;
}

/// What the table does not know is refused to everybody, but for what says how the line is and what
/// its contracts are.
#[tokio::test]
async fn what_is_not_in_the_table_is_closed_to_everybody() {
    let world = World::start().await;
    let unknown = [
        "knipperlicht.intake.v1.IntakeService/Everything",
        "knipperlicht.intake.v1.IntakeService/getsignal",
        "knipperlicht.intake.v1.IntakeService//GetSignal",
        "knipperlicht.intake.v2.IntakeService/GetSignal",
        "metrics",
    ];
    for path in unknown {
        for role in Role::ALL.into_iter().filter(|role| role.has_accounts()) {
            let refused = somebody(&world, Some(role)).ask(path, Vec::new()).await;
            let refused = Problem::from(&refused.unwrap_err());
            assert_eq!(refused.code, "KL0004", "{role} {path}");
        }
        let refused = world.nobody().ask(path, Vec::new()).await.unwrap_err();
        assert_eq!(Problem::from(&refused).code, "KL0001", "{path}");
    }
    let nobody = world.nobody();
    let health = nobody.ask("grpc.health.v1.Health/Check", Vec::new()).await;
    health.unwrap();
    world.stop().await;
}
