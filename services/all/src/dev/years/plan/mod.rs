//! What happens in the invented years, decided beforehand: who is flagged when, and how those who are
//! asked behave. Pure, and the same every time.
//!
//! How many carers are how burdened, how old, and how often alone follows the Flemish care survey of
//! 2021 (`adults who are carers`) and the EDIZ-plus distribution of burden; how many a zone has, its
//! inhabitants. Everything else is invented: how often people flag, answer, decline and are helped.

mod behaviour;
mod carer;
mod chance;
mod contact;
mod moment;

use fastrand::Rng;
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use knipperlicht_contracts::intake::v1::Contact;
use knipperlicht_vocabulary::{
    AgeBand, Consent, Language, Observation, PostalCode, ReporterRole, ZoneId,
};
use knipperlicht_zones::{Zone, ZoneTable};

pub(super) use self::{
    behaviour::{Confirmation, Help, Reply},
    moment::{Moment, Part, is_weekend, later},
};
use self::{
    carer::Burden,
    chance::{happens, one_of},
    moment::{FLAGGING_DAYS_A_YEAR, is_flagging_day},
};

/// The same years at every start.
const SEED: u64 = 2021;

/// Signals a year of 100,000 inhabitants: a handful, for whoever looks at the zone.
const OF_100_000: f64 = 3.0;
/// Where nobody counted: what a zone has on average.
const INHABITANTS: u32 = 100_000;
/// Signals a year where a newcomer looks first, a town at the sea and a stretch of countryside: enough
/// that a report has figures to show, which hides all that are under ten.
const IN_A_SHOWN_ZONE: f64 = 110.0;
pub(in crate::dev) const SHOWN_ZONES: [&str; 2] = ["oostende-bredene", "westhoek"];

/// How many flag in a year for each who did the year before: word gets around.
const GROWTH: f64 = 1.15;
/// By month, against the average: people are away in summer, and January is long.
const SEASONS: [f64; 12] = [
    1.2, 1.1, 1.05, 1.0, 1.0, 0.95, 0.75, 0.75, 1.0, 1.1, 1.15, 0.95,
];

/// Of a hundred carers, how many are flagged a second time by somebody else, have a namesake nearby
/// who is flagged too, or share a phone with another one who is.
const SEEN_TWICE: u32 = 8;
const NAMESAKES: u32 = 3;
const HOUSEMATES: u32 = 2;

/// One situation, and what comes of it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    /// By whom it is flagged: one sign at least, in order.
    pub(super) signs: Vec<Sign>,
    pub(super) zone: ZoneId,
    pub(super) postal_code: PostalCode,
    pub(super) consent: Consent,
    /// After so many days whoever was not asked agrees, if they do.
    pub(super) agrees_after: Option<i32>,
    /// What whoever was never asked says once a coordinator has the reporter ask.
    pub(super) says_when_reminded: Consent,
    pub(super) language: Language,
    pub(super) age_band: AgeBand,
    /// How to reach the carer, who does not refuse to be reached.
    pub(super) contact: Option<Contact>,
    /// How each partner that is asked answers, one after the other; the last one's way is repeated.
    pub(super) answers: Vec<Reply>,
    pub(super) help: Help,
    /// What the carer answers when asked, if anything.
    pub(super) confirms: Option<Confirmation>,
}

/// One signal.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub(super) moment: Moment,
    /// The demo person, or an invented colleague.
    pub(super) reporter: String,
    pub(super) role: ReporterRole,
    pub(super) observations: Vec<Observation>,
    pub(super) note: &'static str,
    /// Minutes since it was noticed.
    pub(super) noticed: i64,
}

/// From which day on there is something in a zone: reports are of whole years that are over, and where
/// somebody looks first there are two to compare.
fn first_day(zone: &ZoneId, today: Date) -> Date {
    let years = if is_shown(zone) { 2 } else { 1 };
    date(today.year() - years, 1, 1)
}

/// Every story up to and including `to` in these zones, from `since` where that is said.
pub(super) fn stories(
    table: &ZoneTable,
    zones: &[&Zone],
    since: Option<Date>,
    to: Date,
) -> Vec<Story> {
    let mut rng = Rng::with_seed(SEED);
    let mut stories = Vec::new();
    for zone in zones {
        let codes: Vec<PostalCode> = table.postal_codes_of(&zone.id, to).collect();
        if codes.is_empty() {
            continue;
        }
        let place = Place {
            zone,
            codes: &codes,
        };
        let from = since.unwrap_or_else(|| first_day(&zone.id, to));
        let until = later(to, -FRESH);
        let days = from.series(1.days()).take_while(|day| *day <= until);
        // Spread evenly, so that no zone is without.
        let mut due = rng.f64();
        for day in days.filter(|day| is_flagging_day(*day)) {
            due += signals_on(zone, day, to);
            while due >= 1.0 {
                due -= 1.0;
                let story = place.story(&mut rng, Moment::afternoon(day));
                stories.extend(place.mistaken_for(&mut rng, &story));
                stories.push(story);
            }
        }
        let doubtful = codes.iter().copied().filter(|code| {
            let resolved = table.resolve(*code, to);
            resolved.is_ok_and(|resolved| resolved.is_doubtful())
        });
        stories.extend(place.fresh(&mut rng, to, doubtful.collect()));
    }
    stories
}

