//! What answers told: ids and other texts, by the name of their field, to be sent again.

use std::collections::HashMap;

use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use crate::Choices;

/// Texts at most of each name; later ones take the place of earlier ones.
const KEPT: usize = 300;

/// Longer texts are not worth sending again.
const LONGEST: usize = 200;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    texts: HashMap<String, Vec<String>>,
    count: usize,
}

impl Seen {
    /// Keeps every text in this message.
    pub fn keep(&mut self, message: &DynamicMessage) {
        for (field, value) in message.fields() {
            self.keep_value(field.name(), value);
        }
    }

    fn keep_value(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if !text.is_empty() && text.len() <= LONGEST => {
                self.keep_text(name, text);
            }
            Value::Message(message) => self.keep(message),
            Value::List(values) => {
                for value in values {
                    self.keep_value(name, value);
                }
            }
            _ => {}
        }
    }

    /// Keeps one text under this name.
    pub fn keep_text(&mut self, name: &str, text: &str) {
        self.count += 1;
        let texts = self.texts.entry(name.to_owned()).or_default();
        if texts.len() < KEPT {
            texts.push(text.to_owned());
        } else {
            text.clone_into(&mut texts[self.count % KEPT]);
        }
    }

    /// One of the texts seen under this name; the newest half the time.
    pub fn pick(&self, name: &str, choices: &mut Choices<'_>) -> Option<&String> {
        let texts = self.texts.get(name)?;
        if choices.percent(50) {
            texts.last()
        } else {
            choices.pick(texts)
        }
    }

    /// How many different names of fields were seen.
    #[must_use]
    pub fn names(&self) -> usize {
        self.texts.len()
    }

    /// What this message is, for whoever reads a failure.
    #[must_use]
    pub fn describe(message: &DynamicMessage) -> String {
        format!("{} {message}", message.descriptor().full_name())
    }
}
