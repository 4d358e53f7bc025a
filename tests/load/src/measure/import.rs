//! Bringing in a directory of the size of a country: as HSDS JSON, through the call that the
//! command line uses, until the services are there and the version that holds them.

use std::time::Instant;

use knipperlicht_access::{Person, Role};
use knipperlicht_contracts::routing::v1::{
    DirectoryFormat, ImportOptions, ImportServicesRequest, ImportServicesResponse,
    SetCapacityRequest, import_services_request::Piece,
    routing_service_client::RoutingServiceClient,
};
use knipperlicht_harness::{Token, WithToken};
use knipperlicht_routing::model::{
    exchange::write,
    listing::{Details, Listing},
};
use knipperlicht_vocabulary::CapacityState;

use super::{Bench, median};
use crate::{
    country::{service_id, services},
    error::BenchError,
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::connect,
};

/// Bytes in one message: the server takes 64 kB.
const PIECE: usize = 48 * 1024;

/// Capacities stated one after the other.
const STATED: usize = 100;

pub(crate) async fn import(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let count = bench.effort.services;
    let _progress = Progress::of(
        format!("bringing in {count} services"),
        std::time::Duration::from_secs(30),
    );
    let person = Person {
        subject: "admin".parse()?,
        role: Role::Admin,
        organisation: None,
        zones: Vec::new(),
    };
    let token = Token::bearer(&bench.ground.token(&person)?)?;
    let channel = connect(&bench.program.url()).await?;
    let mut routing = RoutingServiceClient::with_interceptor(channel, token);

    let file = a_directory(bench, count)?;
    let (seconds, first) = bring_in(&mut routing, &file).await?;
    if !first.stored || usize::try_from(first.added) != Ok(count) {
        return Err(BenchError::NotTaken(format!("{:?}", first.lines.first())));
    }
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    let megabytes = file.len() as f64 / 1e6;
    report.promised(
        "import",
        &format!("import of {count} services"),
        "s",
        (Below(30.0), Below(10.0)),
        seconds,
        format!(
            "{megabytes:.0} MB of HSDS JSON through the call, stored, with the directory's version"
        ),
    );
    let (seconds, again) = bring_in(&mut routing, &file).await?;
    if again.directory_version != 0 || again.changed != 0 {
        return Err(BenchError::NotTaken("twice was not once".to_owned()));
    }
    report.noted(
        "import_again",
        "the same file again, which changes nothing",
        "s",
        seconds,
        String::new(),
    );

    let mut took = Vec::with_capacity(STATED);
    for number in 0..STATED {
        let request = SetCapacityRequest {
            service_id: service_id(number),
            state: CapacityState::Full.number(),
            ..Default::default()
        };
        let began = Instant::now();
        routing.set_capacity(request).await?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    report.noted(
        "set_capacity",
        &format!("a capacity stated among {count} services, median"),
        "ms",
        median(took),
        "one call after the other, each a version of the directory".to_owned(),
    );
    Ok(())
}

fn a_directory(bench: &Bench<'_>, count: usize) -> Result<String, BenchError> {
    let environment = &bench.ground.environment;
    let today = environment.today();
    let mut file = write::beginning();
    for (number, service) in services(environment, count)?.into_iter().enumerate() {
        let listing = Listing {
            service,
            capacity_until: None,
            verified_on: Some(today),
            details: Details {
                phone: Some("02 000 00 00".to_owned()),
                ..Details::default()
            },
        };
        file.push_str(&write::service(&listing, number == 0, today));
    }
    file.push_str(write::END);
    Ok(file)
}

/// Seconds, and what was answered.
async fn bring_in(
    routing: &mut RoutingServiceClient<WithToken>,
    file: &str,
) -> Result<(f64, ImportServicesResponse), BenchError> {
    let options = ImportOptions {
        format: DirectoryFormat::Hsds.into(),
        dry_run: false,
        end_missing: false,
    };
    let pieces: Vec<ImportServicesRequest> = std::iter::once(Piece::Options(options))
        .chain(
            file.as_bytes()
                .chunks(PIECE)
                .map(|chunk| Piece::Chunk(chunk.to_vec())),
        )
        .map(|piece| ImportServicesRequest { piece: Some(piece) })
        .collect();
    let began = Instant::now();
    let answer = routing.import_services(tokio_stream::iter(pieces)).await?;
    Ok((began.elapsed().as_secs_f64(), answer.into_inner()))
}