/// How many signals a zone has on average on one of the days on which people flag.
fn signals_on(zone: &Zone, day: Date, to: Date) -> f64 {
    let a_year = if is_shown(&zone.id) {
        IN_A_SHOWN_ZONE
    } else {
        OF_100_000 * f64::from(zone.population_2020.unwrap_or(INHABITANTS)) / 100_000.0
    };
    let season = usize::try_from(day.month() - 1).map_or(1.0, |month| SEASONS[month]);
    let since_last_year = i32::from(day.year() - to.year()) + 1;
    a_year / FLAGGING_DAYS_A_YEAR * season * GROWTH.powi(since_last_year)
}

fn is_shown(zone: &ZoneId) -> bool {
    SHOWN_ZONES.contains(&zone.as_str())
}

/// The last days, in which what is flagged waits for an answer still.
pub(super) const FRESH: i32 = 3;

struct Place<'p> {
    zone: &'p Zone,
    codes: &'p [PostalCode],
}

impl Place<'_> {
    fn story(&self, rng: &mut Rng, moment: Moment) -> Story {
        let burden = carer::burden(rng);
        let age_band = carer::age_band(rng);
        let (consent, agrees_after) = carer::consent(rng);
        let year = moment.day.year();
        let agrees = consent == Consent::Given || agrees_after.is_some();
        let help = behaviour::help(rng, burden);
        let mut signs = vec![self.sign(rng, moment, burden, age_band)];
        if agrees && happens(rng, SEEN_TWICE) {
            let again = moment.flagged_after(rng.i32(2..25));
            signs.push(self.sign(rng, again, burden, age_band));
        }
        Story {
            signs,
            zone: self.zone.id.clone(),
            postal_code: one_of(rng, self.codes),
            consent,
            agrees_after,
            language: carer::language(rng),
            age_band,
            says_when_reminded: carer::said_when_reminded(rng),
            contact: (consent != Consent::Refused).then(|| contact::somebody(rng, age_band, year)),
            answers: behaviour::answers(rng),
            help,
            confirms: behaviour::confirmation(rng, help.result),
        }
    }

    fn sign(&self, rng: &mut Rng, moment: Moment, burden: Burden, age: AgeBand) -> Sign {
        let role = carer::reporter_role(rng);
        Sign {
            moment,
            reporter: self.reporter(rng, role),
            role,
            observations: carer::observations(rng, burden, age),
            note: contact::note(rng),
            noticed: rng.i64(2..300),
        }
    }

    /// The demo's cleaner and nurse work where a newcomer looks first.
    fn reporter(&self, rng: &mut Rng, role: ReporterRole) -> String {
        let zone = self.zone.id.as_str();
        let own = zone == SHOWN_ZONES[0] && happens(rng, 60);
        match role {
            ReporterRole::Cleaner if own => "cleaner".to_owned(),
            ReporterRole::Nurse if own => "nurse".to_owned(),
            _ => format!("demo-{zone}-{}", role.code().replace('_', "-")),
        }
    }

    /// Somebody whom no rule tells from the carer of this story, some days later.
    fn mistaken_for(&self, rng: &mut Rng, story: &Story) -> Option<Story> {
        let of = story.contact.as_ref()?;
        let first = story.signs.first()?.moment;
        let moment = first.flagged_after(rng.i32(1..20));
        let year = moment.day.year();
        let contact = match rng.u32(0..100) {
            share if share < NAMESAKES && of.birth_year != 0 => contact::namesake(rng, of),
            share if (NAMESAKES..NAMESAKES + HOUSEMATES).contains(&share) => {
                contact::housemate(rng, of, year)
            }
            _ => return None,
        };
        Some(self.like(rng, moment, contact))
    }

    fn like(&self, rng: &mut Rng, moment: Moment, contact: Contact) -> Story {
        Story {
            consent: Consent::Given,
            agrees_after: None,
            contact: Some(contact),
            ..self.story(rng, moment)
        }
    }

    /// What came in last, so that desks and coordinators have something to do: one in every zone,
    /// several where somebody looks, one in each place that may belong to another zone.
    fn fresh(&self, rng: &mut Rng, today: Date, doubtful: Vec<PostalCode>) -> Vec<Story> {
        let when = [
            Moment::afternoon(later(today, -1)),
            Moment::afternoon(later(today, -2)),
            Moment::morning(today),
            Moment::afternoon(later(today, -1)),
            Moment::afternoon(today),
            Moment::afternoon(later(today, -1)),
        ];
        let shown = is_shown(&self.zone.id);
        let count = if shown { 2 * when.len() } else { 1 };
        let mut fresh: Vec<Story> = (0..count)
            .map(|number| self.unanswered(rng, when[number % when.len()]))
            .collect();
        for postal_code in doubtful {
            fresh.push(Story {
                postal_code,
                ..self.unanswered(rng, when[0])
            });
        }
        if shown && let Some(of) = fresh.iter().find_map(|story| story.contact.clone()) {
            let year = today.year();
            let contact = contact::housemate(rng, &of, year);
            fresh.push(self.like(rng, Moment::morning(today), contact));
        }
        fresh
    }

    fn unanswered(&self, rng: &mut Rng, moment: Moment) -> Story {
        let story = self.story(rng, moment);
        if happens(rng, 25) {
            return story;
        }
        Story {
            answers: vec![Reply::Silence],
            ..story
        }
    }
}

