//! Every call over HTTP reaches the call that it names.

use http::Method;
use knipperlicht_access::{Role, allowed};
use knipperlicht_e2e::World;

use crate::gateway::rest::somebody;

/// The paths, methods and calls of the document.
async fn operations(world: &World) -> Vec<(Method, String, String)> {
    let document = world.web().get("/api/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let (owner, call) = operation["operationId"]
                .as_str()
                .and_then(|id| id.split_once('_'))
                .unwrap();
            let title = format!("{}{}", owner[..1].to_uppercase(), &owner[1..]);
            let call = format!("knipperlicht.{owner}.v1.{title}Service/{call}");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push((method, path.clone(), call));
        }
    }
    operations
}

#[tokio::test]
async fn every_address_leads_to_the_call_that_it_names() {
    let world = World::with_gateway(|_| ()).await;
    let operations = operations(&world).await;
    assert!(operations.len() > 70, "{}", operations.len());
    for (method, path, call) in operations {
        let roles = allowed(&call).unwrap();
        let path: String = path.replace(['{', '}'], "");
        let body = if method == Method::GET { "" } else { "{}" };
        let accounts = Role::CALLERS.iter().filter(|role| role.has_accounts());
        // The door names the call that it keeps somebody from.
        let stranger = accounts.clone().find(|role| !roles.contains(role));
        if let Some(stranger) = stranger {
            let web = somebody(&world, *stranger);
            let refused = web.send(method.clone(), &path, &[], body).await;
            assert_eq!(refused.problem().0, 403, "{method} {path}");
            let detail = refused.json()["detail"].to_string();
            assert!(detail.contains(&call), "{method} {path}: {detail}");
        }
        // Whoever may gets an answer, or is told what is wrong with an empty request.
        let web = match accounts.clone().find(|role| roles.contains(role)) {
            Some(role) => somebody(&world, *role),
            None => world.web(),
        };
        let answer = if path.ends_with(":watch") {
            continue;
        } else {
            web.send(method.clone(), &path, &[], body).await
        };
        let (status, code) = answer.problem();
        assert!(
            status < 500 && status != 405,
            "{method} {path}: {}",
            answer.json()
        );
        assert_ne!(code, "KL7002", "{method} {path}");
    }
    world.stop().await;
}
