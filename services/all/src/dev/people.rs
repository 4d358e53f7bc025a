//! The demo people: a token for each, in a file of their name.

use std::{fs, path::Path};

use knipperlicht_access::{DevIssuer, Person, Role};
use knipperlicht_vocabulary::{OrganisationId, ZoneId};
use knipperlicht_zones::ZoneTable;

use super::{DevError, secrets::write_private};
use crate::line::LineError;

/// A token holds for 30 days; every start makes new ones.
const SECONDS: i64 = 30 * 24 * 3600;

/// Writes a token for each demo person: two reporters, a coordinator of every zone, an analyst, an
/// admin,
/// and the desk of every organisation in the demo directory.
pub(super) fn write_tokens(dir: &Path, issuer: &DevIssuer) -> Result<(), DevError> {
    let zones = ZoneTable::builtin().map_err(LineError::from)?;
    let every_zone: Vec<ZoneId> = zones.zones().map(|zone| zone.id.clone()).collect();
    let mut people = vec![
        person("cleaner", Role::Reporter, None, &[])?,
        person("nurse", Role::Reporter, None, &[])?,
        person("coordinator", Role::Coordinator, None, &every_zone)?,
        person("analyst", Role::Analyst, None, &[])?,
        person("admin", Role::Admin, None, &[])?,
    ];
    for organisation in knipperlicht_routing::demo_organisations()? {
        people.push(person(
            organisation.as_str(),
            Role::Partner,
            Some(&organisation),
            &[],
        )?);
    }
    let tokens = dir.join("tokens");
    fs::create_dir_all(&tokens).map_err(|source| DevError::File {
        path: tokens.clone(),
        source,
    })?;
    for person in people {
        let path = tokens.join(person.subject.as_str());
        let token = issuer.token(&person, SECONDS)?;
        write_private(&path, token.as_bytes()).map_err(|source| DevError::File { path, source })?;
    }
    Ok(())
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
