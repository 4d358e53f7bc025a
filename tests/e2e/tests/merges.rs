//! Two situations that turn out to be one: asked, merged, split, and merged for good.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use std::collections::BTreeSet;

use jiff::Timestamp;
use knipperlicht_contracts::{
    assessment::v1 as assessment,
    followup::v1 as followup,
    from_proto,
    intake::v1::{self as intake, DuplicateState, Resolution},
    routing::v1 as routing,
};
use knipperlicht_e2e::{CoordinatorDesk, ReporterPhone, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    ClockKind, Consent, DeclineReason, ItemKind, MatchReason, Observation, OutcomeResult,
    ReferralState, ResolutionReason, Step,
};
use tonic::Status;

const ZONE: &str = "oostende-bredene";

const FLAGGED: &str = "knipperlicht.signal.flagged.v1";
const MERGED: &str = "knipperlicht.situation.merged.v1";
const SPLIT: &str = "knipperlicht.situation.split.v1";

/// Flagged in this municipality, with a name, a year of birth and a phone number.
fn flagged(world: &World, postal_code: &str, phone: &str) -> intake::Signal {
    intake::Signal {
        postal_code: postal_code.to_owned(),
        contact: Some(intake::Contact {
            phone: phone.to_owned(),
            family_name: "Van den Broeck".to_owned(),
            birth_year: 1958,
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    }
}

async fn questions(desk: &CoordinatorDesk, include_resolved: bool) -> Vec<intake::Duplicate> {
    let request = intake::ListDuplicatesRequest { include_resolved };
    let list = desk.0.intake().list_duplicates(request).await.unwrap();
    list.into_inner().duplicates
}

async fn answer(
    desk: &CoordinatorDesk,
    duplicate: &str,
    resolution: Resolution,
) -> Result<intake::Duplicate, Status> {
    let reason = match resolution {
        Resolution::Merge => ResolutionReason::SameCarer,
        Resolution::Split => ResolutionReason::Mistake,
        _ => ResolutionReason::DifferentPeople,
    };
    let request = intake::ResolveDuplicateRequest {
        duplicate_id: duplicate.to_owned(),
        resolution: resolution.into(),
        reason: reason.number(),
    };
    let answered = desk.0.intake().resolve_duplicate(request).await?;
    Ok(answered.into_inner().duplicate.unwrap())
}

/// The open referrals, each with its situation, once there are so many.
async fn open(desk: &CoordinatorDesk, count: usize) -> BTreeSet<(String, String)> {
    eventually("so many open referrals", async || {
        let open: BTreeSet<_> = desk
            .referrals()
            .await
            .into_iter()
            .map(|one| (one.referral_id, one.situation_id))
            .collect();
        (open.len() == count).then_some(open)
    })
    .await
}

/// How often this was told of a situation; of one that is part of another, in the survivor's story.
async fn told(desk: &CoordinatorDesk, situation: &str, event: &str) -> usize {
    desk.told_of(situation, event).await.len()
}

#[tokio::test]
async fn merged_split_and_merged_for_good() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&[ZONE]);
    let elsewhere = world.coordinator(&["gent"]);

    // The same name and year, in two municipalities of the zone: nobody but a coordinator knows.
    let first = cleaner
        .send(flagged(&world, "8400", "059 12 34 56"))
        .await
        .unwrap();
    coordinator.referral_of(&first.situation_id).await;
    let later = nurse
        .send(flagged(&world, "8450", "059 65 43 21"))
        .await
        .unwrap();
    assert_ne!(first.situation_id, later.situation_id);
    let before = open(&coordinator, 2).await;
    let asked = questions(&coordinator, false).await;
    let [question] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(question.reasons, [MatchReason::SameNameNearby.number()]);
    let side = |side: &Option<intake::DuplicateSide>| side.clone().unwrap().situation_id;
    assert_eq!(side(&question.first), first.situation_id);
    assert_eq!(side(&question.later), later.situation_id);
    let id = question.duplicate_id.as_str();
    assert!(questions(&elsewhere, true).await.is_empty());
    let refused = answer(&elsewhere, id, Resolution::Merge).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1015");
    let refused = answer(&coordinator, id, Resolution::Split)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1027");

    // Merged: the older referral stays, both signals are of one situation.
    for _ in 0..2 {
        let merged = answer(&coordinator, id, Resolution::Merge).await.unwrap();
        assert_eq!(merged.state(), DuplicateState::Merged);
        assert_eq!(merged.first.unwrap().signals, 2);
    }
    let merged = open(&coordinator, 1).await;
    let (stays, _) = merged.first().unwrap().clone();
    assert!(merged.is_subset(&before));
    assert_eq!(merged.first().unwrap().1, first.situation_id);
    let gave_way = eventually("the younger one to have given way", async || {
        let request = routing::ListReferralsRequest {
            page_size: 200,
            ..Default::default()
        };
        let all = coordinator
            .0
            .routing()
            .list_referrals(request)
            .await
            .unwrap();
        let mut all = all.into_inner().referrals.into_iter();
        all.find(|one| one.state == ReferralState::Merged.number())
    })
    .await;
    assert_eq!(gave_way.situation_id, first.situation_id);
    assert!(before.iter().any(|(id, _)| *id == gave_way.referral_id));
    let status = nurse.signal(&later.signal_id).await;
    assert_eq!(status.receipt.unwrap().situation_id, first.situation_id);
    eventually("one story", async || {
        let merged = told(&coordinator, &first.situation_id, MERGED).await;
        (merged == 1).then_some(())
    })
    .await;
    assert_eq!(told(&coordinator, &first.situation_id, FLAGGED).await, 2);
    let by_the_old_name = told(&coordinator, &later.situation_id, FLAGGED).await;
    assert_eq!(by_the_old_name, 2, "who asks by the old name is led on");
    assert!(questions(&coordinator, false).await.is_empty());
    let refused = answer(&coordinator, id, Resolution::KeepApart)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1027");

    // Split: everything stands as it did.
    for _ in 0..2 {
        let split = answer(&coordinator, id, Resolution::Split).await.unwrap();
        assert_eq!(split.state(), DuplicateState::Split);
    }
    assert_eq!(open(&coordinator, 2).await, before);
    let status = nurse.signal(&later.signal_id).await;
    assert_eq!(status.receipt.unwrap().situation_id, later.situation_id);
    eventually("two stories", async || {
        let split = told(&coordinator, &later.situation_id, SPLIT).await;
        (split == 1).then_some(())
    })
    .await;
    for situation in [&first.situation_id, &later.situation_id] {
        assert_eq!(told(&coordinator, situation, FLAGGED).await, 1);
    }

    // Merged again, and somebody relies on it.
    answer(&coordinator, id, Resolution::Merge).await.unwrap();
    open(&coordinator, 1).await;
    let referral = coordinator.referral_of(&first.situation_id).await;
    assert_eq!(referral.referral_id, stays);
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&stays).await.unwrap();
    cleaner.sees(&first.signal_id, Step::Accepted).await;
    nurse.sees(&later.signal_id, Step::Accepted).await;
    let refused = answer(&coordinator, id, Resolution::Split)
        .await
        .unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL1025");

    // Who accepted reads what both left, by either name.
    for situation in [&first.situation_id, &later.situation_id] {
        let request = intake::GetContactRequest {
            situation_id: situation.clone(),
            purpose: "first call".to_owned(),
        };
        let known = partner.0.intake().get_contact(request).await.unwrap();
        let contacts = &known.get_ref().contacts;
        let phones: Vec<&str> = contacts.iter().map(|one| one.phone.as_str()).collect();
        assert_eq!(phones, ["059 65 43 21", "059 12 34 56"]);
    }

    // What recognises a carer is seen by intake alone, and by nobody as it was typed.
    let mut look = world.look().await;
    for (role, seen) in [("coordinator", 0), ("reporter", 0), ("service", 6)] {
        let bind = format!("set role kl_intake; set kl.role = '{role}'; set kl.zones = '{ZONE}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(bind))
            .execute(&mut look)
            .await
            .unwrap();
        let keys: i64 = sqlx::query_scalar("select count(*) from intake.match_key")
            .fetch_one(&mut look)
            .await
            .unwrap();
        assert_eq!(keys, seen, "{role}");
    }

    // Every answer left its row in the audit log, chained.
    let actions: Vec<String> = sqlx::query_scalar(
        "select action from intake.audit where action like 'duplicate.%' order by number",
    )
    .fetch_all(&mut world.look().await)
    .await
    .unwrap();
    let expected = ["duplicate.merged", "duplicate.split", "duplicate.merged"];
    assert_eq!(actions, expected);
    world.stop().await;
}

