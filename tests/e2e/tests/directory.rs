//! The directory: brought in as a file, decided by, stated full, ended, and taken out again.

use jiff::SignedDuration;
use knipperlicht_access::Role;
use knipperlicht_contracts::{
    routing::v1::{self as pb, import_services_request::Piece},
    to_proto,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{CapacityState, DeclineReason, Need, ReferralState, Step};
use sqlx::{PgConnection, Row};
use tonic::{Code, Status};

const HEADER: &str = "service_id,organisation_id,organisation_name,name,needs,area,languages,fit,valid_to,verified_on";

/// A service for whatever carers in 8400 need, which comes before all of the demo.
fn row(id: &str, valid_to: &str) -> String {
    let needs: Vec<&str> = Need::ALL.iter().map(|need| need.code()).collect();
    let needs = needs.join("|");
    format!("{id},{id}-org,Kustzorg,Kustzorg {id},{needs},8400,nl,specific,{valid_to},2026-01-01")
}

fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

const CSV: pb::ImportOptions = pb::ImportOptions {
    format: pb::DirectoryFormat::Csv as i32,
    dry_run: false,
    end_missing: false,
};

async fn import(
    admin: &Caller,
    options: pb::ImportOptions,
    file: &[u8],
) -> Result<pb::ImportServicesResponse, Status> {
    let pieces = file.chunks(1000).map(|chunk| Piece::Chunk(chunk.to_vec()));
    let pieces: Vec<pb::ImportServicesRequest> = std::iter::once(Piece::Options(options))
        .chain(pieces)
        .map(|piece| pb::ImportServicesRequest { piece: Some(piece) })
        .collect();
    let mut routing = admin.routing();
    let report = routing.import_services(tokio_stream(pieces)).await?;
    Ok(report.into_inner())
}

fn tokio_stream<T: Send + 'static>(items: Vec<T>) -> impl futures::Stream<Item = T> + Send {
    futures::stream::iter(items)
}

async fn set_capacity(
    caller: &Caller,
    service: &str,
    state: CapacityState,
) -> Result<pb::Service, Status> {
    let request = pb::SetCapacityRequest {
        service_id: service.to_owned(),
        state: state.number(),
        ..Default::default()
    };
    let set = caller.routing().set_capacity(request).await?;
    Ok(set.into_inner().service.unwrap())
}

async fn export(admin: &Caller) -> Vec<u8> {
    let request = pb::ExportServicesRequest {};
    let mut pieces = admin
        .routing()
        .export_services(request)
        .await
        .unwrap()
        .into_inner();
    let mut file = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        file.extend(piece.chunk);
    }
    file
}

fn admin(world: &World) -> Caller {
    world.caller("admin", Role::Admin, None, &[])
}

/// Everything that the directory holds, as text.
async fn whole(look: &mut PgConnection) -> Vec<String> {
    let mut whole = Vec::new();
    for table in ["service", "service_version", "directory_version", "ending"] {
        let text = format!(
            "select coalesce(string_agg(t::text, '\n' order by t::text), '') from routing.{table} t"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(text))
            .fetch_one(&mut *look)
            .await
            .unwrap();
        whole.push(rows.get(0));
    }
    whole
}

