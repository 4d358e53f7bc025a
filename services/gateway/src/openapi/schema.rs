//! Messages and codes as JSON Schema, in the JSON form that Protocol Buffers prescribe.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::comments::Comments;
use crate::rest::{Rules, Sent, is_text};

/// The schemas of what is sent and answered.
pub(super) struct Schemas<'c> {
    comments: &'c Comments,
    /// Messages that somebody sends: there, nothing has to be said, and nothing else may be.
    sent: BTreeSet<String>,
    made: BTreeMap<String, Value>,
}

impl<'c> Schemas<'c> {
    pub(super) fn new(rules: &Rules, comments: &'c Comments) -> Self {
        let mut sent = BTreeSet::new();
        for rule in rules.iter() {
            if rule.sent != Sent::Nothing {
                reach(&rule.call.input(), &mut sent);
            }
        }
        Self {
            comments,
            sent,
            made: BTreeMap::new(),
        }
    }

    /// All that were referred to.
    pub(super) fn into_components(self) -> BTreeMap<String, Value> {
        self.made
    }

    /// A reference to a message.
    pub(super) fn message(&mut self, message: &MessageDescriptor) -> Value {
        let name = component(message.full_name());
        if !self.made.contains_key(&name) {
            // Before its fields: a message may hold itself.
            self.made.insert(name.clone(), Value::Null);
            let fields: Vec<FieldDescriptor> = message.fields().collect();
            let mut schema = self.object(&fields, self.sent.contains(message.full_name()));
            let comment = self.comments.on(message);
            if !comment.is_empty() {
                schema.insert("description".to_owned(), comment.into());
            }
            self.made.insert(name.clone(), Value::Object(schema));
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    /// An object with these fields. In one that is only answered, everything but a message is always
    /// there; in one that is sent, nothing else may be.
    pub(super) fn object(&mut self, fields: &[FieldDescriptor], sent: bool) -> Map<String, Value> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let schema = self.described(field);
            properties.insert(field.json_name().to_owned(), schema);
            if !field.supports_presence() {
                required.push(Value::from(field.json_name()));
            }
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), properties.into());
        if sent {
            schema.insert("additionalProperties".to_owned(), false.into());
        } else if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        schema
    }

    /// What a field holds, with what the contracts say of it.
    pub(super) fn described(&mut self, field: &FieldDescriptor) -> Value {
        let mut schema = self.field(field);
        let comment = self.comments.on(field);
        if let (false, Some(schema)) = (comment.is_empty(), schema.as_object_mut()) {
            schema.insert("description".to_owned(), comment.into());
        }
        schema
    }

    fn field(&mut self, field: &FieldDescriptor) -> Value {
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else {
                return json!({"type": "object"});
            };
            let values = self.one(&entry.map_entry_value_field().kind());
            return json!({"type": "object", "additionalProperties": values});
        }
        let one = self.one(&field.kind());
        if field.is_list() {
            json!({"type": "array", "items": one})
        } else {
            one
        }
    }

    fn one(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Double | Kind::Float => json!({"type": "number", "format": "double"}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX})
            }
            Kind::Uint32 | Kind::Fixed32 => {
                json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX})
            }
            // Beyond what a number can hold in JavaScript.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
                json!({"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"})
            }
            Kind::Enum(list) => self.list(list),
            Kind::Message(message) if is_text(message) => {
                json!({"type": "string", "format": "date-time"})
            }
            Kind::Message(message) => self.message(message),
        }
    }

    /// A reference to a closed list of codes.
    fn list(&mut self, list: &EnumDescriptor) -> Value {
        let name = component(list.full_name());
        if !self.made.contains_key(&name) {
            let names: Vec<String> = list.values().map(|code| code.name().to_owned()).collect();
            let meanings: Vec<String> = list
                .values()
                .map(|code| format!("- `{}`: {}", code.name(), self.comments.on(&code)))
                .collect();
            let description = format!("{}\n\n{}", self.comments.on(list), meanings.join("\n"));
            let schema = json!({"type": "string", "enum": names, "description": description});
            self.made.insert(name.clone(), schema);
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }
}

/// `knipperlicht.intake.v1.Signal` as `intake.Signal`: there is one version.
fn component(full_name: &str) -> String {
    let name = full_name.strip_prefix("knipperlicht.").unwrap_or(full_name);
    name.replacen(".v1.", ".", 1)
}

/// Everything that is in a message.
fn reach(message: &MessageDescriptor, found: &mut BTreeSet<String>) {
    if !found.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        if let Kind::Message(inner) = field.kind() {
            reach(&inner, found);
        }
    }
}