#[tokio::test]
async fn who_is_kept_apart_is_not_asked_about_again() {
    let world = World::start().await;
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&[ZONE]);

    // One phone in the house, two national numbers: two carers.
    let of = |number: &str| intake::Signal {
        contact: Some(intake::Contact {
            phone: "059 12 34 56".to_owned(),
            national_number: number.to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let mother = cleaner.send(of("85.07.30-033.28")).await.unwrap();
    let son = cleaner.send(of("00.01.01-001.05")).await;
    let son = son.unwrap();
    assert_ne!(mother.situation_id, son.situation_id);
    let asked = questions(&coordinator, false).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].reasons,
        [
            MatchReason::SamePhone.number(),
            MatchReason::OtherNationalNumber.number()
        ]
    );
    for _ in 0..2 {
        let kept = answer(&coordinator, &asked[0].duplicate_id, Resolution::KeepApart).await;
        assert_eq!(kept.unwrap().state(), DuplicateState::KeptApart);
    }

    // Each is recognised by the number, and nobody is asked again.
    for (number, receipt) in [("85073003328", &mother), ("00010100105", &son)] {
        let again = cleaner.send(of(number)).await.unwrap();
        assert_eq!(again.situation_id, receipt.situation_id);
    }
    assert!(questions(&coordinator, false).await.is_empty());
    assert_eq!(questions(&coordinator, true).await.len(), 1);

    // By the phone alone nobody can tell: the one question is whose it is.
    let unclear = intake::Signal {
        contact: Some(intake::Contact {
            phone: "+32 59 12 34 56".to_owned(),
            ..Default::default()
        }),
        ..a_signal(&world.environment)
    };
    let unclear = cleaner.send(unclear).await.unwrap();
    assert!(
        ![&mother, &son]
            .iter()
            .any(|known| known.situation_id == unclear.situation_id)
    );
    assert_eq!(questions(&coordinator, false).await.len(), 2);

    let malformed = intake::ResolveDuplicateRequest {
        duplicate_id: asked[0].duplicate_id.clone(),
        resolution: 9,
        reason: ResolutionReason::Other.number(),
    };
    for (spoilt, code, field) in [
        (malformed.clone(), "KL1003", "resolution"),
        (
            intake::ResolveDuplicateRequest {
                duplicate_id: "x".to_owned(),
                ..malformed.clone()
            },
            "KL1002",
            "duplicate_id",
        ),
        (
            intake::ResolveDuplicateRequest {
                resolution: Resolution::Merge.into(),
                reason: 0,
                ..malformed.clone()
            },
            "KL1001",
            "reason",
        ),
    ] {
        let refused = coordinator
            .0
            .intake()
            .resolve_duplicate(spoilt)
            .await
            .unwrap_err();
        let problem = Problem::from(&refused);
        assert_eq!(
            (problem.code.as_str(), problem.field.as_deref()),
            (code, Some(field))
        );
    }
    world.stop().await;
}