/// When the first of them begins.
pub(super) fn beginning(stories: &[Story]) -> Option<Moment> {
    let firsts = stories.iter().filter_map(|story| story.signs.first());
    firsts.map(|sign| sign.moment).min()
}

/// Somebody, for a test.
#[cfg(test)]
pub(super) fn somebodys() -> Story {
    let table = ZoneTable::builtin().unwrap();
    let today = date(2026, 11, 23);
    let zones: Vec<&Zone> = table.zones().take(1).collect();
    stories(&table, &zones, Some(today), today).remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Last year is over.
    const TODAY: Date = Date::constant(2026, 1, 4);

    fn everywhere(from: Date, to: Date) -> Vec<Story> {
        let table = ZoneTable::builtin().unwrap();
        let zones: Vec<&Zone> = table.zones().collect();
        stories(&table, &zones, Some(from), to)
    }

    fn of_2025() -> Vec<Story> {
        everywhere(date(2025, 1, 1), TODAY)
    }

    #[test]
    fn every_zone_has_as_many_as_its_inhabitants_lead_to_expect_and_the_same_every_time() {
        let table = ZoneTable::builtin().unwrap();
        let all = of_2025();
        for zone in table.zones() {
            let here = all.iter().filter(|story| story.zone == zone.id).count();
            let meant = if is_shown(&zone.id) {
                100..=200
            } else {
                1..=30
            };
            assert!(meant.contains(&here), "{}: {here}", zone.id);
        }
        assert_eq!(format!("{all:?}"), format!("{:?}", of_2025()));
    }

    #[test]
    fn a_second_year_has_more_than_the_first() {
        let all = everywhere(date(2024, 1, 1), TODAY);
        let of = |year: i16| {
            let begun = all.iter().map(|story| story.signs[0].moment.day.year());
            begun.filter(|begun| *begun == year).count()
        };
        assert!(of(2024) * 105 < of(2025) * 100);
    }

    #[test]
    fn where_somebody_looks_first_two_whole_years_can_be_compared() {
        let table = ZoneTable::builtin().unwrap();
        let zones: Vec<&Zone> = table.zones().collect();
        let all = stories(&table, &zones, None, TODAY);
        assert_eq!(beginning(&all).unwrap().day.year(), 2024);
        for zone in zones {
            let here = all.iter().filter(|story| story.zone == zone.id);
            let first = here.map(|story| story.signs[0].moment.day.year()).min();
            let expected = if is_shown(&zone.id) { 2024 } else { 2025 };
            assert_eq!(first, Some(expected), "{}", zone.id);
        }
    }

    #[test]
    fn nobody_is_flagged_for_nothing_and_whoever_is_not_helped_has_a_reason() {
        for story in of_2025() {
            assert!(!story.signs.is_empty());
            for sign in &story.signs {
                assert!(!sign.observations.is_empty());
            }
            let helped = story.help.result == knipperlicht_vocabulary::OutcomeResult::Helped;
            assert_eq!(story.help.reason.is_none(), helped);
        }
    }

    #[test]
    fn whoever_has_a_name_is_said_to_be_invented_and_has_a_number_of_nobody() {
        let mut named = 0;
        for contact in of_2025().iter().filter_map(|story| story.contact.as_ref()) {
            named += 1;
            assert!(contact.name.ends_with(" (voorbeeld)"), "{}", contact.name);
            assert!(
                contact.phone.is_empty() || contact.phone.starts_with("0400 "),
                "{}",
                contact.phone
            );
        }
        assert!(named > 300, "{named}");
    }

    #[test]
    fn every_place_that_may_belong_to_another_zone_has_somebody_who_waits() {
        let table = ZoneTable::builtin().unwrap();
        let today = TODAY;
        let all = of_2025();
        for zone in table.zones() {
            for code in table.postal_codes_of(&zone.id, today) {
                if !table
                    .resolve(code, today)
                    .unwrap()
                    .other_candidates
                    .is_empty()
                {
                    let waits = |story: &&Story| {
                        story.postal_code == code
                            && story.signs[0].moment.day > later(today, -FRESH)
                    };
                    assert!(all.iter().find(waits).is_some(), "{code}");
                }
            }
        }
    }
}
