//! A directory of the size of a country: the invented partners of every zone, again and again
//! under other ids.

use knipperlicht_routing::model::{directory::Service, synthetic::partners};
use knipperlicht_vocabulary::Environment;
use knipperlicht_zones::ZoneTable;

use crate::error::BenchError;

/// So many services.
pub(crate) fn services(
    environment: &Environment,
    count: usize,
) -> Result<Vec<Service>, BenchError> {
    let zones = ZoneTable::builtin()?;
    let mut kinds = Vec::new();
    for zone in zones.zones() {
        kinds.extend(partners(zone, environment.now())?);
    }
    let mut services = Vec::with_capacity(count);
    for (number, kind) in (0..count).zip(kinds.iter().cycle()) {
        services.push(Service {
            id: service_id(number).parse()?,
            organisation: format!("bench-{number}").parse()?,
            ..kind.clone()
        });
    }
    Ok(services)
}

/// The id of one of them.
pub(crate) fn service_id(number: usize) -> String {
    format!("bench-{number}.dienst")
}