/// What the link of this token shows.
async fn look(world: &World, token: &str) -> Result<intake::MySituation, String> {
    let request = intake::GetMySituationRequest {
        token: token.to_owned(),
    };
    match world.nobody().intake().get_my_situation(request).await {
        Ok(seen) => Ok(seen.into_inner().situation.unwrap()),
        Err(status) => Err(Problem::from(&status).code),
    }
}

/// Two carers who were taken for one: whatever link was made meanwhile, none of them ever sees, or
/// decides on, what is the other one's.
#[tokio::test]
async fn no_link_opens_another_carers_situation_after_a_split() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&[ZONE]);
    let first = cleaner
        .send(flagged(&world, "8400", "059 12 34 56"))
        .await
        .unwrap();
    coordinator.referral_of(&first.situation_id).await;
    let later = nurse
        .send(flagged(&world, "8450", "059 65 43 21"))
        .await
        .unwrap();
    // Somebody follows the second one up, to the end.
    let referral = eventually("the second referral", async || {
        let mut open = coordinator.referrals().await.into_iter();
        open.find(|one| one.situation_id == later.situation_id)
    })
    .await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    let task = partner.task_of(&later.situation_id).await.task_id;
    partner.reaches(&task).await;
    let helped = partner.completes(&task, OutcomeResult::Helped, None);
    helped.await.unwrap();
    nurse.sees(&later.signal_id, Step::Closed).await;

    let question = questions(&coordinator, false).await.remove(0);
    let id = question.duplicate_id.as_str();
    answer(&coordinator, id, Resolution::Merge).await.unwrap();
    let situation = first.situation_id.as_str();
    eventually("the follow-up to be the survivor's", async || {
        let tasks = partner.task_of(situation).await;
        (tasks.task_id == task).then_some(())
    })
    .await;
    let of_second = partner.link(&task).await.token;
    let request = intake::IssueSituationLinkRequest {
        situation_id: first.situation_id.clone(),
        ..Default::default()
    };
    let of_both = coordinator.0.intake().issue_situation_link(request).await;
    let of_both = of_both.unwrap().into_inner().link.unwrap().token;
    for token in [&of_second, &of_both] {
        let seen = eventually("the situation", async || look(&world, token).await.ok()).await;
        assert_eq!(seen.told.len(), 1);
    }

    answer(&coordinator, id, Resolution::Split).await.unwrap();
    assert_eq!(look(&world, &of_both).await.unwrap_err(), "KL1041");
    let seen = look(&world, &of_second).await.unwrap();
    assert_eq!(
        seen.told.len(),
        1,
        "their own: the first one was told to nobody"
    );
    let withdraw = intake::WithdrawMyConsentRequest { token: of_second };
    let withdrawn = world.nobody().intake().withdraw_my_consent(withdraw).await;
    withdrawn.unwrap();
    let consent = async |phone: &ReporterPhone, signal: &str| phone.signal(signal).await.consent;
    assert_eq!(
        consent(&cleaner, &first.signal_id).await,
        Consent::Given.number()
    );
    assert_eq!(
        consent(&nurse, &later.signal_id).await,
        Consent::Withdrawn.number()
    );
    world.stop().await;
}

