//! One call as an operation of the document.

use knipperlicht_access::{Role, allowed};
use prost_reflect::{FieldDescriptor, ServiceDescriptor};
use serde_json::{Map, Value, json};

use super::{
    comments::{Comments, summary},
    examples::Examples,
    schema::Schemas,
};
use crate::rest::{Rule, Sent};

/// Refusals that are worth naming; whatever else comes has the same form.
const REFUSALS: [&str; 8] = ["400", "401", "403", "404", "409", "429", "503", "default"];

pub(super) fn operation(
    rule: &Rule,
    comments: &Comments,
    examples: &Examples,
    schemas: &mut Schemas<'_>,
) -> Value {
    let service = rule.call.parent_service();
    let comment = comments.on(&rule.call);
    let roles = allowed(&format!("{}/{}", service.full_name(), rule.call.name()));
    let roles = roles.unwrap_or_default();
    let mut operation = Map::new();
    let mut put = |name: &str, value: Value| operation.insert(name.to_owned(), value);
    put("operationId", id(rule).into());
    put("tags", json!([tag(service)]));
    put("summary", summary(comment).into());
    put("description", format!("{comment}\n\n{}", who(roles)).into());
    put("parameters", parameters(rule, comments, schemas).into());
    if let Some(body) = body(rule, comments, examples, schemas) {
        put("requestBody", body);
    }
    put("responses", responses(rule, comments, schemas));
    if roles == [Role::LinkHolder] {
        put("security", json!([]));
    }
    Value::Object(operation)
}

/// `intake_SubmitSignal`.
pub(super) fn id(rule: &Rule) -> String {
    format!("{}_{}", tag(rule.call.parent_service()), rule.call.name())
}

/// `intake`, of its service.
pub(super) fn tag(service: &ServiceDescriptor) -> &str {
    let package = service.package_name();
    let package = package.strip_prefix("knipperlicht.").unwrap_or(package);
    package.split('.').next().unwrap_or(package)
}

fn who(roles: &[Role]) -> String {
    if roles == [Role::LinkHolder] {
        return "Without an account: the token of a carer's link stands in the request.".to_owned();
    }
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    format!("Roles: {}.", names.join(", "))
}

fn parameters(rule: &Rule, comments: &Comments, schemas: &mut Schemas<'_>) -> Vec<Value> {
    let input = rule.call.input();
    let in_path: Vec<&str> = rule.template.fields().collect();
    let mut parameters = Vec::new();
    for field in input.fields() {
        let is_in_path = in_path.contains(&field.name());
        if !is_in_path && rule.sent != Sent::Nothing {
            continue;
        }
        let mut schema = schemas.described(&field);
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("description");
            if is_in_path {
                schema.insert("minLength".to_owned(), 1.into());
            }
        }
        parameters.push(json!({
            "name": field.name(),
            "in": if is_in_path { "path" } else { "query" },
            "required": is_in_path,
            "description": comments.on(&field),
            "schema": schema,
        }));
    }
    if rule.own_id.is_some() {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "Becomes the id that the sender makes, where none is sent: the same \
                key again is stored once.",
            "schema": {"type": "string", "format": "uuid"},
        }));
    }
    parameters
}

fn body(
    rule: &Rule,
    comments: &Comments,
    examples: &Examples,
    schemas: &mut Schemas<'_>,
) -> Option<Value> {
    let input = rule.call.input();
    let (schema, description, required) = match &rule.sent {
        Sent::Nothing => return None,
        Sent::Field(field) => {
            let mut schema = schemas.described(field);
            if let Some(schema) = schema.as_object_mut() {
                schema.remove("description");
            }
            (schema, comments.on(field), true)
        }
        Sent::All if rule.template.fields().next().is_none() => {
            (schemas.message(&input), comments.on(&input), true)
        }
        Sent::All => {
            let in_path: Vec<&str> = rule.template.fields().collect();
            let fields: Vec<FieldDescriptor> = input
                .fields()
                .filter(|field| !in_path.contains(&field.name()))
                .collect();
            let required = !fields.is_empty();
            let schema = Value::Object(schemas.object(&fields, true));
            (schema, comments.on(&input), required)
        }
    };
    let mut content = json!({"schema": schema});
    if let Some(example) = examples.of(&id(rule)) {
        content["example"] = example.clone();
    }
    Some(json!({
        "required": required,
        "description": description,
        "content": {"application/json": content},
    }))
}

fn responses(rule: &Rule, comments: &Comments, schemas: &mut Schemas<'_>) -> Value {
    let output = rule.call.output();
    let mut responses = Map::new();
    let schema = schemas.message(&output);
    let answer = if rule.call.is_server_streaming() {
        json!({
            "description": format!("{} As server-sent events; `data` of each is one of \
                these as JSON, `id` the same for the same content. An event `problem` ends it.",
                comments.on(&output)),
            "headers": allowance(),
            "content": {"text/event-stream": {"schema": {"type": "string"}, "x-event-data": schema}},
        })
    } else {
        json!({
            "description": comments.on(&output),
            "headers": headers(rule),
            "content": {"application/json": {"schema": schema}},
        })
    };
    responses.insert("200".to_owned(), answer);
    if rule.sent == Sent::Nothing && !rule.call.is_server_streaming() {
        let unchanged = json!({"description": "It is the same as `if-none-match` says."});
        responses.insert("304".to_owned(), unchanged);
    }
    for status in REFUSALS {
        let refused = json!({"$ref": "#/components/responses/Problem"});
        responses.insert(status.to_owned(), refused);
    }
    Value::Object(responses)
}

/// How often it may be called, on every answer of a service.
pub(super) fn allowance() -> Map<String, Value> {
    let said = ["RateLimit-Policy", "RateLimit"].map(|name| {
        let header = json!({"$ref": format!("#/components/headers/{name}")});
        (name.to_owned(), header)
    });
    said.into_iter().collect()
}

fn headers(rule: &Rule) -> Value {
    let text =
        |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let mut headers = allowance();
    if rule.sent == Sent::Nothing {
        headers.insert(
            "ETag".to_owned(),
            text("A weak validator, for `if-none-match`."),
        );
    }
    if rule
        .call
        .output()
        .get_field_by_name("next_page_token")
        .is_some()
    {
        headers.insert(
            "Link".to_owned(),
            text("Where the list goes on, `rel=\"next\"`."),
        );
    }
    Value::Object(headers)
}