#[tokio::test]
async fn an_imported_service_is_asked_until_it_is_full() {
    let world = World::start().await;
    let admin = admin(&world);
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let report = import(&admin, CSV, file(&[row("kust", "")]).as_bytes())
        .await
        .unwrap();
    assert_eq!((report.added, report.changed, report.stored), (1, 0, true));
    assert!(report.directory_version > 0 && report.lines.is_empty());

    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let desk = world.partner("kust-org");
    let referral = desk.receives(&receipt.situation_id).await;
    assert_eq!(referral.service.unwrap().service_id, "kust");

    // Only its own partner says what room it has; a coordinator may not.
    let other = world.partner("ocmw-oostende-bredene");
    let refused = set_capacity(&other.0, "kust", CapacityState::Full)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL3118");
    for nobody in [&coordinator.0, &cleaner.0] {
        let refused = set_capacity(nobody, "kust", CapacityState::Full)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    let full = set_capacity(&desk.0, "kust", CapacityState::Full)
        .await
        .unwrap();
    let stated = full.capacity.unwrap();
    assert_eq!(
        (stated.state, stated.holds),
        (CapacityState::Full.number(), true)
    );

    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let next = coordinator.referral_of(&receipt.situation_id).await;
    assert_ne!(next.service.unwrap().service_id, "kust");

    // A fortnight later nobody knows any more, and it is asked again.
    world.clock.advance(SignedDuration::from_hours(15 * 24));
    let request = pb::ListServicesRequest::default();
    let own = desk
        .0
        .routing()
        .list_services(request)
        .await
        .unwrap()
        .into_inner()
        .services;
    assert_eq!(own.len(), 1, "a partner's own services");
    assert!(!own[0].capacity.as_ref().unwrap().holds);
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    desk.receives(&receipt.situation_id).await;
    set_capacity(&admin, "kust", CapacityState::AskFirst)
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_service_that_ends_hands_on_what_it_was_asked() {
    let world = World::start().await;
    let admin = admin(&world);
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    import(&admin, CSV, file(&[row("kust", "")]).as_bytes())
        .await
        .unwrap();
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let first = world
        .partner("kust-org")
        .receives(&receipt.situation_id)
        .await;

    // On its last day it is still asked; after it no more.
    let today = world.environment.today();
    let ended_on = async |day: jiff::civil::Date| {
        let ends = file(&[row("kust", &day.to_string())]);
        let report = import(&admin, CSV, ends.as_bytes()).await.unwrap();
        assert_eq!((report.changed, report.stored), (1, true));
    };
    ended_on(today).await;
    assert_eq!(world.partner("kust-org").inbox().await.len(), 1);
    ended_on(today - SignedDuration::from_hours(24)).await;

    let next = eventually("the next candidate", async || {
        let open = coordinator.referrals().await.into_iter();
        let mut open = open.filter(|one| one.situation_id == receipt.situation_id);
        open.find(|one| one.referral_id != first.referral_id)
    })
    .await;
    assert_eq!(next.previous_referral_id, first.referral_id);
    assert!(world.partner("kust-org").inbox().await.is_empty());
    let request = pb::ListReferralsRequest::default();
    let all = coordinator
        .0
        .routing()
        .list_referrals(request)
        .await
        .unwrap()
        .into_inner()
        .referrals;
    let ended = all
        .iter()
        .find(|one| one.referral_id == first.referral_id)
        .unwrap();
    assert_eq!(ended.state, ReferralState::Declined.number());
    assert_eq!(ended.decline_reason, DeclineReason::ServiceEnded.number());
    cleaner.sees(&receipt.signal_id, Step::Referred).await;

    // Nobody can choose it any more.
    let redirect = pb::RedirectRequest {
        referral_id: next.referral_id,
        service_id: "kust".to_owned(),
        reason: DeclineReason::Other.number(),
    };
    let refused = coordinator
        .0
        .routing()
        .redirect(redirect)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL3009");
    let mut look = world.look().await;
    let moves = sqlx::query("select count(*) from routing.referral where previous_id is not null")
        .fetch_one(&mut look)
        .await
        .unwrap();
    assert!(moves.get::<i64, _>(0) >= 1);
    world.stop().await;
}

#[tokio::test]
async fn a_file_takes_effect_whole_and_once() {
    let world = World::start().await;
    let admin = admin(&world);
    let mut look = world.look().await;
    let before = whole(&mut look).await;

    // Tried, or wrong in one line: nothing happens.
    let two = file(&[row("kust", ""), row("duin", "")]);
    let tried = import(
        &admin,
        pb::ImportOptions {
            dry_run: true,
            ..CSV
        },
        two.as_bytes(),
    )
    .await
    .unwrap();
    assert_eq!(
        (tried.added, tried.stored, tried.directory_version),
        (2, false, 0)
    );
    let wrong = two.replace("duin,duin-org", "duin,duin org");
    let refused = import(&admin, CSV, wrong.as_bytes()).await.unwrap();
    assert!(!refused.stored);
    let line = &refused.lines[0];
    assert_eq!(
        (
            line.line,
            line.path.as_str(),
            line.code.as_str(),
            line.wrong
        ),
        (3, "organisation_id", "KL3103", true)
    );
    assert_eq!(whole(&mut look).await, before);

    // Once is as good as twice, and an export read back changes nothing.
    let stored = import(&admin, CSV, two.as_bytes()).await.unwrap();
    assert_eq!((stored.added, stored.stored), (2, true));
    let after = whole(&mut look).await;
    let again = import(&admin, CSV, two.as_bytes()).await.unwrap();
    assert_eq!(
        (again.added, again.changed, again.directory_version),
        (0, 0, 0)
    );
    let exported = export(&admin).await;
    let hsds = pb::ImportOptions {
        format: pb::DirectoryFormat::Hsds.into(),
        end_missing: true,
        dry_run: false,
    };
    let back = import(&admin, hsds, &exported).await.unwrap();
    assert!(back.stored && back.lines.is_empty(), "{:?}", back.lines);
    assert_eq!(
        (back.services, back.added, back.changed, back.ended),
        (316, 0, 0, 0)
    );
    assert_eq!(whole(&mut look).await, after);

    // The whole directory is this file: the rest ended yesterday, and is kept.
    let ended = import(
        &admin,
        pb::ImportOptions {
            end_missing: true,
            ..CSV
        },
        two.as_bytes(),
    )
    .await
    .unwrap();
    assert_eq!((ended.added, ended.changed, ended.ended), (0, 0, 314));
    let again = import(
        &admin,
        pb::ImportOptions {
            end_missing: true,
            ..CSV
        },
        two.as_bytes(),
    )
    .await
    .unwrap();
    assert_eq!((again.ended, again.directory_version), (0, 0));
    world.stop().await;
}

/// The code and field of a refusal.
fn code(refused: &Status) -> (String, String) {
    let problem = Problem::from(refused);
    (problem.code, problem.field.unwrap_or_default())
}

#[tokio::test]
async fn only_an_admin_brings_files_in_and_in_order() {
    let world = World::start().await;
    let admin = admin(&world);
    for (role, organisation, zones) in [
        (Role::Reporter, None, vec![]),
        (Role::Partner, Some("kust-org"), vec![]),
        (Role::Coordinator, None, vec!["gent"]),
        (Role::Analyst, None, vec![]),
        (Role::Operator, None, vec![]),
    ] {
        let caller = world.caller("somebody", role, organisation, &zones);
        let refused = import(&caller, CSV, b"").await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
    let no_format = pb::ImportOptions { format: 0, ..CSV };
    let refused = import(&admin, no_format, b"").await.unwrap_err();
    assert_eq!(
        code(&refused),
        ("KL3114".to_owned(), "options.format".to_owned())
    );
    let chunk = pb::ImportServicesRequest {
        piece: Some(Piece::Chunk(Vec::new())),
    };
    let refused = admin
        .routing()
        .import_services(tokio_stream(vec![chunk]))
        .await
        .unwrap_err();
    assert_eq!(code(&refused), ("KL3113".to_owned(), "piece".to_owned()));
    world.stop().await;
}

#[tokio::test]
async fn nonsense_about_room_is_refused_and_what_was_said_for_today_lapses() {
    let world = World::start().await;
    let now = world.environment.now();
    let service = "ocmw-oostende-bredene.onthaal";
    let plain = pb::SetCapacityRequest {
        service_id: service.to_owned(),
        state: CapacityState::Waitlist.number(),
        ..Default::default()
    };
    let ahead = now + SignedDuration::from_mins(6);
    let long_ago = now - SignedDuration::from_hours(1);
    for (request, expected) in [
        (
            pb::SetCapacityRequest {
                service_id: "gone".to_owned(),
                ..plain.clone()
            },
            ("KL3009", "service_id"),
        ),
        (
            pb::SetCapacityRequest {
                service_id: "a b".to_owned(),
                ..plain.clone()
            },
            ("KL3001", "service_id"),
        ),
        (
            pb::SetCapacityRequest {
                state: 0,
                ..plain.clone()
            },
            ("KL3002", "state"),
        ),
        (
            pb::SetCapacityRequest {
                stated_at: Some(to_proto(ahead)),
                ..plain.clone()
            },
            ("KL3109", "stated_at"),
        ),
        (
            pb::SetCapacityRequest {
                stated_at: Some(to_proto(long_ago)),
                ..plain.clone()
            },
            ("KL3117", "stated_at"),
        ),
        (
            pb::SetCapacityRequest {
                until: "soon".to_owned(),
                ..plain.clone()
            },
            ("KL3116", "until"),
        ),
        (
            pb::SetCapacityRequest {
                until: "2020-01-01".to_owned(),
                ..plain.clone()
            },
            ("KL3116", "until"),
        ),
    ] {
        let desk = world.partner("ocmw-oostende-bredene");
        let refused = desk.0.routing().set_capacity(request).await.unwrap_err();
        assert_eq!(
            code(&refused),
            (expected.0.to_owned(), expected.1.to_owned())
        );
    }

    // Said for today only: tomorrow nothing is known.
    let desk = world.partner("ocmw-oostende-bredene");
    let today = pb::SetCapacityRequest {
        until: world.environment.today().to_string(),
        ..plain
    };
    desk.0.routing().set_capacity(today).await.unwrap();
    world.clock.advance(SignedDuration::from_hours(26));
    eventually("what was said lapses", async || {
        let own = desk
            .0
            .routing()
            .list_services(pb::ListServicesRequest::default())
            .await
            .unwrap();
        let own = own.into_inner().services;
        own.iter().all(|one| one.capacity.is_none()).then_some(())
    })
    .await;
    world.stop().await;
}