/// The situation of each of these signals.
async fn situations_of(signals: &[(&ReporterPhone, &intake::Receipt)]) -> Vec<String> {
    let mut situations = Vec::new();
    for (reporter, receipt) in signals {
        let status = reporter.signal(&receipt.signal_id).await;
        situations.push(status.receipt.unwrap().situation_id);
    }
    situations
}

#[tokio::test]
async fn a_chain_of_merges_is_undone_link_by_link() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&[ZONE]);

    // The first and the second bear one name, the second and the third one phone.
    let first = flagged(&world, "8400", "059 12 34 56");
    let mut second = flagged(&world, "8450", "059 65 43 21");
    let mut third = flagged(&world, "8450", "059 65 43 21");
    let contact = second.contact.as_mut().unwrap();
    contact.national_number = "85.07.30-033.28".to_owned();
    third.contact = Some(intake::Contact {
        phone: contact.phone.clone(),
        national_number: "00.01.01-001.05".to_owned(),
        ..Default::default()
    });
    let first = cleaner.send(first).await.unwrap();
    let second = nurse.send(second).await.unwrap();
    let third = cleaner.send(third).await.unwrap();
    let signals = [(&cleaner, &first), (&nurse, &second), (&cleaner, &third)];
    let [a, b, c] = [&first, &second, &third].map(|receipt| receipt.situation_id.as_str());
    assert_eq!(situations_of(&signals).await, [a, b, c]);
    let before = open(&coordinator, 3).await;
    let asked = questions(&coordinator, false).await;
    let about = |one: &str, other: &str| {
        let side = |side: &Option<intake::DuplicateSide>| side.clone().unwrap().situation_id;
        let mut asked = asked.iter();
        let question = asked.find(|q| side(&q.first) == one && side(&q.later) == other);
        question.unwrap().duplicate_id.clone()
    };
    let (name, phone) = (about(a, b), about(b, c));

    // The third goes into the second, and with it into the first.
    answer(&coordinator, &phone, Resolution::Merge)
        .await
        .unwrap();
    assert_eq!(situations_of(&signals).await, [a, b, b]);
    let two = open(&coordinator, 2).await;
    answer(&coordinator, &name, Resolution::Merge)
        .await
        .unwrap();
    assert_eq!(situations_of(&signals).await, [a, a, a]);
    let one = open(&coordinator, 1).await;
    assert_eq!(one.first().unwrap().1, a);
    eventually("one story of all", async || {
        let flagged = told(&coordinator, a, FLAGGED).await;
        (flagged == 3).then_some(())
    })
    .await;

    answer(&coordinator, &name, Resolution::Split)
        .await
        .unwrap();
    assert_eq!(situations_of(&signals).await, [a, b, b]);
    assert_eq!(open(&coordinator, 2).await, two);
    answer(&coordinator, &phone, Resolution::Split)
        .await
        .unwrap();
    assert_eq!(situations_of(&signals).await, [a, b, c]);
    assert_eq!(open(&coordinator, 3).await, before);
    for situation in [a, b, c] {
        eventually("a story of its own", async || {
            let flagged = told(&coordinator, situation, FLAGGED).await;
            (flagged == 1).then_some(())
        })
        .await;
    }

    // Once more, and now what went in first comes out first. The partner of the second declined,
    // so that what it is asked for is younger than what the third is.
    let referral = coordinator.referral_of(b).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    let declined = partner.decline(&referral.referral_id, DeclineReason::NoCapacity);
    declined.await.unwrap();
    // Two partners together take its place.
    let before = open(&coordinator, 4).await;
    for question in [&phone, &name] {
        answer(&coordinator, question, Resolution::Merge)
            .await
            .unwrap();
    }
    open(&coordinator, 1).await;
    answer(&coordinator, &phone, Resolution::Split)
        .await
        .unwrap();
    assert_eq!(situations_of(&signals).await, [a, a, c]);
    let of_first_and_third = before.iter().filter(|(_, situation)| situation != b);
    let expected: BTreeSet<_> = of_first_and_third.cloned().collect();
    assert_eq!(open(&coordinator, 2).await, expected);
    answer(&coordinator, &name, Resolution::Split)
        .await
        .unwrap();
    assert_eq!(situations_of(&signals).await, [a, b, c]);
    assert_eq!(open(&coordinator, 4).await, before);
    world.stop().await;
}

