use jiff::{SignedDuration, civil::date};
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::event;
use knipperlicht_eventing::schema::migrate;
use knipperlicht_harness::Bed;
use knipperlicht_vocabulary::{CapacityState, Need};
use sqlx::Connection;

use super::*;
use crate::{
    directory::CachedDirectory,
    import::{self, Effect, Missing, Outcome},
    model::{
        listing::Details,
        tests::{now, service as sample},
    },
};

struct Ground {
    database: Database,
    principal: Principal,
    cached: CachedDirectory,
    _bed: Bed,
}

impl Ground {
    async fn start() -> Self {
        let bed = Bed::start().await;
        migrate(
            &bed.database_url,
            event::Service::Routing,
            &crate::MIGRATIONS,
        )
        .await
        .unwrap();
        let options = DatabaseOptions {
            url: bed.database_url.clone(),
            service: "routing",
            connections: 2,
        };
        Self {
            database: Database::new(&options).unwrap(),
            principal: Principal::service("test".parse().unwrap()),
            cached: CachedDirectory::default(),
            _bed: bed,
        }
    }

    async fn put(&self, listings: &[Listing]) -> Outcome {
        let how = (Missing::Stay, Effect::Kept);
        import::put(
            &self.database,
            &self.principal,
            None,
            listings,
            how,
            (now(), date(2026, 11, 21)),
        )
        .await
        .unwrap()
    }

    /// The services of a version, by id; of the present one also as the cache has them.
    async fn services(&self, version: i64) -> Vec<Service> {
        let mut transaction = self.database.begin(&self.principal).await.unwrap();
        let directory = directory(&mut transaction, version).await.unwrap();
        let current = self.cached.current(&mut transaction).await.unwrap();
        let of = |directory: &Directory| {
            let mut services: Vec<Service> = directory
                .covering(&"here".parse().unwrap())
                .cloned()
                .collect();
            services.sort_by(|one, other| one.id.cmp(&other.id));
            services
        };
        if current.version() == version {
            assert_eq!(
                of(&current),
                of(&directory),
                "the cache holds another directory"
            );
        }
        of(&directory)
    }
}

fn listing(id: &str) -> Listing {
    Listing {
        service: sample(id, &[Need::Respite]),
        capacity_until: None,
        verified_on: None,
        details: Details::default(),
    }
}

fn services(listings: &[&Listing]) -> Vec<Service> {
    listings
        .iter()
        .map(|listing| listing.service.clone())
        .collect()
}

#[tokio::test]
async fn every_version_can_be_put_together_again() {
    let ground = Ground::start().await;
    let (a, mut b) = (listing("a"), listing("b"));
    let first = ground.put(&[a.clone(), b.clone()]).await;
    let first = first.version.unwrap();
    assert_eq!(ground.services(first).await, services(&[&a, &b]));

    // A telephone number decides nothing: stored, and no version.
    b.details.phone = Some("059".to_owned());
    let phone = ground.put(&[b.clone()]).await;
    assert_eq!((phone.changed, phone.version), (1, None));
    assert_eq!(
        ground.put(&[a.clone(), b.clone()]).await,
        Outcome::default()
    );

    // A name, then a third service.
    let earlier = b.clone();
    b.service.name = "B".to_owned();
    let second = ground.put(&[b.clone()]).await.version.unwrap();
    let c = listing("c");
    let third = ground.put(std::slice::from_ref(&c)).await.version.unwrap();

    // What a partner says makes a version that writes one service.
    let full = Capacity {
        state: CapacityState::Full,
        stated_at: now() + SignedDuration::from_secs(1),
    };
    let mut transaction = ground.database.begin(&ground.principal).await.unwrap();
    lock_directory(&mut transaction).await.unwrap();
    set_capacity(&mut transaction, &a.service.id, full, None)
        .await
        .unwrap();
    let fourth = note_directory_change(&mut transaction, &["a"], now())
        .await
        .unwrap()
        .unwrap();
    let written = sqlx::query_scalar::<_, i64>(
        "select count(*) from service_version where from_version = $1",
    )
    .bind(fourth)
    .fetch_one(&mut *transaction)
    .await
    .unwrap();
    assert_eq!(written, 1);
    transaction.commit().await.unwrap();
    let mut said = a.clone();
    said.service.capacity = Some(full);

    assert_eq!(ground.services(first).await, services(&[&a, &earlier]));
    assert_eq!(ground.services(second).await, services(&[&a, &b]));
    assert_eq!(ground.services(third).await, services(&[&a, &b, &c]));
    assert_eq!(ground.services(fourth).await, services(&[&said, &b, &c]));

    // A file does not overwrite what was said after it.
    assert_eq!(ground.put(&[a]).await, Outcome::default());
    assert_eq!(ground.services(fourth).await, services(&[&said, &b, &c]));
}

#[tokio::test]
async fn listings_come_back_as_they_were_put() {
    let ground = Ground::start().await;
    let mut whole = listing("whole");
    whole.service.postal_codes = vec!["8400".parse().unwrap()];
    whole.service.valid_to = Some(date(2027, 1, 1));
    whole.service.target_group = Some("who \"quotes\", \\ and 'more'".to_owned());
    whole.capacity_until = Some(date(2026, 12, 1));
    whole.verified_on = Some(date(2026, 1, 1));
    whole.details.required_documents = vec!["Een identiteitskaart".to_owned()];
    whole.details.minimum_age = Some(18);
    ground.put(&[whole.clone()]).await;
    let mut transaction = ground.database.begin(&ground.principal).await.unwrap();
    let read = listings(&mut transaction, &["whole"]).await.unwrap();
    assert_eq!(read, [whole.clone()]);
    let of = listings_of(&mut transaction, &whole.service.organisation)
        .await
        .unwrap();
    assert_eq!(of, [whole.clone()]);
    assert_eq!(
        listings_after(&mut transaction, "", 5).await.unwrap(),
        [whole]
    );
    assert!(
        listings_after(&mut transaction, "whole", 5)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn what_was_kept_whole_before_is_kept_in_parts_now() {
    let bed = Bed::start().await;
    let mut connection = PgConnection::connect(&bed.database_url).await.unwrap();
    let service = "insert into service values
        ('a.x', 'a', 'A', 'A', null, '{respite}', '{here}', '{nl}', '{}', null, false, 'full',
         '2026-11-01T10:00:00.5Z', '2024-01-01', null, true)";
    let version = "insert into directory_version (changed_at, services)
        select now(), coalesce(jsonb_agg(to_jsonb(service) order by service_id), '[]') from service";
    for statement in [
        "create schema routing; set search_path = routing; set time zone 'Europe/Brussels'",
        include_str!("../../../migrations/0001_routing.sql"),
        include_str!("../../../migrations/0002_lean.sql"),
        service,
        version,
        "update service set capacity = 'available', capacity_stated_at = '2026-11-02T10:00:00Z'",
        version,
        include_str!("../../../migrations/0004_directory.sql"),
    ] {
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let states = async |connection: &mut PgConnection, version: i64| {
        let directory = directory(connection, version).await.unwrap();
        let here = "here".parse().unwrap();
        directory
            .covering(&here)
            .map(|service| service.capacity.map(|capacity| capacity.state))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        states(&mut connection, 1).await,
        [Some(CapacityState::Full)]
    );
    assert_eq!(
        states(&mut connection, 2).await,
        [Some(CapacityState::Available)]
    );
    let nothing_new = note_directory_change(&mut connection, &["a.x"], now())
        .await
        .unwrap();
    assert_eq!(nothing_new, None, "the present is what was kept last");
}
