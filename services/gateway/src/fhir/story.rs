//! What the story of a situation tells: what the carer agreed to, and who did what when.

use std::collections::HashMap;

use knipperlicht_contracts::{followup::v1 as followup, intake::v1 as intake};
use knipperlicht_vocabulary::{Actor, Consent as Agreed};
use sha2::{Digest, Sha256};

use super::{
    found::{Found, moment, told},
    ids::unhyphenated,
    offer::Kind,
    reply,
    terms::{self, List, Own, code_part, concept},
    types::{Agent, Coding, Consent, Provenance, Provision, Reference},
};
use crate::etag::hex;

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const LOINC: &str = "http://loinc.org";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// Happenings that say what the carer agrees to from then on.
const AGREEING: [&str; 4] = [
    "signal.flagged",
    "situation.consent_changed",
    "situation.merged",
    "situation.split",
];

/// What happened, without what every name of an event begins and ends with.
fn happening(event: &str) -> &str {
    let name = event.strip_prefix("knipperlicht.").unwrap_or(event);
    name.rsplit_once(".v").map_or(name, |(name, _)| name)
}

/// What the carer agreed to, as the story tells it; nothing where it tells nothing.
pub(super) fn consent_told(
    situation: &str,
    story: &followup::GetTimelineResponse,
) -> Option<Found> {
    let last = story
        .entries
        .iter()
        .filter(|entry| AGREEING.contains(&happening(&entry.r#type)))
        .rfind(|entry| entry.codes.contains_key("consent"))?;
    let agreed = last.codes.get("consent")?.parse().ok()?;
    Some(consent(situation, agreed, last.at.as_ref()))
}

/// The same, as the reporter's own signals tell it. When it was said, they do not tell.
pub(super) fn consent_signalled(signal: &intake::SignalStatus) -> Option<Found> {
    let situation = signal.receipt.as_ref()?.situation_id.clone();
    let agreed = Agreed::try_from(signal.consent).ok()?;
    Some(consent(&situation, agreed, None))
}

fn consent(situation: &str, agreed: Agreed, at: Option<&prost_types::Timestamp>) -> Found {
    let (status, permits) = match agreed {
        Agreed::Given | Agreed::VitalInterest => ("active", true),
        Agreed::NotAsked => ("proposed", false),
        Agreed::Refused => ("rejected", false),
        Agreed::Withdrawn => ("inactive", false),
    };
    let emergency = Coding {
        system: Some(REASON.to_owned()),
        code: Some("ETREAT".to_owned()),
        ..Coding::default()
    };
    let told_of = Consent {
        status: status.to_owned(),
        scope: concept(SCOPE, "patient-privacy"),
        category: vec![concept(LOINC, "59284-0")],
        patient: Some(terms::carer(situation)),
        date_time: told(at),
        policy_rule: Some(List::Consent.concept(agreed.code())),
        provision: Some(Provision {
            kind: Some(if permits { "permit" } else { "deny" }.to_owned()),
            purpose: (agreed == Agreed::VitalInterest)
                .then_some(emergency)
                .into_iter()
                .collect(),
        }),
        ..Consent::default()
    };
    let resource = reply::json(Kind::Consent.name(), &told_of);
    Found::new(Kind::Consent, situation.to_owned(), moment(at), resource)
        .by("status", status)
        .by_token("patient", terms::SITUATION, situation)
}

/// Everything that happened in a situation.
pub(super) fn provenance(situation: &str, story: &followup::GetTimelineResponse) -> Vec<Found> {
    let mut alike: HashMap<String, u32> = HashMap::new();
    let entries = story.entries.iter();
    entries
        .map(|entry| {
            // An entry has no id of its own: what it says is its id, and how manieth of its like it is.
            let mark = mark(entry);
            let nth = alike.entry(mark.clone()).or_default();
            *nth += 1;
            let hash = Sha256::digest(format!("{mark}#{nth}").as_bytes());
            let id = format!("{}{}", unhyphenated(situation), hex(&hash[..16]));
            let resource = reply::json(Kind::Provenance.name(), &one(situation, entry));
            Found::new(Kind::Provenance, id, moment(entry.at.as_ref()), resource).by_token(
                "target",
                terms::SITUATION,
                situation,
            )
        })
        .collect()
}

fn mark(entry: &followup::TimelineEntry) -> String {
    let at = told(entry.at.as_ref()).unwrap_or_default();
    // Without its codes: some are left out for a partner while the cared-for person objects.
    format!("{at}|{}", entry.r#type)
}

fn one(situation: &str, entry: &followup::TimelineEntry) -> Provenance {
    let who = Actor::try_from(entry.who).unwrap_or(Actor::System).code();
    let mut codes: Vec<_> = entry.codes.iter().collect();
    codes.sort();
    let details = codes.into_iter().map(|(name, value)| {
        Own::Detail.parts(vec![
            code_part("name", name),
            terms::text_part("value", value),
        ])
    });
    let at = told(entry.at.as_ref());
    Provenance {
        extension: details.collect(),
        target: vec![terms::carer(situation)],
        occurred_date_time: at.clone(),
        recorded: at.unwrap_or_default(),
        activity: Some(List::Happening.concept(happening(&entry.r#type))),
        agent: vec![Agent {
            kind: Some(List::Actor.concept(who)),
            who: Reference {
                display: Some(who.to_owned()),
                ..Reference::default()
            },
        }],
        ..Provenance::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(event: &str, codes: &[(&str, &str)]) -> followup::TimelineEntry {
        followup::TimelineEntry {
            r#type: format!("knipperlicht.{event}.v1"),
            codes: codes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Default::default()
        }
    }

    fn story(entries: Vec<followup::TimelineEntry>) -> followup::GetTimelineResponse {
        followup::GetTimelineResponse {
            entries,
            left_out: false,
        }
    }

    #[test]
    fn what_was_agreed_last_holds() {
        let told = story(vec![
            entry("signal.flagged", &[("consent", "not_asked")]),
            entry("situation.consent_changed", &[("consent", "given")]),
            entry(
                "situation.consent_changed",
                &[("cared_for_objects", "true")],
            ),
            entry("referral.withheld", &[("consent", "refused")]),
        ]);
        let found = consent_told("s", &told).unwrap();
        assert_eq!(found.resource["status"], "active");
        assert_eq!(found.resource["provision"]["type"], "permit");
        assert!(consent_told("s", &story(Vec::new())).is_none());
    }

    #[test]
    fn two_alike_are_two_and_keep_their_ids() {
        let twice = || story(vec![entry("followup.contact_recorded", &[]); 2]);
        let ids = |found: Vec<Found>| found.into_iter().map(|one| one.id).collect::<Vec<_>>();
        let first = ids(provenance("s", &twice()));
        assert_ne!(first[0], first[1]);
        let mut more = twice();
        more.entries.push(entry("followup.completed", &[]));
        assert_eq!(ids(provenance("s", &more))[..2], first);
    }
}