/// What a situation was judged upon last, how soon, and for which needs.
async fn judged_upon(
    desk: &CoordinatorDesk,
    situation: &str,
    cause: assessment::Cause,
) -> assessment::Assessment {
    eventually("a judgement upon that", async || {
        let request = assessment::ListAssessmentsRequest {
            situation_id: situation.to_owned(),
        };
        let list = desk.0.assessment().list_assessments(request).await.unwrap();
        let newest = list.into_inner().assessments.into_iter().next();
        newest.filter(|newest| newest.cause() == cause)
    })
    .await
}

#[tokio::test]
async fn what_is_one_is_judged_as_one_and_what_is_two_as_two() {
    use assessment::Cause::{SignalFlagged, SituationsMerged, SituationsSplit};

    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&[ZONE]);
    let first = cleaner
        .send(flagged(&world, "8400", "059 12 34 56"))
        .await
        .unwrap();
    let mut heavier = flagged(&world, "8450", "059 65 43 21");
    heavier.observations = vec![Observation::SaysCannotGoOn.number()];
    let later = nurse.send(heavier).await.unwrap();
    let (first, later) = (first.situation_id.as_str(), later.situation_id.as_str());
    let first_alone = judged_upon(&coordinator, first, SignalFlagged).await;
    let later_alone = judged_upon(&coordinator, later, SignalFlagged).await;
    assert!(first_alone.urgency < later_alone.urgency);

    let question = questions(&coordinator, false).await.remove(0);
    let id = question.duplicate_id.as_str();
    for _ in 0..2 {
        answer(&coordinator, id, Resolution::Merge).await.unwrap();
        let both = judged_upon(&coordinator, first, SituationsMerged).await;
        assert_eq!(both.urgency, later_alone.urgency);
        assert_eq!(both.weight, first_alone.weight + later_alone.weight);
        let mut needs = first_alone.needs.iter().chain(&later_alone.needs);
        assert!(needs.all(|need| both.needs.contains(need)));
        let by_the_old_name = judged_upon(&coordinator, later, SituationsMerged).await;
        assert_eq!(by_the_old_name, both);

        answer(&coordinator, id, Resolution::Split).await.unwrap();
        for (situation, alone) in [(first, &first_alone), (later, &later_alone)] {
            let again = judged_upon(&coordinator, situation, SituationsSplit).await;
            assert_eq!(
                (again.urgency, &again.needs, again.weight, &again.signal_id),
                (alone.urgency, &alone.needs, alone.weight, &alone.signal_id)
            );
        }
    }
    world.stop().await;
}

