//! What every service said and heard.

use std::collections::BTreeMap;

use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event::Service;
use knipperlicht_eventing::reconciler::{self, Ledger};

use super::OpsError;

/// The ledgers of all services, each read under the service's own role.
pub(crate) struct Ledgers {
    databases: Vec<(Service, Database)>,
    principal: Principal,
}

impl Ledgers {
    /// Those in the databases at this URL.
    pub(crate) fn open(url: &str) -> Result<Self, OpsError> {
        let database = |service: &Service| {
            let options = DatabaseOptions {
                url: url.to_owned(),
                service: service.name(),
                connections: 1,
            };
            Ok::<_, OpsError>((*service, Database::new(&options)?))
        };
        Ok(Self {
            databases: Service::ALL
                .iter()
                .map(database)
                .collect::<Result<_, _>>()?,
            principal: Principal::service("ops".parse()?),
        })
    }

    /// As they are now.
    pub(crate) async fn read(&self) -> Result<BTreeMap<Service, Ledger>, OpsError> {
        let mut ledgers = BTreeMap::new();
        for (service, database) in &self.databases {
            let mut transaction = database.begin(&self.principal).await?;
            ledgers.insert(*service, reconciler::ledger(&mut transaction).await?);
            transaction.rollback().await?;
        }
        Ok(ledgers)
    }
}
