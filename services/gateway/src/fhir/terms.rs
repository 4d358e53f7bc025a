//! The names by which systems, codes and extensions are known. Ours begin with [`OWN`]: an address
//! that names, and that nobody has to reach. What is under it is served here as well.

use std::fmt::Display;

use super::types::{CodeableConcept, Coding, Extension, Identifier, Reference};

/// What names of our own begin with.
pub(super) const OWN: &str = "https://knipperlicht.example/fhir/";

/// UUIDs and other addresses as identifiers.
pub(super) const URI: &str = "urn:ietf:rfc:3986";

/// What identifies a situation: a pseudonym, which says nothing of who it is.
pub(super) const SITUATION: &str = "https://knipperlicht.example/fhir/NamingSystem/situation";
/// What identifies a follow-up.
pub(super) const FOLLOW_UP: &str = "https://knipperlicht.example/fhir/NamingSystem/follow-up";
/// What identifies a partner organisation.
pub(super) const ORGANISATION: &str = "https://knipperlicht.example/fhir/NamingSystem/organisation";
/// What identifies a partner's service.
pub(super) const SERVICE: &str = "https://knipperlicht.example/fhir/NamingSystem/service";
/// What identifies a primary-care zone.
pub(super) const ZONE: &str = "https://knipperlicht.example/fhir/NamingSystem/zone";
/// What identifies an instrument.
pub(super) const INSTRUMENT: &str = "https://knipperlicht.example/fhir/NamingSystem/instrument";

/// That something is there and is not told.
pub(super) const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
/// Why a request was revoked.
pub(super) const STATUS_REASON: &str =
    "http://hl7.org/fhir/StructureDefinition/request-statusReason";
/// What an answer adds to a score.
pub(super) const ORDINAL: &str = "http://hl7.org/fhir/StructureDefinition/ordinalValue";

/// The lists of codes of our own, as `CodeSystem`s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Observation,
    Need,
    Urgency,
    Consent,
    DeclineReason,
    Outcome,
    OutcomeReason,
    AgeBand,
    ReporterRole,
    Step,
    ReferralState,
    ContactChannel,
    Actor,
    Happening,
    Trend,
    Term,
    BusinessStatus,
    Error,
}

impl List {
    pub(super) const ALL: &[Self] = &[
        Self::Observation,
        Self::Need,
        Self::Urgency,
        Self::Consent,
        Self::DeclineReason,
        Self::Outcome,
        Self::OutcomeReason,
        Self::AgeBand,
        Self::ReporterRole,
        Self::Step,
        Self::ReferralState,
        Self::ContactChannel,
        Self::Actor,
        Self::Happening,
        Self::Trend,
        Self::Term,
        Self::BusinessStatus,
        Self::Error,
    ];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Need => "need",
            Self::Urgency => "urgency",
            Self::Consent => "consent",
            Self::DeclineReason => "decline-reason",
            Self::Outcome => "outcome",
            Self::OutcomeReason => "outcome-reason",
            Self::AgeBand => "age-band",
            Self::ReporterRole => "reporter-role",
            Self::Step => "step",
            Self::ReferralState => "referral-state",
            Self::ContactChannel => "contact-channel",
            Self::Actor => "actor",
            Self::Happening => "happening",
            Self::Trend => "trend",
            Self::Term => "term",
            Self::BusinessStatus => "business-status",
            Self::Error => "error",
        }
    }

    pub(super) fn system(self) -> String {
        format!("{OWN}CodeSystem/{}", self.id())
    }

    pub(super) fn coding(self, code: impl Into<String>) -> Coding {
        Coding {
            system: Some(self.system()),
            code: Some(code.into()),
            ..Coding::default()
        }
    }

    pub(super) fn concept(self, code: impl Into<String>) -> CodeableConcept {
        CodeableConcept {
            coding: vec![self.coding(code)],
            ..CodeableConcept::default()
        }
    }

    /// The code of this list in a concept, where it has one.
    pub(super) fn code_in(self, concept: &CodeableConcept) -> Option<&str> {
        let system = self.system();
        let mut codings = concept.coding.iter();
        let own = codings.find(|one| one.system.as_deref() == Some(system.as_str()));
        own.and_then(|own| own.code.as_deref())
    }
}

