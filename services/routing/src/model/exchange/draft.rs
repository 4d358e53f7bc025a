//! What a file says of one service: texts with their places, and the checks that make a listing
//! of them. Both forms go through here, so that what is wrong in one is wrong in the other.

use std::{fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
};
use knipperlicht_vocabulary::{AgeBand, CapacityState, Language, Need, PostalCode, ZoneId};

use super::{
    Check,
    fault::{Fault, FaultKind, Place},
};
use crate::model::{
    directory::{Area, Capacity, Fit, Service},
    listing::{Day, Details, Listing, Opening},
    synthetic::VALID_FROM,
};

/// Clocks differ: so much ahead of ours is still now.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A text longer than this is no name or address any more.
const LONGEST: usize = 2_000;

/// A text at its place; empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) place: Place,
    pub(super) text: String,
}

/// What a file says of where a service is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DraftArea {
    pub(super) place: Place,
    pub(super) everywhere: bool,
    pub(super) zones: Vec<Text>,
    pub(super) postal_codes: Vec<Text>,
}

/// What a file says of opening hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DraftOpening {
    pub(super) days: Text,
    pub(super) opens_at: Text,
    pub(super) closes_at: Text,
}

/// What a file says of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) id: Text,
    pub(super) organisation: Text,
    pub(super) name: Text,
    pub(super) organisation_name: Text,
    pub(super) url: Text,
    /// Where needs belong, and the needs.
    pub(super) needs_place: Place,
    pub(super) needs: Vec<Text>,
    pub(super) area: DraftArea,
    pub(super) languages_place: Place,
    pub(super) languages: Vec<Text>,
    pub(super) age_bands: Vec<Text>,
    pub(super) target_group: Text,
    pub(super) fit: Text,
    pub(super) capacity: Text,
    pub(super) capacity_updated: Text,
    pub(super) capacity_until: Text,
    pub(super) valid_from: Text,
    pub(super) valid_to: Text,
    pub(super) verified_on: Text,
    pub(super) synthetic: bool,
    pub(super) description: Text,
    pub(super) eligibility: Text,
    pub(super) minimum_age: Text,
    pub(super) maximum_age: Text,
    pub(super) required_documents: Vec<Text>,
    pub(super) email: Text,
    pub(super) phone: Text,
    pub(super) opening: Vec<DraftOpening>,
}

impl Draft {
    /// The listing it makes, if nothing is wrong with it; what is goes to `faults`.
    pub(super) fn check(&self, check: &Check<'_>, faults: &mut Vec<Fault>) -> Option<Listing> {
        let mut checker = Checker {
            check,
            faults,
            wrong: false,
        };
        let listing = self.listing(&mut checker);
        listing.filter(|_| !checker.wrong)
    }

    fn listing(&self, checker: &mut Checker<'_, '_>) -> Option<Listing> {
        let id = checker.needed(&self.id);
        let organisation = checker.needed(&self.organisation);
        let name = checker.words(&self.name);
        let organisation_name = checker.words(&self.organisation_name);
        let needs: Vec<Need> = checker.codes(&self.needs_place, &self.needs, FaultKind::Code);
        let (area, postal_codes) = checker.area(&self.area);
        let languages = checker.languages(&self.languages_place, &self.languages);
        let minimum_age = checker.age(&self.minimum_age);
        let maximum_age = checker.age(&self.maximum_age);
        let age_bands = checker.age_bands(self, minimum_age, maximum_age);
        let target_group = checker.text(&self.target_group);
        let fit = checker.fit(&self.fit);
        let capacity = checker.capacity(self);
        let capacity_until = checker.date(&self.capacity_until);
        let valid_from = checker.date(&self.valid_from).unwrap_or(VALID_FROM);
        let valid_to = checker.date(&self.valid_to);
        if valid_to.is_some_and(|last| last < valid_from) {
            let what = format!("it ends before it begins on {valid_from}");
            checker.wrong(&self.valid_to.place, FaultKind::Period, what);
        }
        let verified_on = checker.date(&self.verified_on);
        if verified_on.is_some_and(|day| day > checker.check.today) {
            let what = "nobody can have made sure of it on a day to come".to_owned();
            checker.wrong(&self.verified_on.place, FaultKind::Malformed, what);
        }
        let details = Details {
            description: checker.text(&self.description),
            eligibility: checker.text(&self.eligibility),
            minimum_age,
            maximum_age,
            required_documents: self
                .required_documents
                .iter()
                .filter_map(|text| checker.text(text))
                .collect(),
            email: checker.text(&self.email),
            phone: checker.text(&self.phone),
            opening: self
                .opening
                .iter()
                .filter_map(|opening| checker.opening(opening))
                .collect(),
        };
        let url = checker.text(&self.url).map(with_scheme);
        Some(Listing {
            service: Service {
                id: id?,
                organisation: organisation?,
                name: name?,
                organisation_name: organisation_name?,
                url,
                needs: needs.into_iter().collect(),
                area: area?,
                postal_codes,
                languages,
                age_bands,
                target_group,
                fit,
                capacity,
                valid_from,
                valid_to,
                synthetic: self.synthetic,
            },
            capacity_until: capacity_until.filter(|_| capacity.is_some()),
            verified_on,
            details,
        })
    }
}

