//! The OpenAPI 3.1 document, made from the contracts when the gateway starts.

mod comments;
mod examples;
mod operation;
mod schema;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
};
use prost_reflect::DescriptorPool;
use serde_json::{Map, Value, json};

use self::{comments::Comments, examples::Examples, operation::operation, schema::Schemas};
use crate::{etag, rest::Rules};

/// Where it is.
pub(crate) const ADDRESS: &str = "/api/openapi.json";

/// What stands at its beginning.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The document, and how it is told from another one.
struct Document {
    text: Vec<u8>,
    etag: Option<HeaderValue>,
}

/// The document at its address.
pub(crate) fn routes(pool: &DescriptorPool, rules: &Rules) -> Router {
    let text = serde_json::to_vec(&document(pool, rules)).unwrap_or_default();
    let etag = etag::of(&text);
    Router::new()
        .route(ADDRESS, get(told))
        .with_state(Arc::new(Document { text, etag }))
}

async fn told(State(document): State<Arc<Document>>, asked: HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(etag) = &document.etag {
        headers.insert(ETAG, etag.clone());
        if etag::is_there(&asked, etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (headers, document.text.clone()).into_response()
}

fn document(pool: &DescriptorPool, rules: &Rules) -> Value {
    let (comments, examples) = (Comments::of(pool), Examples::read());
    let mut schemas = Schemas::new(rules, &comments);
    let mut paths: Map<String, Value> = Map::new();
    for rule in rules.iter() {
        let methods = paths
            .entry(rule.template.text())
            .or_insert_with(|| Map::new().into());
        if let Some(methods) = methods.as_object_mut() {
            let method = rule.method.as_str().to_ascii_lowercase();
            let operation = operation(rule, &comments, &examples, &mut schemas);
            methods.insert(method, operation);
        }
    }
    let tags: Vec<Value> = pool
        .services()
        .filter(|service| rules.iter().any(|rule| rule.call.parent_service() == service))
        .map(|service| {
            json!({"name": operation::tag(&service), "description": comments.on(&service)})
        })
        .collect();
    let mut made: Map<String, Value> = schemas.into_components().into_iter().collect();
    made.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Knipperlicht",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "security": [{"bearer": []}],
        "components": {
            "schemas": made,
            "responses": {"Problem": refused()},
            "headers": allowance(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token (OpenID Connect); it gives the role.",
                },
            },
        },
    })
}

/// How a refusal is answered.
fn refused() -> Value {
    let mut headers = operation::allowance();
    let retry_after = json!({
        "description": "Seconds to wait before trying again, where that is known.",
        "schema": {"type": "integer", "minimum": 1},
    });
    headers.insert("Retry-After".to_owned(), retry_after);
    json!({
        "description": "It was refused: `code` has a page that says what to do.",
        "headers": headers,
        "content": {
            crate::problem::PROBLEM_JSON: {
                "schema": {"$ref": "#/components/schemas/Problem"},
            },
        },
    })
}

/// How often calls may be made (draft-ietf-httpapi-ratelimit-headers).
fn allowance() -> Value {
    let header = |description: &str, pattern: &str, example: &str| {
        json!({
            "description": description,
            "schema": {"type": "string", "pattern": pattern},
            "example": example,
        })
    };
    json!({
        "RateLimit-Policy": header(
            "How many calls (`q`) may be made in so many seconds (`w`), all at once if need be; it is \
                named by the role that they are counted for.",
            r#"^"[a-z_]+";q=[0-9]+;w=60$"#,
            r#""reporter";q=600;w=60"#,
        ),
        "RateLimit": header(
            "How many calls are left at once (`r`), and in how many seconds (`t`) all of them are again, \
                or the next one if none is left.",
            r#"^"[a-z_]+";r=[0-9]+;t=[0-9]+$"#,
            r#""reporter";r=597;t=1"#,
        ),
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "The page of the code."},
            "title": {"type": "string", "description": "What that page is called."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong and what to do."},
            "code": {"type": "string", "pattern": "^KL[0-9]{4}$", "description": "The same over gRPC."},
            "errors": {
                "type": "array",
                "description": "Each place at fault.",
                "items": {
                    "type": "object",
                    "required": ["detail"],
                    "properties": {
                        "pointer": {"type": "string", "description": "A JSON pointer into what was sent."},
                        "parameter": {"type": "string", "description": "Or a parameter of the address."},
                        "detail": {"type": "string"},
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::tests::rules;

    #[tokio::test]
    async fn every_call_is_in_the_document_with_what_the_contracts_say() {
        let (pool, rules) = rules();
        let document = document(&pool, &rules);
        let operations: usize = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .map(|methods| methods.as_object().unwrap().len())
            .sum();
        assert_eq!(operations, rules.iter().count());
        let submit = &document["paths"]["/api/v1/signals"]["post"];
        assert_eq!(submit["summary"], "Flags a situation");
        assert_eq!(
            submit["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/intake.Signal"
        );
        let signal = &document["components"]["schemas"]["intake.Signal"];
        assert_eq!(signal["additionalProperties"], false);
        assert!(signal["properties"]["postalCode"]["description"].is_string());
        let answered = &document["components"]["schemas"]["routing.Referral"];
        assert!(
            answered["required"]
                .as_array()
                .unwrap()
                .contains(&"needs".into())
        );
        assert!(
            !answered["required"]
                .as_array()
                .unwrap()
                .contains(&"service".into())
        );
    }

    #[tokio::test]
    async fn every_reference_leads_somewhere() {
        let (pool, rules) = rules();
        let document = document(&pool, &rules);
        let mut waiting = vec![&document];
        let mut followed = 0;
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(object) => {
                    if let Some(Value::String(goal)) = object.get("$ref") {
                        let goal = goal.strip_prefix('#').unwrap();
                        assert!(
                            document.pointer(goal).is_some_and(|it| !it.is_null()),
                            "{goal}"
                        );
                        followed += 1;
                    }
                    waiting.extend(object.values());
                }
                Value::Array(values) => waiting.extend(values),
                _ => {}
            }
        }
        assert!(followed > 200, "{followed}");
    }

    #[tokio::test]
    async fn everything_is_explained() {
        let (pool, rules) = rules();
        let document = document(&pool, &rules);
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let summary = operation["summary"].as_str().unwrap();
                assert!(summary.len() > 5, "{method} {path}");
                for parameter in operation["parameters"].as_array().unwrap() {
                    let name = &parameter["name"];
                    assert!(
                        parameter["description"].is_string(),
                        "{method} {path} {name}"
                    );
                }
            }
        }
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            assert!(schema["description"].is_string(), "{name}");
        }
    }
}
