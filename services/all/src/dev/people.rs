//! The demo people: a token for each in a file of their name, and one for whoever asks the gateway.

use std::{fs, path::Path};

use knipperlicht_access::{DevIssuer, Person, Role};
use knipperlicht_gateway::{Demo, DemoPerson, DemoToken};
use knipperlicht_routing::demo_organisations;
use knipperlicht_vocabulary::{OrganisationId, ZoneId};
use knipperlicht_zones::ZoneTable;

use super::{DevError, secrets::write_private, years::SHOWN_ZONES};
use crate::line::LineError;

/// A token holds for 30 days; every start makes new ones.
const SECONDS: i64 = 30 * 24 * 3600;

/// What a browser gets holds for a working day.
const BROWSER_SECONDS: i64 = 10 * 3600;

/// The demo people, and who makes their tokens.
pub struct DemoPeople {
    issuer: DevIssuer,
    people: Vec<Person>,
    shown: Vec<DemoPerson>,
}

impl DemoPeople {
    /// Two reporters, a coordinator of every zone, an analyst, an admin, and the desk of every
    /// organisation in the demo directory; first what belongs to the zones where there is most to see.
    pub fn new(issuer: DevIssuer) -> Result<Self, DevError> {
        let zones = ZoneTable::builtin().map_err(LineError::from)?;
        let mut every_zone: Vec<ZoneId> = zones.zones().map(|zone| zone.id.clone()).collect();
        every_zone.sort_by_key(place);
        let mut people = vec![
            person("cleaner", Role::Reporter, None, &[])?,
            person("nurse", Role::Reporter, None, &[])?,
            person("coordinator", Role::Coordinator, None, &every_zone)?,
            person("analyst", Role::Analyst, None, &every_zone)?,
            person("admin", Role::Admin, None, &[])?,
        ];
        let mut shown: Vec<DemoPerson> = people.iter().map(show).collect();
        let mut organisations: Vec<_> = demo_organisations()?.into_iter().collect();
        organisations.sort_by_key(|(_, one)| match one.zones.len() {
            1 => one.zones.iter().map(place).min(),
            _ => Some(SHOWN_ZONES.len()),
        });
        for (id, organisation) in organisations {
            let desk = person(id.as_str(), Role::Partner, Some(&id), &[])?;
            shown.push(DemoPerson {
                organisation_name: Some(organisation.name),
                zones: names(organisation.zones.iter()),
                ..show(&desk)
            });
            people.push(desk);
        }
        Ok(Self {
            issuer,
            people,
            shown,
        })
    }

    /// Writes a token for each.
    pub(super) fn write_tokens(&self, dir: &Path) -> Result<(), DevError> {
        let tokens = dir.join("tokens");
        fs::create_dir_all(&tokens).map_err(|source| DevError::File {
            path: tokens.clone(),
            source,
        })?;
        for person in &self.people {
            let path = tokens.join(person.subject.as_str());
            let token = self.issuer.token(person, SECONDS)?;
            write_private(&path, token.as_bytes())
                .map_err(|source| DevError::File { path, source })?;
        }
        Ok(())
    }
}

impl Demo for DemoPeople {
    fn people(&self) -> &[DemoPerson] {
        &self.shown
    }

    fn token(&self, name: &str) -> Option<DemoToken> {
        let mut people = self.people.iter();
        let person = people.find(|person| person.subject.as_str() == name)?;
        match self.issuer.token(person, BROWSER_SECONDS) {
            Ok(access_token) => Some(DemoToken {
                access_token,
                expires_in: BROWSER_SECONDS,
            }),
            Err(error) => {
                tracing::error!(%error, "no token for a demo person");
                None
            }
        }
    }
}

/// Where a zone comes among all.
fn place(zone: &ZoneId) -> usize {
    let shown = SHOWN_ZONES.iter().position(|shown| *shown == zone.as_str());
    shown.unwrap_or(SHOWN_ZONES.len())
}

fn show(person: &Person) -> DemoPerson {
    let organisation = person.organisation.as_ref();
    DemoPerson {
        name: person.subject.to_string(),
        role: person.role.name().to_owned(),
        organisation: organisation.map(ToString::to_string),
        organisation_name: None,
        zones: names(person.zones.iter()),
    }
}

fn names<'a>(zones: impl Iterator<Item = &'a ZoneId>) -> Vec<String> {
    zones.map(ToString::to_string).collect()
}

fn person(
    name: &str,
    role: Role,
    organisation: Option<&OrganisationId>,
    zones: &[ZoneId],
) -> Result<Person, DevError> {
    Ok(Person {
        subject: name.parse()?,
        role,
        organisation: organisation.cloned(),
        zones: zones.to_vec(),
    })
}
