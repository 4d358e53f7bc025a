//! Calls at random: any call of the contracts, by anybody, with anything in it.

use knipperlicht_access::{Role, allowed};
use knipperlicht_contracts::DESCRIPTORS;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, prost::Message};

use crate::{Choices, Seen, fields::fill};

/// One call, ready to be made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its path, without the slash before it.
    pub path: String,
    /// In which role; none is somebody without a token.
    pub role: Option<Role>,
    /// What is sent: one message, more where it streams.
    pub messages: Vec<Vec<u8>>,
    /// What is sent, to be read.
    pub shown: String,
}

/// Every call that there is.
#[derive(Debug)]
pub struct Book {
    methods: Vec<MethodDescriptor>,
    templates: Vec<(String, DynamicMessage)>,
}

impl Default for Book {
    fn default() -> Self {
        let pool = DescriptorPool::decode(DESCRIPTORS).expect("the contracts");
        let methods = pool
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .collect();
        Self {
            methods,
            templates: Vec::new(),
        }
    }
}

impl Book {
    /// How many calls there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.methods.len()
    }

    /// Whether there is no call.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.methods.is_empty()
    }

    /// A good message for a call, from which others are made. `path` ends as the call does.
    #[must_use]
    pub fn with_template(mut self, path: &str, message: &[u8]) -> Self {
        let method = self
            .methods
            .iter()
            .find(|method| path_of(method).ends_with(path));
        if let Some(method) = method {
            let message = DynamicMessage::decode(method.input(), message).expect("a good message");
            self.templates.push((path_of(method), message));
        }
        self
    }

    /// A call at random.
    #[must_use]
    pub fn draw(&self, seen: &Seen, choices: &mut Choices<'_>) -> Call {
        // Half of all calls bring something new in; else nothing further down would be reached.
        let method = if choices.percent(15) && !self.templates.is_empty() {
            let wanted = choices.pick(&self.templates).map(|(path, _)| path.clone());
            self.methods
                .iter()
                .find(|method| Some(path_of(method)) == wanted)
        } else {
            choices.pick(&self.methods)
        };
        let method = method.expect("a call");
        let path = path_of(method);
        let role = role(&path, choices);
        let number = if method.is_client_streaming() {
            1 + choices.below(3)
        } else {
            1
        };
        let drawn: Vec<DynamicMessage> = (0..number)
            .map(|_| self.message(method, seen, choices))
            .collect();
        let shown = drawn
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" | ");
        let messages = drawn
            .iter()
            .map(|message| spoil(message.encode_to_vec(), choices))
            .collect();
        Call {
            path,
            role,
            messages,
            shown,
        }
    }

    fn message(
        &self,
        method: &MethodDescriptor,
        seen: &Seen,
        choices: &mut Choices<'_>,
    ) -> DynamicMessage {
        let path = path_of(method);
        let template = self.templates.iter().find(|(of, _)| *of == path);
        let mut message = match template {
            Some((_, template)) if choices.percent(80) => template.clone(),
            _ => DynamicMessage::new(method.input()),
        };
        fill(&mut message, &method.input(), seen, choices);
        message
    }

    /// Reads an answer to this call.
    #[must_use]
    pub fn read(&self, path: &str, answer: &[u8]) -> Option<DynamicMessage> {
        let method = self.methods.iter().find(|method| path_of(method) == path)?;
        DynamicMessage::decode(method.output(), answer).ok()
    }
}

/// The path of a call.
fn path_of(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// Mostly somebody who may.
fn role(path: &str, choices: &mut Choices<'_>) -> Option<Role> {
    const ALL: [Role; 6] = [
        Role::Reporter,
        Role::Partner,
        Role::Coordinator,
        Role::Analyst,
        Role::Operator,
        Role::Admin,
    ];
    match choices.below(20) {
        0 => None,
        1 => choices.pick(&ALL).copied(),
        _ => {
            let may = allowed(path).unwrap_or_default();
            choices
                .pick(may)
                .copied()
                .filter(|role| *role != Role::LinkHolder)
        }
    }
}

/// Now and then what is sent is no message at all.
fn spoil(mut bytes: Vec<u8>, choices: &mut Choices<'_>) -> Vec<u8> {
    if choices.percent(4) && !bytes.is_empty() {
        let at = choices.below(bytes.len());
        bytes[at] = choices.byte();
    }
    if choices.percent(2) {
        let at = choices.below(bytes.len());
        bytes.truncate(at);
    }
    bytes
}
