//! A search: what is asked for, and which page of it.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde_json::Value;

use super::{
    found::Found,
    offer::{self, Kind},
    outcome::Refusal,
    reply,
    types::{Bundle, Entry, Link, Search},
};

/// How many of a search are in one answer: if nothing is said, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

/// So many values may be asked for at once.
const MOST_TERMS: usize = 40;

/// What stands behind the `?`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

/// A search that is understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    terms: Vec<(String, String)>,
    within: Vec<Within>,
    count: Option<usize>,
    after: Option<(i64, String)>,
    /// What was understood, as it goes into links.
    said: Vec<(String, String)>,
}

/// A span of time, and on which side of it something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Within {
    prefix: Prefix,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if pairs.len() > MOST_TERMS {
            return Err(Refusal::search("a search has at most 40 parameters"));
        }
        Ok(Self(pairs))
    }

    pub(super) fn format(&self) -> Option<&str> {
        self.value("_format")
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// As a search for this kind of thing.
    pub(super) fn wanted(&self, kind: Kind, is_lenient: bool) -> Result<Wanted, Refusal> {
        let mut wanted = Wanted::default();
        for (name, value) in &self.0 {
            match name.as_str() {
                "_format" | "_pretty" => continue,
                "_count" => wanted.count = Some(count(value)?),
                "_cursor" => wanted.after = Some(cursor(value)?),
                "_lastUpdated" if offer::can_search(kind, name) => {
                    wanted.within.push(within(value)?);
                }
                _ if offer::can_search(kind, plain(name)) => {
                    if wanted.terms.iter().any(|(one, _)| one == plain(name)) {
                        let what = format!("`{name}` is there twice: put a comma between values");
                        return Err(Refusal::search(what));
                    }
                    wanted.terms.push((plain(name).to_owned(), value.clone()));
                }
                _ if is_lenient => continue,
                _ => return Err(unknown(kind, name)),
            }
            wanted.said.push((name.clone(), value.clone()));
        }
        Ok(wanted)
    }
}

/// A name without what says that a reference is meant by its identifier: ours all are.
fn plain(name: &str) -> &str {
    name.strip_suffix(":identifier").unwrap_or(name)
}

fn unknown(kind: Kind, name: &str) -> Refusal {
    let known: Vec<_> = offer::searches(kind).collect();
    let what = format!(
        "`{}` cannot be searched by `{}`; it can by {}, _count",
        kind.name(),
        name.chars().take(40).collect::<String>(),
        known.join(", "),
    );
    Refusal::search(what)
}

fn count(value: &str) -> Result<usize, Refusal> {
    let number = value.parse::<usize>();
    let number = number.map_err(|_| Refusal::search("`_count` is a number, such as 50"))?;
    Ok(number.min(LARGEST_PAGE))
}

fn cursor(value: &str) -> Result<(i64, String), Refusal> {
    let parsed = value.split_once('~').and_then(|(at, id)| {
        let at = at.parse().ok()?;
        Some((at, id.to_owned()))
    });
    parsed.ok_or_else(|| Refusal::search("`_cursor` is not to be made: follow the link `next`"))
}

/// A moment or a day, with what stands before it.
fn within(value: &str) -> Result<Within, Refusal> {
    let (prefix, rest) = match value.get(..2) {
        Some("eq") => (Prefix::Eq, &value[2..]),
        Some("ne") => (Prefix::Ne, &value[2..]),
        Some("gt" | "sa") => (Prefix::Gt, &value[2..]),
        Some("ge") => (Prefix::Ge, &value[2..]),
        Some("lt" | "eb") => (Prefix::Lt, &value[2..]),
        Some("le") => (Prefix::Le, &value[2..]),
        _ => (Prefix::Eq, value),
    };
    let (from, to) = span(rest).ok_or_else(|| {
        Refusal::search(
            "`_lastUpdated` is a moment or a day, such as gt2026-11-21T14:02:00Z or ge2026-11-21",
        )
    })?;
    Ok(Within { prefix, from, to })
}

/// From when to when a text of this precision reaches.
fn span(text: &str) -> Option<(Timestamp, Timestamp)> {
    if let Ok(day) = text.parse::<civil::Date>()
        && text.len() == 10
    {
        let brussels = TimeZone::get("Europe/Brussels").ok()?;
        let start = |day: civil::Date| day.to_zoned(brussels.clone()).ok().map(|it| it.timestamp());
        return Some((start(day)?, start(day.tomorrow().ok()?)?));
    }
    // A `+` in an address that nobody escaped is a blank.
    let from: Timestamp = text.replace(' ', "+").parse().ok()?;
    let digits = text.split_once('.').map_or(0, |(_, rest)| {
        rest.bytes().take_while(u8::is_ascii_digit).count()
    });
    let step = match digits {
        0 => SignedDuration::from_secs(1),
        1..=3 => SignedDuration::from_millis(1),
        _ => SignedDuration::from_micros(1),
    };
    Some((from, from.checked_add(step).ok()?))
}

impl Within {
    fn holds(self, at: Timestamp) -> bool {
        match self.prefix {
            Prefix::Eq => self.from <= at && at < self.to,
            Prefix::Ne => at < self.from || self.to <= at,
            Prefix::Gt => at >= self.to,
            Prefix::Ge => at >= self.from,
            Prefix::Lt => at < self.from,
            Prefix::Le => at < self.to,
        }
    }
}

impl Wanted {
    /// What was asked for by this name.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        let found = self.terms.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the answer can be one of these codes.
    pub(super) fn may_be(&self, name: &str, code: &str) -> bool {
        self.of(name).is_none_or(|asked| {
            asked
                .split(',')
                .any(|one| one.rsplit('|').next() == Some(code))
        })
    }

