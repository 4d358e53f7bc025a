//! What is offered: the one table that requests are checked against and that the capability statement
//! is written from.

/// What can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ServiceRequest,
    Task,
    Questionnaire,
    QuestionnaireResponse,
    Observation,
    Consent,
    Provenance,
    StructureDefinition,
    CodeSystem,
}

/// What can be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interaction {
    Read,
    Search,
    Create,
    Update,
}

/// What it can be searched by: the name, the type, and what it means here.
type Parameter = (&'static str, &'static str, &'static str);

/// A kind of thing, what can be done with it, and what it is here.
pub(super) struct Offer {
    pub(super) kind: Kind,
    pub(super) interactions: &'static [Interaction],
    pub(super) parameters: &'static [Parameter],
    pub(super) about: &'static str,
}

use Interaction::{Create, Read, Search, Update};

const ID: Parameter = ("_id", "token", "The id.");
const UPDATED: Parameter = (
    "_lastUpdated",
    "date",
    "When it last changed: a moment or a Belgian day, with eq, ne, gt, ge, lt, le, sa or eb.",
);
const IDENTIFIER: Parameter = ("identifier", "token", "An identifier.");
const STATUS: Parameter = ("status", "token", "The status.");
const ZONE: Parameter = (
    "zone",
    "token",
    "The primary-care zone, such as `oostende-bredene`.",
);
const SUBJECT: Parameter = (
    "subject",
    "reference",
    "The situation, by its id: `subject:identifier=<id>`.",
);
const PATIENT: Parameter = (
    "patient",
    "reference",
    "The situation, by its id: `patient:identifier=<id>`. Mandatory.",
);

pub(super) const OFFERS: &[Offer] = &[
    Offer {
        kind: Kind::ServiceRequest,
        interactions: &[Read, Search, Create],
        parameters: &[
            ID,
            UPDATED,
            IDENTIFIER,
            STATUS,
            (
                "intent",
                "token",
                "`proposal` for the caller's own signals, `order` for referrals.",
            ),
            ZONE,
            SUBJECT,
        ],
        about: "A signal (intent `proposal`), which a reporter creates and which is fixed then; a \
                referral (intent `order`), which the line makes. The carer is a pseudonym in both.",
    },
    Offer {
        kind: Kind::Task,
        interactions: &[Read, Search, Update],
        parameters: &[
            ID,
            UPDATED,
            IDENTIFIER,
            STATUS,
            ("business-status", "token", "The Belgian business status."),
            ZONE,
            SUBJECT,
            ("focus", "reference", "The referral: `ServiceRequest/<id>`."),
            (
                "owner",
                "reference",
                "The partner organisation, by its id: `owner:identifier=<id>`.",
            ),
        ],
        about: "What a partner organisation is asked to do: the referral's fulfilment, with the same \
                id. An update moves it: accepted, rejected, on-hold, requested, in-progress, \
                completed, cancelled. Nothing else of it can be changed.",
    },
    Offer {
        kind: Kind::Questionnaire,
        interactions: &[Read, Search],
        parameters: &[ID, ("url", "uri", "The canonical address.")],
        about: "An instrument that can be used here.",
    },
    Offer {
        kind: Kind::QuestionnaireResponse,
        interactions: &[Read, Search],
        parameters: &[ID, UPDATED, IDENTIFIER, PATIENT],
        about: "That a form was filled in, and when. What was answered is not shown again; what it \
                came to is an Observation.",
    },
    Offer {
        kind: Kind::Observation,
        interactions: &[Read, Search],
        parameters: &[
            ID,
            UPDATED,
            IDENTIFIER,
            PATIENT,
            (
                "category",
                "token",
                "`survey` for scores, `trend` for what became of them, `judgement` for assessments.",
            ),
        ],
        about: "A score, what became of a series of scores, or a judgement with its reasons.",
    },
    Offer {
        kind: Kind::Consent,
        interactions: &[Read, Search],
        parameters: &[ID, UPDATED, STATUS, PATIENT],
        about: "What the carer agreed to, as it stands now.",
    },
    Offer {
        kind: Kind::Provenance,
        interactions: &[Read, Search],
        parameters: &[
            ID,
            UPDATED,
            (
                "target",
                "reference",
                "The situation, by its id: `target:identifier=<id>`. Mandatory.",
            ),
        ],
        about: "What happened in a situation: when, and in which role somebody did it. Never who.",
    },
    Offer {
        kind: Kind::StructureDefinition,
        interactions: &[Read, Search],
        parameters: &[ID, ("url", "uri", "The canonical address.")],
        about: "The extensions of our own.",
    },
    Offer {
        kind: Kind::CodeSystem,
        interactions: &[Read, Search],
        parameters: &[ID, ("url", "uri", "The canonical address.")],
        about: "The lists of codes of our own.",
    },
];

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ServiceRequest => "ServiceRequest",
            Self::Task => "Task",
            Self::Questionnaire => "Questionnaire",
            Self::QuestionnaireResponse => "QuestionnaireResponse",
            Self::Observation => "Observation",
            Self::Consent => "Consent",
            Self::Provenance => "Provenance",
            Self::StructureDefinition => "StructureDefinition",
            Self::CodeSystem => "CodeSystem",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let mut kinds = OFFERS.iter().map(|offer| offer.kind);
        kinds.find(|kind| kind.name() == name)
    }
}

impl Interaction {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Search => "search-type",
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

fn offer(kind: Kind) -> Option<&'static Offer> {
    OFFERS.iter().find(|offer| offer.kind == kind)
}

pub(super) fn can(kind: Kind, interaction: Interaction) -> bool {
    offer(kind).is_some_and(|offer| offer.interactions.contains(&interaction))
}

pub(super) fn can_search(kind: Kind, name: &str) -> bool {
    searches(kind).any(|one| one == name)
}

/// The names of what it can be searched by.
pub(super) fn searches(kind: Kind) -> impl Iterator<Item = &'static str> {
    let parameters = offer(kind).map_or(&[][..], |offer| offer.parameters);
    parameters.iter().map(|(name, _, _)| *name)
}