/// The loop of this referral, once it is of this situation and of this kind.
async fn loop_of(
    desk: &CoordinatorDesk,
    situation: &str,
    kind: ClockKind,
    is_meant: impl Fn(&followup::OpenLoop) -> bool,
) -> Timestamp {
    eventually(kind.code(), async || {
        let loops = desk.open_loops().await;
        let mut loops = loops.into_iter().filter(|one| is_meant(one));
        let found = loops.find(|one| one.situation_id == situation)?;
        let clock = found.clock.filter(|clock| clock.kind == kind.number())?;
        Some(from_proto(clock.due_at?).unwrap())
    })
    .await
}

/// What was closed before a merge is opened again while it lasts. After the split the promise is
/// where its follow-up is: a coordinator learns that it is broken, and the council that nobody saw
/// to that, though what lies with the coordinator came while they were one again.
#[tokio::test]
async fn what_is_promised_while_two_are_one_goes_with_its_follow_up() {
    let world = World::start().await;
    let (cleaner, nurse) = (world.reporter("cleaner"), world.reporter("nurse"));
    let coordinator = world.coordinator(&[ZONE]);
    let first = cleaner.send(flagged(&world, "8400", "059 12 34 56"));
    let first = first.await.unwrap().situation_id;
    coordinator.referral_of(&first).await;
    let later = nurse.send(flagged(&world, "8450", "059 65 43 21"));
    let later = later.await.unwrap();
    let (signal, later) = (later.signal_id, later.situation_id);
    let referral = coordinator.referral_of(&later).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    let referral = referral.referral_id;
    partner.accept(&referral).await.unwrap();
    let task = partner.task_of(&later).await.task_id;
    partner.reaches(&task).await;
    let helped = partner.completes(&task, OutcomeResult::Helped, None);
    helped.await.unwrap();
    nurse.sees(&signal, Step::Closed).await;

    let question = questions(&coordinator, false).await.remove(0).duplicate_id;
    let mut times = 0_usize;
    let mut are = async |resolution: Resolution| {
        answer(&coordinator, &question, resolution).await.unwrap();
        times += 1;
        let (situation, event) = match resolution {
            Resolution::Merge => (&first, MERGED),
            _ => (&later, SPLIT),
        };
        eventually("follow-up to know", async || {
            let known = told(&coordinator, situation, event).await;
            (known == times.div_ceil(2)).then_some(())
        })
        .await;
    };
    are(Resolution::Merge).await;
    let reopen = followup::ReopenRequest {
        task_id: task.clone(),
    };
    partner.0.followup().reopen(reopen).await.unwrap();
    are(Resolution::Split).await;
    let of_referral = |one: &followup::OpenLoop| one.referral_id == referral;
    let due = loop_of(&coordinator, &later, ClockKind::FirstContact, of_referral).await;

    are(Resolution::Merge).await;
    world.clock.set(due);
    let item = eventually("a coordinator's item", async || {
        let items = coordinator.items().await;
        items
            .into_iter()
            .find(|item| item.kind == ItemKind::Late.number())
    })
    .await;
    assert_eq!(item.situation_id, first, "which they are, together");
    are(Resolution::Split).await;
    let of_item = |one: &followup::OpenLoop| one.item_id == item.item_id;
    let due = loop_of(&coordinator, &later, ClockKind::Coordinator, of_item).await;
    world.clock.set(due);
    nurse.sees(&signal, Step::Escalated).await;
    world.stop().await;
}