    /// The situation that is asked about, which some searches cannot do without.
    pub(super) fn situation(&self) -> Result<&str, Refusal> {
        let asked = ["subject", "patient", "target"]
            .iter()
            .find_map(|name| self.of(name));
        let asked = asked.and_then(|asked| asked.rsplit('|').next());
        asked.filter(|one| !one.is_empty() && !one.contains(',')).ok_or_else(|| {
            let what = "say of which situation, such as `patient:identifier=<its id>`: it stands in every request";
            Refusal::search(what)
        })
    }

    fn takes(&self, found: &Found) -> bool {
        let fits = |(name, value): &(String, String)| {
            value.split(',').any(|one| found.has(name, one.trim()))
        };
        self.terms.iter().all(fits)
            && (self.within.is_empty()
                || found
                    .at
                    .is_some_and(|at| self.within.iter().all(|one| one.holds(at))))
    }

    /// One page of what was found, the longest unchanged first: what changes while somebody turns
    /// pages comes once more, and nothing is passed over.
    pub(super) fn page(&self, kind: Kind, base: &str, mut found: Vec<Found>) -> Value {
        found.retain(|one| self.takes(one));
        found.sort_by(|one, other| one.place().cmp(&other.place()));
        let total = u64::try_from(found.len()).unwrap_or_default();
        if let Some((at, id)) = &self.after {
            found.retain(|one| one.place() > (*at, id.as_str()));
        }
        let count = self.count.unwrap_or(PAGE);
        let more = found.len() > count;
        found.truncate(count);
        let mut link = vec![Link {
            relation: "self".to_owned(),
            url: self.link(kind, base, None),
        }];
        if let Some(last) = found.last().filter(|_| more) {
            link.push(Link {
                relation: "next".to_owned(),
                url: self.link(kind, base, Some(last.place())),
            });
        }
        let entry = found.into_iter().map(|one| Entry {
            full_url: Some(format!("{base}/{}/{}", kind.name(), one.id)),
            resource: one.resource,
            search: Some(Search {
                mode: "match".to_owned(),
            }),
        });
        let bundle = Bundle {
            kind: "searchset".to_owned(),
            total: Some(total),
            link,
            entry: entry.collect(),
        };
        reply::json("Bundle", &bundle)
    }

    fn link(&self, kind: Kind, base: &str, after: Option<(i64, &str)>) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.said {
            if name != "_cursor" || after.is_none() {
                pairs.append_pair(name, value);
            }
        }
        if let Some((at, id)) = after {
            pairs.append_pair("_cursor", &format!("{at}~{id}"));
        }
        let pairs = pairs.finish();
        let mark = if pairs.is_empty() { "" } else { "?" };
        format!("{base}/{}{mark}{pairs}", kind.name())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_reaches_as_far_as_its_precision() {
        let now = at("2026-11-21T14:02:03.500Z");
        for (said, holds) in [
            ("2026-11-21T14:02:03Z", true),
            ("gt2026-11-21T14:02:03Z", false),
            ("ge2026-11-21T14:02:03Z", true),
            ("gt2026-11-21T14:02:03.499Z", true),
            ("gt2026-11-21T14:02:03.500000Z", false),
            ("le2026-11-21T14:02:03Z", true),
            ("lt2026-11-21T14:02:03Z", false),
            ("ne2026-11-21", false),
            ("2026-11-21", true),
            ("gt2026-11-20", true),
            ("eb2026-11-22", true),
            ("sa2026-11-21", false),
            ("ge2026-11-21T15:02:03 01:00", true),
        ] {
            assert_eq!(within(said).unwrap().holds(now), holds, "{said}");
        }
        for wrong in ["", "gt", "yesterday", "2026", "2026-11", "xx2026-11-21"] {
            assert!(within(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_a_belgian_one() {
        let (from, to) = span("2026-11-21").unwrap();
        assert_eq!(from, at("2026-11-20T23:00:00Z"));
        assert_eq!(to, at("2026-11-21T23:00:00Z"));
    }

    #[test]
    fn what_is_not_known_is_refused_or_passed_over_as_asked() {
        let query = Query::parse("status=active&flavour=sweet").unwrap();
        assert!(query.wanted(Kind::Task, false).is_err());
        let wanted = query.wanted(Kind::Task, true).unwrap();
        assert_eq!(wanted.link(Kind::Task, "b", None), "b/Task?status=active");
        let twice = Query::parse("status=active&status=draft").unwrap();
        assert!(twice.wanted(Kind::Task, true).is_err());
    }

    #[test]
    fn no_page_is_left_out_and_none_comes_twice() {
        let things = || -> Vec<Found> {
            let one = |n: i64| {
                let moment = Timestamp::from_second(n / 2).unwrap();
                Found::new(Kind::Task, format!("t{n}"), Some(moment), json!({}))
            };
            (0..7).rev().map(one).collect()
        };
        let mut seen = Vec::new();
        let mut text = "_count=2".to_owned();
        for _ in 0..4 {
            let wanted = Query::parse(&text).unwrap().wanted(Kind::Task, false);
            let page = wanted.unwrap().page(Kind::Task, "b", things());
            assert_eq!(page["total"], 7);
            for entry in page["entry"].as_array().unwrap() {
                seen.push(entry["resource"]["id"].as_str().unwrap().to_owned());
            }
            let next = page["link"][1]["url"].as_str();
            text = next.map_or_else(String::new, |url| url.split_once('?').unwrap().1.to_owned());
        }
        assert_eq!(seen, ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]);
    }
}
