//! Doors that close behind somebody: what was theirs to see no longer is.

use knipperlicht_access::{Database, DatabaseOptions, Principal, Role};
use sqlx::AssertSqlSafe;

use crate::objects::planted::Planted;

/// What happens, to whom, and what they see no more.
const CLOSING: &[(&str, Role, &[&str])] = &[
    // Handed over: who gave may know nothing more.
    (
        "update intake.access_grant set ended_at = now()",
        Role::Partner,
        &["intake.access_grant"],
    ),
    (
        "delete from assessment.access_grant",
        Role::Partner,
        &[
            "assessment.assessment",
            "assessment.response",
            "assessment.consent",
        ],
    ),
    (
        "update followup.task set organisation_id = 'another'",
        Role::Partner,
        &[
            "followup.task",
            "followup.timeline",
            "followup.contact_person",
        ],
    ),
    // The carer withdrew.
    (
        "update assessment.consent set allows = false",
        Role::Partner,
        &["assessment.assessment", "assessment.response"],
    ),
    (
        "update followup.task set held_at = now()",
        Role::Partner,
        &["followup.timeline"],
    ),
    // Nobody was asked yet.
    (
        "update routing.referral set state = 'held', waits_for = 'consent', requested_at = null",
        Role::Partner,
        &["routing.referral"],
    ),
    // Another zone has to do with it now.
    (
        "update routing.referral set zone = 'zone-of-another'",
        Role::Coordinator,
        &["routing.referral"],
    ),
    (
        "delete from followup.situation",
        Role::Coordinator,
        &["followup.timeline"],
    ),
    // The signal was somebody else's.
    (
        "update intake.signal set reporter_id = 'another'",
        Role::Reporter,
        &[
            "intake.situation",
            "intake.progress",
            "intake.seen",
            "intake.signal",
        ],
    ),
    // A link to a situation is no card.
    (
        "update intake.carer_link set door = 'my_situation', zone = null, organisation_id = null,
                situation_id = gen_random_uuid()",
        Role::Partner,
        &["intake.carer_link"],
    ),
    (
        "update notification.subscription set owner = 'another'",
        Role::Partner,
        &[
            "notification.lane",
            "notification.delivery",
            "notification.attempt",
        ],
    ),
];

#[tokio::test]
async fn what_is_no_longer_theirs_is_seen_no_more() {
    let mut planted = Planted::new().await;
    let mut tested = 0;
    for (happens, role, tables) in CLOSING {
        let mut seen = [Vec::new(), Vec::new()];
        for (time, seen) in seen.iter_mut().enumerate() {
            for table in *tables {
                // As the caller's own transaction would, in one that the owner changed before.
                let (schema, _) = table.split_once('.').unwrap();
                let bind = format!(
                    "begin; {}; set local role kl_{schema}; set local kl.role = '{role}';
                     set local kl.subject = 'reporter-a'; set local kl.organisation = 'organisation-a';
                     set local kl.zones = 'zone-a'",
                    if time == 0 { "select 1" } else { happens }
                );
                planted.execute(&bind).await;
                let count = AssertSqlSafe(format!("select count(*) from {table}"));
                let rows: i64 = sqlx::query_scalar(count)
                    .fetch_one(&mut planted.owner)
                    .await
                    .unwrap();
                planted.execute("rollback").await;
                seen.push(rows);
            }
        }
        let [before, after] = seen;
        assert!(
            before.iter().all(|rows| *rows > 0),
            "{happens}: nothing to lose: {before:?}"
        );
        assert!(
            after.iter().all(|rows| *rows == 0),
            "{happens}: still seen: {after:?}"
        );
        tested += tables.len();
    }
    println!("doors tested = {tested}");
}

/// The one type that opens transactions leaves nothing of a caller behind on a connection.
#[tokio::test]
async fn nothing_of_a_caller_stays_on_a_connection() {
    let planted = Planted::new().await;
    let options = DatabaseOptions {
        url: planted.bed.database_url.clone(),
        service: "routing",
        connections: 1,
    };
    let database = Database::new(&options).unwrap();
    let partner = |own: &str| Principal {
        subject: format!("desk-{own}").parse().unwrap(),
        role: Role::Partner,
        organisation: Some(format!("organisation-{own}").parse().unwrap()),
        zones: Vec::new(),
    };
    let without = Principal {
        organisation: None,
        ..partner("a")
    };
    for (principal, sees_any) in [
        (partner("a"), true),
        (without, false),
        (partner("c"), false),
        (partner("a"), true),
    ] {
        let mut transaction = database.begin(&principal).await.unwrap();
        let rows: i64 = sqlx::query_scalar("select count(*) from referral")
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(rows > 0, sees_any, "{principal:?}");
        if rows > 0 {
            transaction.commit().await.unwrap();
        }
    }
}
