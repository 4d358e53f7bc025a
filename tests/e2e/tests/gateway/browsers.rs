//! What a browser gets: the app, headers, and nothing that is not for it.

use http::Method;
use knipperlicht_e2e::{Web, World};

const BROWSER: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

#[tokio::test]
async fn every_answer_tells_a_browser_to_be_careful() {
    let world = World::with_gateway(|settings| {
        settings.app.issuer = Some("https://issuer.example/realm".parse().unwrap());
    })
    .await;
    let web = world.web();
    for path in [
        "/",
        "/app/config.json",
        "/api/openapi.json",
        "/api/docs",
        "/api/v1/signals",
        "/nothing",
    ] {
        let answer = web.send(Method::GET, path, &[BROWSER], "").await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'; script-src 'self'"),
            "{path}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(
            policy.ends_with("connect-src 'self' https://issuer.example"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{path}"
        );
        // In clear it would be a lie.
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_app_is_told_what_it_needs_and_no_demonstration() {
    let world = World::with_gateway(|settings| {
        settings.app.issuer = Some("https://issuer.example/realm".parse().unwrap());
        settings.app.client_id = Some("app".to_owned());
    })
    .await;
    let web = world.web();
    let config = web.get("/app/config.json").await;
    assert_eq!(config.header("cache-control"), "no-cache");
    let config = config.json();
    assert!(config["version"].as_str().unwrap().contains('+'));
    assert_eq!(config["issuer"], "https://issuer.example/realm");
    assert_eq!(config["clientId"], "app");
    assert_eq!(config["demo"], false);
    assert_eq!(web.get("/dev/people").await.problem().0, 404);
    let name = serde_json::json!({"name": "cleaner"});
    assert_eq!(web.post("/dev/token", &name).await.problem().0, 404);
    world.stop().await;
}

#[tokio::test]
async fn pages_of_others_may_ask_where_they_are_named() {
    let world = World::with_gateway(|settings| {
        settings.origins = vec!["https://care.example".parse().unwrap()];
    })
    .await;
    let web = world.web();
    let asks = async |web: &Web, origin| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,content-type,if-match",
            ),
        ];
        web.send(Method::OPTIONS, "/api/v1/signals", &headers, "")
            .await
    };
    let named = asks(&web, "https://care.example").await;
    assert_eq!(
        named.header("access-control-allow-origin"),
        "https://care.example"
    );
    for header in ["authorization", "if-match", "if-none-exist"] {
        let allowed = named.header("access-control-allow-headers");
        assert!(allowed.contains(header), "{header} in {allowed}");
    }
    assert_eq!(named.header("access-control-allow-credentials"), "");
    let other = asks(&web, "https://elsewhere.example").await;
    assert_eq!(other.header("access-control-allow-origin"), "");
    world.stop().await;
}

#[tokio::test]
async fn the_interface_can_be_looked_at_and_kept() {
    let world = World::with_gateway(|_| ()).await;
    let web = world.web();
    let page = web.get("/api/docs").await;
    assert!(String::from_utf8_lossy(&page.body).contains("/api/docs/swagger-ui.js"));
    let script = web.get("/api/docs/swagger-ui.js").await;
    assert_eq!(script.header("content-encoding"), "gzip");
    assert!(script.body.len() > 100_000);
    let document = web.get("/api/openapi.json").await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    let again = [("if-none-match", document.header("etag"))];
    let again = web.send(Method::GET, "/api/openapi.json", &again, "").await;
    assert_eq!(again.status, 304);
    let packed = [("accept-encoding", "gzip")];
    let packed = web
        .send(Method::GET, "/api/openapi.json", &packed, "")
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 4 < document.body.len());
    let page = web.get("/docs/errors/KL7005.md").await;
    assert!(page.body.starts_with(b"# KL7005"));
    world.stop().await;
}
