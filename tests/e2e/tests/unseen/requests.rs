//! Requests at random, of any message of the contracts, with ids of all that anybody ever saw; and
//! the texts of answers.

use std::collections::BTreeMap;

use knipperlicht_contracts::intake::v1::{Contact, Signal, SubmitSignalRequest};
use knipperlicht_e2e::{a_signal, contracts};
use knipperlicht_vocabulary::{Environment, SignalId};
use prost::{
    Message,
    encoding::{
        DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field,
    },
};
use prost_types::{
    DescriptorProto, EnumDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

use crate::unseen::people::{POSTAL_CODES, ZONES};

/// Deterministic dice: what a seed did once it does again (`SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The contracts, and all that anybody ever saw, by the name of its field.
pub(crate) struct Requests {
    environment: Environment,
    messages: BTreeMap<String, DescriptorProto>,
    enums: BTreeMap<String, EnumDescriptorProto>,
    /// Request and answer by the path of the call.
    calls: BTreeMap<String, (String, String)>,
    seen: BTreeMap<String, Vec<String>>,
    marks: usize,
}

impl Requests {
    pub(crate) fn new(environment: &Environment) -> Self {
        let mut requests = Self {
            environment: environment.clone(),
            messages: BTreeMap::new(),
            enums: BTreeMap::new(),
            calls: BTreeMap::new(),
            seen: BTreeMap::new(),
            marks: 0,
        };
        for file in contracts().file {
            let package = file.package().to_owned();
            for message in file.message_type {
                let name = format!(".{package}.{}", message.name());
                for inner in &message.enum_type {
                    requests
                        .enums
                        .insert(format!("{name}.{}", inner.name()), inner.clone());
                }
                requests.messages.insert(name, message);
            }
            for list in file.enum_type {
                requests
                    .enums
                    .insert(format!(".{package}.{}", list.name()), list);
            }
            for service in file.service {
                for method in &service.method {
                    let path = format!("{package}.{}/{}", service.name(), method.name());
                    let both = (
                        method.input_type().to_owned(),
                        method.output_type().to_owned(),
                    );
                    requests.calls.insert(path, both);
                }
            }
        }
        requests
            .seen
            .insert("zone_id".to_owned(), ZONES.map(str::to_owned).to_vec());
        requests
    }

    /// A signal of a carer whose name is found nowhere else.
    fn signal(&mut self, place: usize, dice: &mut Dice) -> Signal {
        self.marks += 1;
        let mut signal = a_signal(&self.environment);
        POSTAL_CODES[place].clone_into(&mut signal.postal_code);
        // Now and then somebody sends what another sent.
        if dice.one_in(8)
            && let Some(known) = self.seen.get("signal_id")
        {
            dice.one_of(known).clone_into(&mut signal.signal_id);
        }
        signal.note = format!("MARK{:05}", self.marks);
        signal.contact = Some(Contact {
            name: format!("MARK{:05}", self.marks),
            ..Default::default()
        });
        signal
    }

    pub(crate) fn signal_of(&mut self, place: usize, dice: &mut Dice) -> Vec<u8> {
        let request = SubmitSignalRequest {
            signal: Some(self.signal(place, dice)),
        };
        request.encode_to_vec()
    }

    /// A request of this message.
    pub(crate) fn make(&mut self, message: &str, dice: &mut Dice) -> Vec<u8> {
        match message {
            ".knipperlicht.intake.v1.Signal" => {
                let place = dice.below(2);
                return self.signal(place, dice).encode_to_vec();
            }
            ".google.protobuf.Timestamp" => {
                return knipperlicht_contracts::to_proto(self.environment.now()).encode_to_vec();
            }
            _ => {}
        }
        let Some(fields) = self
            .messages
            .get(message)
            .map(|message| message.field.clone())
        else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        for field in &fields {
            let times = if field.label() == Label::Repeated {
                dice.below(3)
            } else {
                1
            };
            let tag = u32::try_from(field.number()).unwrap();
            for _ in 0..times {
                let number = match field.r#type() {
                    Type::String => {
                        let text = self.text(field.name(), dice);
                        prost::encoding::string::encode(tag, &text, &mut bytes);
                        continue;
                    }
                    Type::Message => {
                        let inner = self.make(field.type_name(), dice);
                        prost::encoding::bytes::encode(tag, &inner, &mut bytes);
                        continue;
                    }
                    Type::Enum => {
                        let values = self.enums.get(field.type_name()).map(|list| &list.value);
                        values.map_or(0, |values| dice.one_of(values).number())
                    }
                    Type::Bool | Type::Int32 | Type::Int64 => i32::try_from(dice.below(2)).unwrap(),
                    _ => continue,
                };
                encode_key(tag, WireType::Varint, &mut bytes);
                encode_varint(u64::try_from(number).unwrap_or_default(), &mut bytes);
            }
        }
        bytes
    }

    /// What somebody saw, mostly in a field of this name.
    fn text(&self, field: &str, dice: &mut Dice) -> String {
        if matches!(field, "contact_id" | "note_id") {
            return SignalId::new(&self.environment).to_string();
        }
        if field == "postal_code" {
            return (*dice.one_of(&POSTAL_CODES)).to_owned();
        }
        if !field.ends_with("_id") && !matches!(field, "token" | "page_token") {
            return if matches!(field, "until" | "on" | "from") {
                ""
            } else {
                "x"
            }
            .to_owned();
        }
        let field = if field == "page_token" {
            "next_page_token"
        } else {
            field
        };
        let known = if dice.one_in(6) {
            let kinds: Vec<&Vec<String>> = self.seen.values().collect();
            Some(*dice.one_of(&kinds))
        } else {
            self.seen.get(field)
        };
        known
            .map(|known| dice.one_of(known).clone())
            .unwrap_or_default()
    }

    /// Whatever anybody saw, anybody may say.
    pub(crate) fn remember(&mut self, texts: Vec<(String, String)>) {
        for (field, text) in texts {
            let is_name =
                field.ends_with("_id") || matches!(field.as_str(), "token" | "next_page_token");
            if is_name && !text.is_empty() {
                let known = self.seen.entry(field).or_default();
                if !known.contains(&text) {
                    known.push(text);
                }
            }
        }
    }

    pub(crate) fn texts_of_request(&self, call: &str, bytes: &[u8]) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        self.texts(&self.calls[call].0, bytes, &mut texts);
        texts
    }

    pub(crate) fn texts_of_answer(&self, call: &str, bytes: &[u8]) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        self.texts(&self.calls[call].1, bytes, &mut texts);
        texts
    }

    /// Every text in a message, with the name of its field.
    fn texts(&self, message: &str, mut bytes: &[u8], texts: &mut Vec<(String, String)>) {
        let Some(message) = self.messages.get(message) else {
            return;
        };
        while let Ok((tag, wire)) = decode_key(&mut bytes) {
            let number = i32::try_from(tag).unwrap();
            let field = message.field.iter().find(|field| field.number() == number);
            match (wire, field) {
                (WireType::LengthDelimited, Some(field)) => {
                    let length = usize::try_from(decode_varint(&mut bytes).unwrap()).unwrap();
                    let (inner, rest) = bytes.split_at(length);
                    bytes = rest;
                    if field.r#type() == Type::Message {
                        self.texts(field.type_name(), inner, texts);
                    } else if matches!(field.r#type(), Type::String | Type::Bytes) {
                        let text = String::from_utf8_lossy(inner).into_owned();
                        texts.push((field.name().to_owned(), text));
                    }
                }
                _ => skip_field(wire, tag, &mut bytes, DecodeContext::default()).unwrap(),
            }
        }
    }
}
