//! The vocabulary's lists and the protos' enums are the same, number by number and name by name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use knipperlicht_contracts::DESCRIPTORS;
use knipperlicht_vocabulary as words;
use prost::Message;
use prost_types::FileDescriptorSet;

/// Each enum of the protos: its numbers and names, without the one for nothing said.
fn enums() -> BTreeMap<String, BTreeMap<i32, String>> {
    let contracts = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
    let file = contracts
        .file
        .iter()
        .find(|file| file.package() == "knipperlicht.vocabulary.v1")
        .unwrap();
    let values = |codes: &prost_types::EnumDescriptorProto| {
        codes
            .value
            .iter()
            .filter(|value| value.number() != 0)
            .map(|value| (value.number(), value.name().to_owned()))
            .collect()
    };
    file.enum_type
        .iter()
        .map(|codes| (codes.name().to_owned(), values(codes)))
        .collect()
}

macro_rules! compare {
    ($protos:ident: $($list:ident)*) => {$({
        let proto = $protos.remove(stringify!($list)).expect(stringify!($list));
        let numbers: Vec<i32> = words::$list::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, proto.keys().copied().collect::<Vec<_>>(), stringify!($list));
        for code in words::$list::ALL {
            // `sleeps_badly` is the tail of OBSERVATION_SLEEPS_BADLY, the variant's own name of
            // what begins with a digit or is a language's code.
            let name = proto[&code.number()].to_lowercase().replace('_', "");
            let variant = format!("{code:?}").to_lowercase();
            assert!(name.ends_with(&variant), "{name} is not {variant}");
        }
    })*};
}

#[test]
fn lists_are_the_same() {
    let mut protos = enums();
    compare! { protos:
        Observation Need Urgency Consent CapacityState DeclineReason OutcomeResult OutcomeReason
        Language AgeBand ReporterRole ContactChannel ContactResult Step ReferralState FollowUpState
        ItemKind ClockKind Rung CarerAsk MatchReason ResolutionReason PerseveranceTime QolLevel
        Actor ErasureReason
    }
    assert!(
        protos.is_empty(),
        "not in the vocabulary: {:?}",
        protos.keys()
    );
}
