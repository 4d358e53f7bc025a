//! Forms that were filled in, and several signals of one situation: each judges the whole anew,
//! and routing hears of it once.

#![allow(
    clippy::too_many_lines,
    reason = "a scenario reads top down, in one piece"
)]

use futures::future::join_all;
use jiff::SignedDuration;
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_contracts::{
    assessment::v1::{self as pb, Cause, Trend},
    event::EventBody,
    events::v1 as events,
    intake::v1 as intake,
    to_proto,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_eventing::{Said, say};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{
    Consent, EventId, Language, Need, Observation, ReporterRole, ResponseId, SignalId, SituationId,
    Step, Urgency,
};
use tonic::Status;

const ZONE: &str = "oostende-bredene";

fn form(world: &World, situation: &str, instrument: &str) -> pb::SubmitAssessmentRequest {
    pb::SubmitAssessmentRequest {
        response_id: ResponseId::new(&world.environment).to_string(),
        situation_id: situation.to_owned(),
        instrument_id: instrument.to_owned(),
        instrument_version: "1.0.0".to_owned(),
        ..Default::default()
    }
}

fn answer(link_id: &str, code: &str) -> pb::Answer {
    pb::Answer {
        link_id: link_id.to_owned(),
        code: code.to_owned(),
    }
}

fn perseverance(world: &World, situation: &str, code: &str) -> pb::SubmitAssessmentRequest {
    pb::SubmitAssessmentRequest {
        answers: vec![answer("perseverance", code)],
        ..form(world, situation, "perseverance-time")
    }
}

/// CarerQol-7D with these answers to what is good and to what is hard.
fn carerqol(world: &World, situation: &str, good: &str, hard: &str) -> pb::SubmitAssessmentRequest {
    let goods = ["fulfilment", "support"].map(|item| answer(item, good));
    let hards = [
        "relational_problems",
        "mental_health_problems",
        "daily_activities_problems",
        "financial_problems",
        "physical_health_problems",
    ]
    .map(|item| answer(item, hard));
    pb::SubmitAssessmentRequest {
        answers: goods.into_iter().chain(hards).collect(),
        ..form(world, situation, "carerqol-7d")
    }
}

async fn submit(
    caller: &Caller,
    form: pb::SubmitAssessmentRequest,
) -> Result<pb::SubmitAssessmentResponse, Status> {
    Ok(caller
        .assessment()
        .submit_assessment(form)
        .await?
        .into_inner())
}

async fn list(caller: &Caller, situation: &str) -> pb::ListAssessmentsResponse {
    let request = pb::ListAssessmentsRequest {
        situation_id: situation.to_owned(),
    };
    let listed = caller.assessment().list_assessments(request).await;
    listed.unwrap().into_inner()
}

/// A signal that a nurse flagged and that was routed.
async fn flagged(world: &World) -> intake::Receipt {
    let nurse = world.reporter("nurse");
    let signal = intake::Signal {
        reporter_role: ReporterRole::Nurse.number(),
        ..a_signal(&world.environment)
    };
    let receipt = nurse.send(signal).await.unwrap();
    nurse.sees(&receipt.signal_id, Step::Referred).await;
    receipt
}

#[tokio::test]
async fn forms_show_a_trend_and_raise_the_urgency_that_routing_hears_of() {
    let world = World::start().await;
    let receipt = flagged(&world).await;
    let situation = receipt.situation_id.as_str();
    let coordinator = world.coordinator(&[ZONE]);
    let before = coordinator.referrals().await;
    assert!(
        before
            .iter()
            .all(|referral| referral.urgency == Urgency::Soon.number()),
        "{before:?}"
    );

    // Two forms that change nothing: nobody is asked anything.
    let first = submit(&coordinator.0, carerqol(&world, situation, "a_lot", "some"))
        .await
        .unwrap();
    assert!((first.result.unwrap().score - 9.0).abs() < f64::EPSILON);
    let years = submit(
        &coordinator.0,
        perseverance(&world, situation, "over_2_years"),
    )
    .await
    .unwrap();
    let years = years.assessment.unwrap();
    assert_eq!(years.urgency, Urgency::Soon.number());
    assert_eq!(years.cause(), Cause::FormFilledIn);
    assert_eq!(years.signal_id, receipt.signal_id);

    // Two weeks later it is much worse.
    world.clock.advance(SignedDuration::from_hours(14 * 24));
    submit(&coordinator.0, carerqol(&world, situation, "some", "some"))
        .await
        .unwrap();
    let week = submit(
        &coordinator.0,
        perseverance(&world, situation, "under_1_week"),
    )
    .await
    .unwrap();
    let judged = week.assessment.unwrap();
    assert_eq!(judged.urgency, Urgency::Urgent.number());
    assert!(judged.needs.contains(&Need::Respite.number()));
    let heaviest = &judged.reasons[0];
    assert_eq!(heaviest.line, "perseverance-time/under_1_week");
    assert!(
        heaviest
            .because
            .as_ref()
            .unwrap()
            .nl
            .contains("minder dan een week")
    );
    assert!(heaviest.source.contains("own default, not validated"));
    assert!(!judged.asks.is_empty() && judged.weight_because.is_some());

    // Routing asks for what is new, urgently, and for nothing twice.
    let after = eventually("an urgent referral for respite", async || {
        let referrals = coordinator.referrals().await;
        let urgent = Urgency::Urgent.number();
        let found = referrals.iter().any(|referral| {
            referral.urgency == urgent && referral.needs == [Need::Respite.number()]
        });
        found.then_some(referrals)
    })
    .await;
    let mut asked: Vec<i32> = after
        .iter()
        .flat_map(|referral| referral.needs.clone())
        .collect();
    let all = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), all, "a need is asked for twice: {after:?}");

    let listed = list(&coordinator.0, situation).await;
    assert_eq!(listed.assessments.len(), 5);
    assert_eq!(listed.assessments[0], judged);
    assert_eq!(listed.assessments[4].cause(), Cause::SignalFlagged);
    let series: Vec<(&str, Trend, usize)> = listed
        .series
        .iter()
        .map(|one| (one.instrument_id.as_str(), one.trend(), one.results.len()))
        .collect();
    assert_eq!(
        series,
        [
            ("carerqol-7d", Trend::Worse, 2),
            ("perseverance-time", Trend::Worse, 2)
        ]
    );
    let words = listed.series[0].direction_words.as_ref().unwrap();
    assert_eq!(words.en, "A higher score is better.");
    assert_eq!(
        listed.series[0].smallest_change_source,
        "own default, not validated"
    );
    let one = pb::GetAssessmentRequest {
        assessment_id: judged.assessment_id.clone(),
    };
    let got = coordinator
        .0
        .assessment()
        .get_assessment(one)
        .await
        .unwrap();
    assert_eq!(got.into_inner().assessment.unwrap(), judged);

    // A partner sees it once it has accepted, and no longer when the carer takes consent back.
    let respite = after
        .iter()
        .find(|one| one.needs == [Need::Respite.number()])
        .unwrap();
    let organisation = &respite.service.as_ref().unwrap().organisation_id;
    let partner = world.partner(organisation);
    assert!(list(&partner.0, situation).await.assessments.is_empty());
    partner.accept(&respite.referral_id).await.unwrap();
    eventually("the partner sees the scores", async || {
        (list(&partner.0, situation).await.series.len() == 2).then_some(())
    })
    .await;
    assert!(
        list(&world.partner("somebody-else").0, situation)
            .await
            .assessments
            .is_empty()
    );
    let withdrawn = intake::SetConsentRequest {
        signal_id: receipt.signal_id.clone(),
        consent: Consent::Withdrawn.number(),
        ..Default::default()
    };
    // The reporter sees `assessed` once, whatever was judged anew.
    let nurse = world.reporter("nurse");
    let told = nurse.steps(&receipt.signal_id).await;
    let assessed = told.iter().filter(|step| **step == Step::Assessed);
    assert_eq!(assessed.count(), 1);
    nurse.0.intake().set_consent(withdrawn).await.unwrap();
    eventually("the partner no longer sees them", async || {
        let listed = list(&partner.0, situation).await;
        (listed.assessments.is_empty() && listed.series.is_empty()).then_some(())
    })
    .await;

    // What was answered is in no event.
    let told: i64 = sqlx::query_scalar(
        "select count(*) from assessment.outbox where position('under_1_week'::bytea in body) > 0",
    )
    .fetch_one(&mut world.look().await)
    .await
    .unwrap();
    assert_eq!(told, 0);
    // Nor is the reporter told anything of it any more.
    let told = nurse.steps(&receipt.signal_id).await;
    assert_eq!(told, [Step::Received, Step::NotShared]);
    world.stop().await;
}

