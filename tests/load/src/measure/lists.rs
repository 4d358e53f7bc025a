//! A partner's lists of referrals, as a call answers them, with years of referrals stored.

use std::time::Instant;

use hdrhistogram::Histogram;
use knipperlicht_access::{Person, Role};
use knipperlicht_contracts::routing::v1::{
    ListReferralsRequest, routing_service_client::RoutingServiceClient,
};
use knipperlicht_harness::{Token, WithToken};
use knipperlicht_vocabulary::{OrganisationId, ZoneId};

use super::{Bench, ms_at};
use crate::{
    error::BenchError,
    load::{histogram, micros},
    progress::Progress,
    promise::Bound::Below,
    report::Report,
    reporters::connect,
    stored::{PARTNERS, ZONE},
};

type Desk = RoutingServiceClient<WithToken>;

/// How often each desk asks for each list.
const ROUNDS: usize = 50;

/// Pages of one list that are turned, one after the other.
const PAGES: usize = 10;

pub(crate) async fn lists(bench: &Bench<'_>, report: &mut Report) -> Result<(), BenchError> {
    let _progress = Progress::of("a partner's lists", std::time::Duration::from_secs(30));
    let mut partners = Vec::new();
    for number in 0..PARTNERS {
        let organisation = Some(format!("past-{number}").parse()?);
        partners.push(desk(bench, Role::Partner, organisation, Vec::new()).await?);
    }
    let zones = vec![ZONE.parse()?];
    let coordinators = vec![desk(bench, Role::Coordinator, None, zones).await?];

    for (name, what, desks, open_only) in [
        ("inbox", "a partner's inbox, a page", &partners, true),
        (
            "answered",
            "all of a partner's referrals, a page",
            &partners,
            false,
        ),
        (
            "zone_inbox",
            "a coordinator's inbox, a page",
            &coordinators,
            true,
        ),
    ] {
        let (took, listed) = turn_pages(desks, open_only).await?;
        report.promised(
            name,
            &format!("{what} of 50 among {} referrals, p99", bench.stored),
            "ms",
            (Below(10.0), Below(5.0)),
            ms_at(&took, 0.99),
            format!(
                "p50 {:.2}, max {:.1} ms of {} calls, {listed} referrals listed",
                ms_at(&took, 0.5),
                ms_at(&took, 1.0),
                took.len(),
            ),
        );
    }
    Ok(())
}

async fn desk(
    bench: &Bench<'_>,
    role: Role,
    organisation: Option<OrganisationId>,
    zones: Vec<ZoneId>,
) -> Result<Desk, BenchError> {
    let person = Person {
        subject: "desk".parse()?,
        role,
        organisation,
        zones,
    };
    let token = Token::bearer(&bench.ground.token(&person)?)?;
    let channel = connect(&bench.program.url()).await?;
    Ok(RoutingServiceClient::with_interceptor(channel, token))
}

/// Each desk in turn turns some pages of its list; how long each took, and how many were listed.
async fn turn_pages(
    desks: &[Desk],
    open_only: bool,
) -> Result<(Histogram<u64>, usize), BenchError> {
    let mut took = histogram()?;
    let mut listed = 0;
    for _ in 0..ROUNDS {
        for desk in desks {
            let mut desk = desk.clone();
            let mut page_token = String::new();
            for _ in 0..PAGES {
                let request = ListReferralsRequest {
                    open_only,
                    page_size: 50,
                    page_token,
                    ..Default::default()
                };
                let began = Instant::now();
                let page = desk.list_referrals(request).await?.into_inner();
                took.saturating_record(micros(began.elapsed()));
                listed += page.referrals.len();
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
        }
    }
    if listed == 0 {
        return Err(BenchError::NothingArrived("no partner saw anything"));
    }
    Ok((took, listed))
}
