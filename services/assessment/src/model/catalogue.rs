//! The catalogue: every instrument that can be used here.

use std::collections::BTreeMap;

use super::instrument::{About, Instrument, InstrumentFault};

/// The instruments whose use is free, with the project's own wording, and those whose score is
/// entered. The Zarit Burden Interview is not among them: its licence covers electronic use too.
const BUILTIN: &[(&str, &str)] = &[
    (
        "belrai-screener",
        include_str!("../../data/instruments/belrai-screener.json"),
    ),
    (
        "carerqol-7d",
        include_str!("../../data/instruments/carerqol-7d.json"),
    ),
    ("csi", include_str!("../../data/instruments/csi.json")),
    ("ediz", include_str!("../../data/instruments/ediz.json")),
    (
        "ediz-plus",
        include_str!("../../data/instruments/ediz-plus.json"),
    ),
    (
        "interrai-cwbi",
        include_str!("../../data/instruments/interrai-cwbi.json"),
    ),
    (
        "maca-yc18",
        include_str!("../../data/instruments/maca-yc18.json"),
    ),
    ("mcsi", include_str!("../../data/instruments/mcsi.json")),
    (
        "perseverance-time",
        include_str!("../../data/instruments/perseverance-time.json"),
    ),
];

/// Every instrument that can be used here, in each of its versions.
#[derive(Debug, Clone, Default)]
pub struct Catalogue(BTreeMap<(String, String), Instrument>);

/// An instrument that cannot be in the catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueFault {
    /// Its file cannot be used.
    #[error("{0}")]
    File(#[from] InstrumentFault),
    /// The same version is there already.
    #[error("questionnaire.version: `{id}` is there in version {version} already")]
    SameVersion {
        /// The instrument.
        id: String,
        /// The version.
        version: String,
    },
    /// The address is another instrument's.
    #[error("questionnaire.url: `{url}` is the address of `{other}`")]
    SameUrl {
        /// The address.
        url: String,
        /// Whose it is.
        other: String,
    },
    /// It would stand in the place of one that comes with the program.
    #[error("questionnaire.id: `{id}` comes with the program: give yours an id of its own")]
    BuiltIn {
        /// The instrument.
        id: String,
    },
}

impl Catalogue {
    /// The instruments that come with this program.
    pub fn builtin() -> Result<Self, CatalogueFault> {
        let mut catalogue = Self::default();
        for (_, file) in BUILTIN {
            catalogue.insert(Instrument::parse(file)?)?;
        }
        Ok(catalogue)
    }

    /// Adds an organisation's own instrument.
    pub fn add(&mut self, file: &str) -> Result<(), CatalogueFault> {
        let instrument = Instrument::parse(file)?;
        if BUILTIN.iter().any(|(id, _)| *id == instrument.id) {
            return Err(CatalogueFault::BuiltIn { id: instrument.id });
        }
        self.insert(instrument)
    }

    fn insert(&mut self, instrument: Instrument) -> Result<(), CatalogueFault> {
        let mut others = self.0.values().filter(|known| known.id != instrument.id);
        if let Some(other) = others.find(|known| known.url == instrument.url) {
            return Err(CatalogueFault::SameUrl {
                url: instrument.url,
                other: other.id.clone(),
            });
        }
        let key = (instrument.id.clone(), instrument.version.clone());
        if self.0.contains_key(&key) {
            let (id, version) = key;
            return Err(CatalogueFault::SameVersion { id, version });
        }
        self.0.insert(key, instrument);
        Ok(())
    }

    /// An instrument in one of its versions.
    #[must_use]
    pub fn get(&self, id: &str, version: &str) -> Option<&Instrument> {
        self.0.get(&(id.to_owned(), version.to_owned()))
    }

    /// The versions there are of an instrument.
    pub fn versions(&self, id: &str) -> impl Iterator<Item = &str> {
        let known = self.all().filter(move |known| known.id == id);
        known.map(|known| known.version.as_str())
    }

    /// Whether what this instrument measures is known to tell of the carer. Of one whose file an
    /// organisation took away nobody knows.
    #[must_use]
    pub fn tells_of_the_carer(&self, id: &str) -> bool {
        let mut versions = self.all().filter(|known| known.id == id).peekable();
        versions.peek().is_some() && versions.all(|known| known.scoring.about == About::Carer)
    }

    /// Every instrument, by its id.
    pub fn all(&self) -> impl Iterator<Item = &Instrument> {
        self.0.values()
    }
}
