//! The calls there are.

use std::{collections::HashSet, sync::LazyLock};

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::DESCRIPTORS;

static CALLS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let contracts = FileDescriptorSet::decode(DESCRIPTORS).unwrap_or_default();
    let mut calls = HashSet::new();
    for file in &contracts.file {
        for service in &file.service {
            let of = format!("{}.{}", file.package(), service.name());
            let methods = service.method.iter();
            calls.extend(methods.map(|method| format!("{of}/{}", method.name())));
        }
    }
    calls
});

/// The call of this name, such as `knipperlicht.intake.v1.IntakeService/GetSignal`, where there is one.
#[must_use]
pub fn known_call(name: &str) -> Option<&'static str> {
    CALLS.get(name).map(String::as_str)
}
