//! What Knipperlicht says beyond HSDS, as taxonomy terms: `docs/directory.md` has the list.

use std::collections::HashMap;

use knipperlicht_vocabulary::{AgeBand, CapacityState, Need};
use uuid::Uuid;

/// Every id that is made here is derived within this namespace (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6b6e_6970_7065_5c6c_8963_6874_2e64_6972);

/// Before the zone in the `uri` of a service area.
pub(super) const ZONE: &str = "urn:knipperlicht:zone:";

/// The `uri` of the service area of who helps in all of Flanders and Brussels.
pub(super) const EVERYWHERE: &str = "urn:knipperlicht:everywhere";

/// What an attribute of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Taxonomy {
    /// A need the service meets.
    Need,
    /// An age band it is for.
    AgeBand,
    /// A group of carers, as the attribute's value, that no code tells apart.
    TargetGroup,
    /// Whether it is made for everyone or for one group.
    Fit,
    /// That it is invented.
    Synthetic,
    /// Its first and last day, as the attribute's value.
    Validity,
    /// Its id here, as the attribute's value, where that is no UUID.
    Id,
    /// What room it has, and until which day that was said.
    Capacity,
}

impl Taxonomy {
    pub(super) const ALL: [Self; 8] = [
        Self::Need,
        Self::AgeBand,
        Self::TargetGroup,
        Self::Fit,
        Self::Synthetic,
        Self::Validity,
        Self::Id,
        Self::Capacity,
    ];

    /// As `taxonomy_term.taxonomy` and `taxonomy.uri` have it.
    pub(super) const fn uri(self) -> &'static str {
        match self {
            Self::Need => "urn:knipperlicht:need",
            Self::AgeBand => "urn:knipperlicht:age-band",
            Self::TargetGroup => "urn:knipperlicht:target-group",
            Self::Fit => "urn:knipperlicht:fit",
            Self::Synthetic => "urn:knipperlicht:synthetic",
            Self::Validity => "urn:knipperlicht:validity",
            Self::Id => "urn:knipperlicht:id",
            Self::Capacity => "urn:knipperlicht:capacity",
        }
    }

    /// What the taxonomy is for.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Need => "A need of informal carers that the service meets.",
            Self::AgeBand => {
                "An age band of carers that the service is for; `all` where it is for every age."
            }
            Self::TargetGroup => {
                "A group of carers, named in the attribute's value, for whom a person has to choose the service."
            }
            Self::Fit => "Whether the service is for every carer or made for one group.",
            Self::Synthetic => "The service is invented, for demonstration.",
            Self::Validity => {
                "The first and the last day of the service, in the attribute's value."
            }
            Self::Id => "The id in Knipperlicht, in the attribute's value.",
            Self::Capacity => {
                "What room the service has for new people, and the last day for which that was said."
            }
        }
    }

    /// Its terms.
    pub(super) fn codes(self) -> Vec<&'static str> {
        match self {
            Self::Need => Need::ALL.iter().map(|need| need.code()).collect(),
            Self::AgeBand => {
                let bands = AgeBand::ALL.iter().map(|band| band.code());
                bands.chain(["all"]).collect()
            }
            Self::TargetGroup => vec!["target_group"],
            Self::Fit => vec!["generic", "specific"],
            Self::Synthetic => vec!["synthetic"],
            Self::Validity => vec!["valid_from", "valid_to"],
            Self::Id => vec!["service_id", "organization_id"],
            Self::Capacity => {
                let states = CapacityState::ALL.iter().map(|state| state.code());
                states.chain(["until"]).collect()
            }
        }
    }

    pub(super) fn named(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.uri() == uri)
    }

    pub(super) fn id(self) -> Uuid {
        derived(&[self.uri()])
    }

    pub(super) fn term_id(self, code: &str) -> Uuid {
        derived(&[self.uri(), code])
    }
}

/// All terms of ours, by id.
pub(super) fn own_terms() -> HashMap<String, (Taxonomy, &'static str)> {
    let terms = Taxonomy::ALL.into_iter().flat_map(|taxonomy| {
        let codes = taxonomy.codes().into_iter();
        codes.map(move |code| (taxonomy.term_id(code).to_string(), (taxonomy, code)))
    });
    terms.collect()
}

/// The id of a part of the directory: the same for the same parts.
pub(super) fn derived(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, parts.join("\n").as_bytes())
}

/// An id of ours as HSDS wants it: a UUID.
pub(super) fn as_uuid(kind: &str, id: &str) -> Uuid {
    Uuid::try_parse(id)
        .ok()
        // Only the usual writing comes back as it was.
        .filter(|uuid| uuid.to_string() == id)
        .unwrap_or_else(|| derived(&[kind, id]))
}
