//! A zone, and how sure it is that a postal code belongs to it.

use knipperlicht_vocabulary::ZoneId;
use serde::{Deserialize, Serialize};

/// A primary-care zone (eerstelijnszone).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its id, for ever.
    pub id: ZoneId,
    /// Its name, in Dutch.
    pub name: Box<str>,
    /// Where it lies.
    pub province: Province,
    /// Inhabitants in 2020, where known.
    pub population_2020: Option<u32>,
}

/// The province of a zone. Brussels is none, but is where a province would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Province {
    /// Antwerpen.
    Antwerp,
    /// The Brussels-Capital Region.
    Brussels,
    /// Oost-Vlaanderen.
    EastFlanders,
    /// Vlaams-Brabant.
    FlemishBrabant,
    /// Limburg.
    Limburg,
    /// West-Vlaanderen.
    WestFlanders,
}

/// How sure it is that a postal code belongs to a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Said by the zone itself or by the law.
    Sourced,
    /// From the open data of March 2022, in which every municipality has its zone.
    Snapshot,
    /// The same; the municipality has merged since, with one of the same zone.
    MergedWithinZone,
    /// Deduced: no source says it.
    Inferred,
    /// The municipality has merged since with one of another zone, and may have moved there.
    MergedAcrossZones,
    /// Sources contradict each other.
    Conflict,
}

impl Confidence {
    /// Whether a person need not look.
    #[must_use]
    pub const fn is_firm(self) -> bool {
        match self {
            Self::Sourced | Self::Snapshot | Self::MergedWithinZone => true,
            Self::Inferred | Self::MergedAcrossZones | Self::Conflict => false,
        }
    }
}