/// Intake's own way into its schema.
fn intake_of(world: &World) -> Database {
    let options = DatabaseOptions {
        url: world.bed.database_url.clone(),
        service: "intake",
        connections: 1,
    };
    Database::new(&options).unwrap()
}

/// Says something of a situation, as intake does when it recognises one.
async fn tell(world: &World, intake: &Database, situation: &str, body: EventBody) {
    let principal = Principal::service("intake".parse().unwrap());
    let mut transaction = intake.begin(&principal).await.unwrap();
    let said = Said {
        id: EventId::new(&world.environment),
        situation: situation.parse().unwrap(),
        zone: ZONE.parse().unwrap(),
        body,
        traceparent: None,
    };
    say(&mut transaction, world.environment.now(), &[said])
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

fn flagged_again(world: &World, signal: SignalId, seen: &[Observation]) -> EventBody {
    let flagged = events::SignalFlagged {
        signal_id: signal.to_string(),
        observations: seen.iter().map(|seen| seen.number()).collect(),
        reporter_role: ReporterRole::Neighbour.number(),
        reported_at: Some(to_proto(world.environment.now())),
        circumstances: Some(events::Circumstances {
            postal_code: "8400".to_owned(),
            zone_id: ZONE.to_owned(),
            language: Language::Dutch.number(),
            age_band: 0,
            consent: Consent::Given.number(),
            consent_sequence: 1,
            ..Default::default()
        }),
        reporter_key: String::new(),
    };
    flagged.into()
}

#[tokio::test]
async fn what_an_earlier_version_judged_is_explained_by_its_table_and_goes_on_from_there() {
    let world = World::start().await;
    let coordinator = world.coordinator(&[ZONE]);
    let situation = SituationId::new(&world.environment).to_string();
    // A row as it was written before 2026-11-22.
    sqlx::query(
        r#"insert into assessment.assessment (
               assessment_id, situation_id, signal_id, zone, assessed_at, observations, urgency, needs, weight,
               reasons, triage_version
           )
           values (gen_random_uuid(), $1::uuid, gen_random_uuid(), $2, now(), '{exhausted}', 'soon',
                   '{respite,practical_help,psychosocial}', 3,
                   '[{"observation": "exhausted", "weight": 3, "needs": ["respite"], "source": "x"}]',
                   '2026-11-21.1')"#,
    )
    .bind(&situation)
    .bind(ZONE)
    .execute(&mut world.look().await)
    .await
    .unwrap();
    let listed = list(&coordinator.0, &situation).await;
    let old = &listed.assessments[0];
    assert_eq!(old.cause(), Cause::SignalFlagged);
    assert_eq!(old.reasons[0].observation, Observation::Exhausted.number());
    assert_eq!(old.reasons[0].source, "own default, not validated");
    let refused = submit(
        &coordinator.0,
        perseverance(&world, &situation, "under_1_week"),
    );
    assert_eq!(
        Problem::from(&refused.await.unwrap_err()).code,
        "KL2013",
        "it is not known where it lies"
    );

    let intake = intake_of(&world);
    let signal = SignalId::new(&world.environment);
    let flagged = flagged_again(&world, signal, &[Observation::Isolated]);
    tell(&world, &intake, &situation, flagged).await;
    let both = eventually("the second judgement", async || {
        let mut assessments = list(&coordinator.0, &situation).await.assessments;
        (assessments.len() == 2).then(|| assessments.remove(0))
    })
    .await;
    assert_eq!((both.weight, both.reasons.len()), (5, 2));
    assert!(both.needs.contains(&Need::Respite.number()));
    assert!(both.needs.contains(&Need::PeerSupport.number()));
    intake.close().await;
    world.stop().await;
}

