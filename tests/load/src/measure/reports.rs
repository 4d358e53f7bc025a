//! A zone's report of a year, as a call answers it, with years of signals counted.

use std::time::Instant;

use knipperlicht_access::{Person, Role};
use knipperlicht_contracts::followup::v1::{
    ZoneReportRequest, followup_service_client::FollowupServiceClient,
};
use knipperlicht_harness::Token;
use knipperlicht_vocabulary::ZoneId;

use super::{Bench, ms_at};
use crate::{
    counted::{YEARS, zones},
    error::BenchError,
    load::{histogram, micros},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::connect,
};

/// How often each zone asks for each year.
const ROUNDS: usize = 2;

pub(crate) async fn reports(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let _progress = Progress::of("a zone's report", std::time::Duration::from_secs(20));
    let zones: Vec<ZoneId> = (0..zones(bench.stored))
        .map(|zone| format!("past-{zone}").parse())
        .collect::<Result<_, _>>()?;
    let coordinator = Person {
        subject: "coordinator".parse()?,
        role: Role::Coordinator,
        organisation: None,
        zones: zones.clone(),
    };
    let token = Token::bearer(&bench.ground.token(&coordinator)?)?;
    let channel = connect(&bench.program.url()).await?;
    let mut desk = FollowupServiceClient::with_interceptor(channel, token);

    let (mut took, mut shown) = (histogram()?, 0);
    for round in 0..=ROUNDS {
        // The first round is not measured: connections are made, statements prepared.
        if round == 1 {
            took.reset();
        }
        for year in YEARS.0..=YEARS.1 {
            for zone in &zones {
                let request = ZoneReportRequest {
                    zone_id: zone.to_string(),
                    from: format!("{year}-01-01"),
                    to: format!("{year}-12-31"),
                };
                let began = Instant::now();
                let answer = desk.zone_report(request).await?.into_inner();
                took.saturating_record(micros(began.elapsed()));
                let lines = answer.years.iter().flat_map(|year| &year.lines);
                shown += lines.filter(|line| !line.hidden).count();
            }
        }
    }
    if shown == 0 {
        return Err(BenchError::NothingArrived("no report told anything"));
    }
    report.promised(
        "zone_report",
        &format!(
            "a zone's report of a year, {} signals counted, p99",
            bench.stored
        ),
        "ms",
        (Below(100.0), Below(50.0)),
        ms_at(&took, 0.99),
        format!(
            "p50 {:.2}, max {:.1} ms of {} calls, what is open at the moment included",
            ms_at(&took, 0.5),
            ms_at(&took, 1.0),
            took.len(),
        ),
    );
    Ok(())
}