/// The extensions of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    PostalCode,
    AgeBand,
    Language,
    Consent,
    VitalInterestReason,
    ReporterRole,
    Zone,
    Urgency,
    CallNow,
    Progress,
    Service,
    Detail,
}

impl Own {
    pub(super) const ALL: &[Self] = &[
        Self::PostalCode,
        Self::AgeBand,
        Self::Language,
        Self::Consent,
        Self::VitalInterestReason,
        Self::ReporterRole,
        Self::Zone,
        Self::Urgency,
        Self::CallNow,
        Self::Progress,
        Self::Service,
        Self::Detail,
    ];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::PostalCode => "postal-code",
            Self::AgeBand => "age-band",
            Self::Language => "language",
            Self::Consent => "consent",
            Self::VitalInterestReason => "vital-interest-reason",
            Self::ReporterRole => "reporter-role",
            Self::Zone => "zone",
            Self::Urgency => "urgency",
            Self::CallNow => "call-now",
            Self::Progress => "progress",
            Self::Service => "service",
            Self::Detail => "detail",
        }
    }

    pub(super) fn url(self) -> String {
        format!("{OWN}StructureDefinition/{}", self.id())
    }

    pub(super) fn of(url: &str) -> Option<Self> {
        let id = url
            .strip_prefix(OWN)?
            .strip_prefix("StructureDefinition/")?;
        Self::ALL.iter().copied().find(|one| one.id() == id)
    }

    /// Empty, to be filled.
    pub(super) fn named(self) -> Extension {
        part(&self.url())
    }

    pub(super) fn code(self, code: impl Into<String>) -> Extension {
        Extension {
            value_code: Some(code.into()),
            ..self.named()
        }
    }

    /// One that has parts.
    pub(super) fn parts(self, parts: Vec<Extension>) -> Extension {
        Extension {
            extension: parts,
            ..self.named()
        }
    }
}

/// An extension, or part of one, to be filled.
pub(super) fn part(name: &str) -> Extension {
    Extension {
        url: name.to_owned(),
        ..Extension::default()
    }
}

/// Part of an extension that holds a text.
pub(super) fn text_part(name: &str, text: impl Into<String>) -> Extension {
    Extension {
        value_string: Some(text.into()),
        ..part(name)
    }
}

/// Part of an extension that holds a code.
pub(super) fn code_part(name: &str, code: impl Into<String>) -> Extension {
    Extension {
        value_code: Some(code.into()),
        ..part(name)
    }
}

pub(super) fn identifier(system: &str, value: impl Into<String>) -> Identifier {
    Identifier {
        system: Some(system.to_owned()),
        value: Some(value.into()),
        ..Identifier::default()
    }
}

/// A UUID as an identifier.
pub(super) fn uuid(id: impl Display) -> Identifier {
    identifier(URI, format!("urn:uuid:{id}"))
}

/// The carer, as far as anybody is told here: the situation's pseudonym.
pub(super) fn carer(situation: &str) -> Reference {
    logical("Patient", SITUATION, situation)
}

/// Something that is named and is not here to be read.
pub(super) fn logical(kind: &str, system: &str, value: &str) -> Reference {
    Reference {
        kind: Some(kind.to_owned()),
        identifier: Some(identifier(system, value)),
        ..Reference::default()
    }
}

/// Something that is here to be read.
pub(super) fn literal(kind: &str, id: &str) -> Reference {
    Reference {
        reference: Some(format!("{kind}/{id}")),
        ..Reference::default()
    }
}

pub(super) fn concept(system: &str, code: &str) -> CodeableConcept {
    CodeableConcept {
        coding: vec![Coding {
            system: Some(system.to_owned()),
            code: Some(code.to_owned()),
            ..Coding::default()
        }],
        ..CodeableConcept::default()
    }
}

/// The zone.
pub(super) fn zone(id: &str) -> Extension {
    Extension {
        value_coding: Some(Coding {
            system: Some(ZONE.to_owned()),
            code: Some(id.to_owned()),
            ..Coding::default()
        }),
        ..Own::Zone.named()
    }
}