#[tokio::test]
async fn several_signals_of_one_situation_add_up_and_one_taken_back_leaves() {
    let world = World::start().await;
    let receipt = flagged(&world).await;
    let coordinator = world.coordinator(&[ZONE]);
    let situation = receipt.situation_id.as_str();
    let intake = intake_of(&world);
    let tell = async |body: EventBody| tell(&world, &intake, situation, body).await;
    let judged = async |how_many: usize| {
        eventually("a judgement more", async || {
            let mut assessments = list(&coordinator.0, situation).await.assessments;
            (assessments.len() == how_many).then(|| assessments.remove(0))
        })
        .await
    };
    let alone = judged(1).await;

    let second = SignalId::new(&world.environment);
    let seen = [Observation::SaysCannotGoOn, Observation::SuicidalTalk];
    tell(flagged_again(&world, second, &seen)).await;
    let both = judged(2).await;
    assert_eq!(both.urgency, Urgency::Emergency.number());
    assert_eq!(both.needs[0], Need::Safety.number());
    assert!(alone.needs.iter().all(|need| both.needs.contains(need)));
    assert_eq!(both.weight, alone.weight + 13);
    assert!(both.reasons[0].red_flag);
    assert_eq!(both.signal_id, second.to_string());

    tell(
        events::SignalWithdrawn {
            signal_id: second.to_string(),
            others_stand: true,
        }
        .into(),
    )
    .await;
    let again = judged(3).await;
    assert_eq!(again.cause(), Cause::SignalWithdrawn);
    assert_eq!(again.signal_id, receipt.signal_id);
    assert_eq!(
        (again.urgency, &again.needs, &again.reasons),
        (alone.urgency, &alone.needs, &alone.reasons)
    );

    // The last one taken back: nothing to act upon, and nothing a form could be added to.
    tell(
        events::SignalWithdrawn {
            signal_id: receipt.signal_id.clone(),
            others_stand: false,
        }
        .into(),
    )
    .await;
    let nothing = judged(4).await;
    assert!(nothing.needs.is_empty() && nothing.reasons.is_empty());
    let refused = submit(
        &coordinator.0,
        perseverance(&world, situation, "under_1_week"),
    )
    .await;
    assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL2013");
    intake.close().await;
    world.stop().await;
}