struct Checker<'c, 'f> {
    check: &'c Check<'c>,
    faults: &'f mut Vec<Fault>,
    wrong: bool,
}

impl Checker<'_, '_> {
    fn wrong(&mut self, place: &Place, kind: FaultKind, what: String) {
        self.wrong = true;
        self.note(place, kind, what);
    }

    fn note(&mut self, place: &Place, kind: FaultKind, what: String) {
        self.faults.push(Fault {
            place: place.clone(),
            kind,
            what,
        });
    }

    /// A value that has to be there.
    fn needed<T: FromStr>(&mut self, given: &Text) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        if given.text.is_empty() {
            self.missing(&given.place);
            return None;
        }
        self.parsed(given, FaultKind::Malformed)
    }

    fn missing(&mut self, place: &Place) {
        self.wrong(place, FaultKind::Missing, "nothing is said here".to_owned());
    }

    fn parsed<T: FromStr>(&mut self, given: &Text, kind: FaultKind) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        match given.text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(&given.place, kind, error.to_string());
                None
            }
        }
    }

    /// A text that has to be there.
    fn words(&mut self, given: &Text) -> Option<String> {
        if given.text.trim().is_empty() {
            self.missing(&given.place);
        }
        self.text(given)
    }

    /// A text, where something is said.
    fn text(&mut self, given: &Text) -> Option<String> {
        let text = given.text.trim();
        if text.len() > LONGEST {
            let what = format!("longer than {LONGEST} bytes");
            self.wrong(&given.place, FaultKind::Malformed, what);
        }
        // PostgreSQL keeps no such character, and nobody types it.
        if text.contains('\0') {
            let what = "it holds a character that is none".to_owned();
            self.wrong(&given.place, FaultKind::Malformed, what);
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn date(&mut self, given: &Text) -> Option<Date> {
        if given.text.is_empty() {
            return None;
        }
        let date = given.text.parse().ok();
        if date.is_none() {
            let what = format!("`{}` is no day such as 2026-11-21", cut(&given.text));
            self.wrong(&given.place, FaultKind::Malformed, what);
        }
        date
    }

    /// Codes of which there has to be one, once each.
    fn codes<T: FromStr + PartialEq>(
        &mut self,
        place: &Place,
        given: &[Text],
        kind: FaultKind,
    ) -> Vec<T>
    where
        T::Err: fmt::Display,
    {
        if given.is_empty() {
            self.missing(place);
        }
        let mut codes = Vec::with_capacity(given.len());
        for one in given {
            if let Some(code) = self.parsed(one, kind)
                && !codes.contains(&code)
            {
                codes.push(code);
            }
        }
        codes
    }

    fn languages(&mut self, place: &Place, given: &[Text]) -> Vec<Language> {
        if given.is_empty() {
            self.missing(place);
        }
        let mut languages = Vec::with_capacity(given.len());
        let mut left_out = false;
        for one in given {
            match language(&one.text) {
                Spoken::Known(language) if !languages.contains(&language) => {
                    languages.push(language);
                }
                Spoken::Known(_) => {}
                Spoken::Unlisted => {
                    left_out = true;
                    let what = format!(
                        "`{}` is a language that no carer can be asked for here",
                        one.text
                    );
                    self.note(&one.place, FaultKind::NotKept, what);
                }
                Spoken::No => {
                    let what = format!("`{}` is no code of a language", cut(&one.text));
                    self.wrong(&one.place, FaultKind::Language, what);
                }
            }
        }
        if languages.is_empty() && left_out {
            let what = "none of its languages can be asked for here".to_owned();
            self.wrong(place, FaultKind::Language, what);
        }
        languages
    }

    fn age(&mut self, given: &Text) -> Option<u8> {
        if given.text.is_empty() {
            return None;
        }
        // HSDS has numbers: `18.0` is 18.
        let whole = given.text.strip_suffix(".0").unwrap_or(&given.text);
        let age = whole.parse().ok();
        if age.is_none() {
            let what = format!("`{}` is no age in years", cut(&given.text));
            self.wrong(&given.place, FaultKind::Malformed, what);
        }
        age
    }

    /// The bands that are named; without any, those that lie wholly within the ages named. No
    /// band stands for every age.
    fn age_bands(
        &mut self,
        draft: &Draft,
        minimum: Option<u8>,
        maximum: Option<u8>,
    ) -> Vec<AgeBand> {
        if let Some((minimum, maximum)) = minimum.zip(maximum)
            && minimum > maximum
        {
            let what = format!("it ends before it begins at {minimum}");
            self.wrong(&draft.maximum_age.place, FaultKind::Period, what);
            return Vec::new();
        }
        if draft.age_bands.is_empty() {
            let (from, to) = (minimum.unwrap_or(0), maximum.unwrap_or(u8::MAX));
            let within = |band: &&AgeBand| {
                let (youngest, oldest) = ages(**band);
                from <= youngest && oldest <= to
            };
            let bands: Vec<AgeBand> = AgeBand::ALL.iter().filter(within).copied().collect();
            if bands.is_empty() {
                let place = if minimum.is_some() {
                    &draft.minimum_age.place
                } else {
                    &draft.maximum_age.place
                };
                let what = "no age band lies wholly within these ages: name the bands themselves"
                    .to_owned();
                self.wrong(place, FaultKind::Code, what);
            }
            return if bands.len() == AgeBand::ALL.len() {
                Vec::new()
            } else {
                bands
            };
        }
        if let [only] = draft.age_bands.as_slice()
            && only.text == "all"
        {
            return Vec::new();
        }
        self.codes(&Place::default(), &draft.age_bands, FaultKind::Code)
    }

    fn fit(&mut self, given: &Text) -> Fit {
        match given.text.as_str() {
            "" | "generic" => Fit::Generic,
            "specific" => Fit::Specific,
            other => {
                let what = format!("`{}` is neither generic nor specific", cut(other));
                self.wrong(&given.place, FaultKind::Code, what);
                Fit::Generic
            }
        }
    }

    fn capacity(&mut self, draft: &Draft) -> Option<Capacity> {
        if draft.capacity.text.is_empty() {
            return None;
        }
        let state: Option<CapacityState> = self.parsed(&draft.capacity, FaultKind::Code);
        let updated = &draft.capacity_updated;
        if updated.text.is_empty() {
            self.missing(&updated.place);
            return None;
        }
        let Ok(stated_at) = updated.text.parse::<Timestamp>() else {
            let what = format!(
                "`{}` is no moment such as 2026-11-21T14:02:00Z",
                cut(&updated.text)
            );
            self.wrong(&updated.place, FaultKind::Malformed, what);
            return None;
        };
        let now = self.check.now;
        if stated_at.duration_since(now) > CLOCK_TOLERANCE {
            let what = "nobody can have said so yet".to_owned();
            self.wrong(&updated.place, FaultKind::CapacityInFuture, what);
        }
        // What PostgreSQL keeps, so that a file read again says the same.
        let stated_at = Timestamp::from_microsecond(stated_at.min(now).as_microsecond()).ok()?;
        Some(Capacity {
            state: state?,
            stated_at,
        })
    }

    fn area(&mut self, given: &DraftArea) -> (Option<Area>, Vec<PostalCode>) {
        let ways = [
            given.everywhere,
            !given.zones.is_empty(),
            !given.postal_codes.is_empty(),
        ];
        match ways.iter().filter(|way| **way).count() {
            0 => {
                self.missing(&given.place);
                return (None, Vec::new());
            }
            1 => {}
            _ => {
                let what = "everywhere, zones and postal codes exclude each other".to_owned();
                self.wrong(&given.place, FaultKind::Area, what);
                return (None, Vec::new());
            }
        }
        if given.everywhere {
            return (Some(Area::Everywhere), Vec::new());
        }
        let mut zones: Vec<ZoneId> = Vec::new();
        for one in &given.zones {
            let zone = one.text.parse().ok();
            match zone.filter(|zone| self.check.zones.zone(zone).is_some()) {
                Some(zone) if !zones.contains(&zone) => zones.push(zone),
                Some(_) => {}
                None => {
                    let what = format!("`{}` is no primary-care zone", cut(&one.text));
                    self.wrong(&one.place, FaultKind::Area, what);
                }
            }
        }
        let mut postal_codes: Vec<PostalCode> = Vec::new();
        for one in &given.postal_codes {
            let Some(code) = self.parsed(one, FaultKind::Area) else {
                continue;
            };
            match self.check.zones.resolve(code, self.check.today) {
                Ok(found) => {
                    let found = std::iter::once(found.zone).chain(found.other_candidates);
                    for zone in found {
                        if !zones.contains(&zone.id) {
                            zones.push(zone.id.clone());
                        }
                    }
                    if !postal_codes.contains(&code) {
                        postal_codes.push(code);
                    }
                }
                Err(error) => self.wrong(&one.place, FaultKind::Area, error.to_string()),
            }
        }
        (
            (!zones.is_empty()).then_some(Area::Zones(zones)),
            postal_codes,
        )
    }

    fn opening(&mut self, given: &DraftOpening) -> Option<Opening> {
        let mut days = Vec::new();
        for code in given.days.text.split(',').map(str::trim) {
            match Day::parse(code) {
                Some(day) if !days.contains(&day) => days.push(day),
                Some(_) => {}
                None => {
                    let what = format!("`{}` is no day such as MO or SU", cut(code));
                    self.wrong(&given.days.place, FaultKind::Malformed, what);
                    return None;
                }
            }
        }
        days.sort_unstable();
        let opens_at = self.time(&given.opens_at);
        let closes_at = self.time(&given.closes_at);
        if let Some((opens, closes)) = opens_at.zip(closes_at)
            && closes <= opens
        {
            let what = format!("it closes before it opens at {opens}");
            self.wrong(&given.closes_at.place, FaultKind::Period, what);
        }
        Some(Opening {
            days,
            opens_at,
            closes_at,
        })
    }

    /// A time of day in Belgium. HSDS wants the offset said: that of winter or summer changes
    /// nothing, for opening hours do not move with the clock.
    fn time(&mut self, given: &Text) -> Option<Time> {
        let text = given.text.as_str();
        if text.is_empty() {
            return None;
        }
        let local = ["+01:00", "+02:00"]
            .into_iter()
            .find_map(|offset| text.strip_suffix(offset));
        let local = local.unwrap_or(text);
        let time = local.parse().ok().filter(|_| !local.ends_with('Z'));
        if time.is_none() {
            let what = format!("`{}` is no time of day in Belgium such as 09:00", cut(text));
            self.wrong(&given.place, FaultKind::Malformed, what);
        }
        time
    }
}

/// The first and last year of an age band.
const fn ages(band: AgeBand) -> (u8, u8) {
    match band {
        AgeBand::Under18 => (0, 17),
        AgeBand::From18To25 => (18, 25),
        AgeBand::From26To64 => (26, 64),
        AgeBand::From65To79 => (65, 79),
        // Whoever writes 100 or more means no end.
        AgeBand::From80 => (80, 100),
    }
}

/// What a code says of a language.
enum Spoken {
    /// One of ours.
    Known(Language),
    /// A language, but none that a carer's situation can name.
    Unlisted,
    /// No language.
    No,
}

fn language(code: &str) -> Spoken {
    if let Some((ours, _)) = ISO_639_3.iter().find(|(_, three)| *three == code) {
        return Spoken::Known(*ours);
    }
    let listed = code.parse().ok();
    if let Some(language) = listed.filter(|language| *language != Language::Other) {
        return Spoken::Known(language);
    }
    if code.len() == 2 && ISO_639_1.split(' ').any(|one| one == code) {
        Spoken::Unlisted
    } else {
        Spoken::No
    }
}

/// HSDS allows ISO 639-3 as well.
const ISO_639_3: [(Language, &str); 12] = [
    (Language::Dutch, "nld"),
    (Language::French, "fra"),
    (Language::English, "eng"),
    (Language::German, "deu"),
    (Language::Turkish, "tur"),
    (Language::Arabic, "ara"),
    (Language::Polish, "pol"),
    (Language::Romanian, "ron"),
    (Language::Bulgarian, "bul"),
    (Language::Ukrainian, "ukr"),
    (Language::Spanish, "spa"),
    (Language::Italian, "ita"),
];

/// Every code of ISO 639-1.
const ISO_639_1: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"; // typos:ignore

/// An address as HSDS wants it: a URI.
pub(crate) fn with_scheme(url: String) -> String {
    if url.contains("://") {
        url
    } else {
        format!("https://{url}")
    }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