#[tokio::test]
async fn the_same_form_twice_is_one_and_many_at_once_are_many() {
    let world = World::start().await;
    let receipt = flagged(&world).await;
    let coordinator = world.coordinator(&[ZONE]).0;
    let situation = receipt.situation_id.as_str();
    let sent = carerqol(&world, situation, "some", "a_lot");
    let (one, other) = tokio::join!(
        submit(&coordinator, sent.clone()),
        submit(&coordinator, sent.clone())
    );
    let kept = one.unwrap();
    assert_eq!(kept, other.unwrap());
    world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(kept, submit(&coordinator, sent.clone()).await.unwrap());
    let other = pb::SubmitAssessmentRequest {
        response_id: sent.response_id,
        ..carerqol(&world, situation, "some", "no")
    };
    let refused = Problem::from(&submit(&coordinator, other).await.unwrap_err());
    assert_eq!(
        (refused.code.as_str(), refused.field.as_deref()),
        ("KL2012", Some("response_id"))
    );
    assert_eq!(list(&coordinator, situation).await.assessments.len(), 2);

    let totals = [
        ("csi", 8.0),
        ("mcsi", 20.0),
        ("ediz-plus", 12.0),
        ("belrai-screener", 12.5),
    ];
    let at_once = totals.map(|(instrument, total)| {
        let form = pb::SubmitAssessmentRequest {
            total: Some(total),
            ..form(&world, situation, instrument)
        };
        submit(&coordinator, form)
    });
    for kept in join_all(at_once).await {
        kept.unwrap();
    }
    let listed = list(&coordinator, situation).await;
    assert_eq!((listed.assessments.len(), listed.series.len()), (6, 5));
    let lines: Vec<&str> = listed.assessments[0]
        .reasons
        .iter()
        .map(|reason| reason.line.as_str())
        .collect();
    for line in [
        "overload",
        "ediz-plus/heavy",
        "carerqol-7d/financial_problems/a_lot",
        "tasks_too_heavy",
    ] {
        assert!(lines.contains(&line), "{line} is not in {lines:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn who_may_hand_in_a_form() {
    let world = World::start().await;
    let receipt = flagged(&world).await;
    let situation = receipt.situation_id.as_str();
    let code = async |caller: &Caller, signal: &str| {
        let form = pb::SubmitAssessmentRequest {
            signal_id: signal.to_owned(),
            ..perseverance(&world, situation, "1_to_2_years")
        };
        let refused = submit(caller, form).await.err();
        refused
            .map(|status| Problem::from(&status).code)
            .unwrap_or_default()
    };
    let nurse = world.reporter("nurse").0;
    assert_eq!(code(&nurse, &receipt.signal_id).await, "");
    assert_eq!(code(&nurse, "").await, "KL2005");
    assert_eq!(
        code(&nurse, &SignalId::new(&world.environment).to_string()).await,
        "KL2002"
    );
    assert_eq!(code(&world.coordinator(&["gent"]).0, "").await, "KL2002");
    assert_eq!(code(&world.partner("somebody-else").0, "").await, "KL2002");
    assert_eq!(code(&world.coordinator(&[ZONE]).0, "").await, "");

    // A cleaner flags; going through a form with a carer is for those who are trained to.
    let cleaner = world.reporter("cleaner");
    let signal = intake::Signal {
        reporter_role: ReporterRole::Cleaner.number(),
        ..a_signal(&world.environment)
    };
    let own = cleaner.send(signal).await.unwrap();
    cleaner.sees(&own.signal_id, Step::Assessed).await;
    let form = pb::SubmitAssessmentRequest {
        signal_id: own.signal_id.clone(),
        ..perseverance(&world, &own.situation_id, "1_to_2_years")
    };
    let refused = submit(&cleaner.0, form).await.unwrap_err();
    assert_eq!(Problem::from(&refused).code, "KL2002");
    world.stop().await;
}

type Spoil = fn(&World, &mut pb::SubmitAssessmentRequest);

const BAD: &[(&str, Spoil, &str, &str)] = &[
    (
        "no id",
        |_, form| form.response_id.clear(),
        "KL2005",
        "response_id",
    ),
    (
        "no id at all",
        |_, form| "12".clone_into(&mut form.response_id),
        "KL2001",
        "response_id",
    ),
    (
        "no situation",
        |_, form| form.situation_id.clear(),
        "KL2005",
        "situation_id",
    ),
    (
        "no instrument",
        |_, form| form.instrument_id.clear(),
        "KL2005",
        "instrument_id",
    ),
    (
        "an instrument we may not offer",
        |_, form| "zbi-12".clone_into(&mut form.instrument_id),
        "KL2006",
        "instrument_id",
    ),
    (
        "an unknown version",
        |_, form| "0.9".clone_into(&mut form.instrument_version),
        "KL2006",
        "instrument_version",
    ),
    (
        "nothing answered",
        |_, form| form.answers.clear(),
        "KL2007",
        "answers",
    ),
    (
        "answers and a total",
        |_, form| form.total = Some(3.0),
        "KL2007",
        "answers",
    ),
    (
        "a total where answers are due",
        |_, form| {
            form.answers.clear();
            form.total = Some(3.0);
        },
        "KL2007",
        "answers",
    ),
    (
        "an unknown item",
        |_, form| form.answers.push(answer("sleep", "no")),
        "KL2008",
        "answers",
    ),
    (
        "an unknown answer",
        |_, form| "sometimes".clone_into(&mut form.answers[0].code),
        "KL2008",
        "answers",
    ),
    (
        "an item answered twice",
        |_, form| form.answers.push(form.answers[0].clone()),
        "KL2008",
        "answers",
    ),
    (
        "a missing item",
        |_, form| drop(form.answers.pop()),
        "KL2009",
        "answers",
    ),
    (
        "a total out of range",
        |_, form| {
            form.answers.clear();
            "csi".clone_into(&mut form.instrument_id);
            form.total = Some(14.0);
        },
        "KL2010",
        "total",
    ),
    (
        "a total that is no number",
        |_, form| {
            form.answers.clear();
            "csi".clone_into(&mut form.instrument_id);
            form.total = Some(f64::NAN);
        },
        "KL2010",
        "total",
    ),
    (
        "filled in tomorrow",
        |world, form| {
            let tomorrow = world.environment.now() + SignedDuration::from_hours(24);
            form.answered_at = Some(to_proto(tomorrow));
        },
        "KL2011",
        "answered_at",
    ),
];

#[tokio::test]
async fn a_form_that_cannot_be_is_refused_with_a_code_and_a_field_and_nothing_is_kept() {
    let world = World::start().await;
    let receipt = flagged(&world).await;
    let coordinator = world.coordinator(&[ZONE]).0;
    for (what, spoil, code, field) in BAD {
        let mut form = carerqol(&world, &receipt.situation_id, "some", "some");
        spoil(&world, &mut form);
        let refused = Problem::from(&submit(&coordinator, form).await.unwrap_err());
        assert_eq!(
            (refused.code.as_str(), refused.field.as_deref()),
            (*code, Some(*field)),
            "{what}: {}",
            refused.message
        );
    }
    let listed = list(&coordinator, &receipt.situation_id).await;
    assert_eq!((listed.assessments.len(), listed.series.len()), (1, 0));
    world.stop().await;
}

#[tokio::test]
async fn instruments_are_listed_in_the_language_asked_for() {
    let world = World::start().await;
    let list = async |language: Language| {
        let request = pb::ListInstrumentsRequest {
            language: language.number(),
        };
        let caller = world.reporter("nurse").0;
        let listed = caller.assessment().list_instruments(request).await.unwrap();
        let listed = listed.into_inner();
        let mut found = listed.instruments.into_iter();
        let one = found
            .find(|one| one.instrument_id == "perseverance-time")
            .unwrap();
        (listed.language, one)
    };
    let (language, french) = list(Language::French).await;
    assert_eq!(language, Language::French.number());
    assert_eq!(french.title, "Temps de persévérance");
    assert_eq!(french.direction_words, "Un score plus élevé est meilleur.");
    assert_eq!(french.wording(), pb::Wording::Own);
    assert_eq!(french.items[0].choices.len(), 6);
    let (language, dutch) = list(Language::Turkish).await;
    assert_eq!(language, Language::Dutch.number());
    assert_eq!(dutch.title, "Volhoudtijd");
    world.stop().await;
}
