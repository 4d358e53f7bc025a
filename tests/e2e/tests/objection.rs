//! The cared-for person objects that what concerns them is shared: partners see no observation of theirs
//! and no note about them, and that something is left out, not what. The carer's own help goes on.

use knipperlicht_contracts::{
    assessment::v1 as assessment, followup::v1 as followup, intake::v1 as intake,
};
use knipperlicht_e2e::{Caller, World, a_signal};
use knipperlicht_harness::eventually;
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{NoteId, Observation, OutcomeResult, ResponseId, Step};

const NOTE: &str = "his diagnosis frightens her";
const CHANGED: &str = "knipperlicht.situation.consent_changed.v1";

async fn listed(desk: &Caller, situation: &str) -> assessment::Assessment {
    eventually("a judgement", async || {
        let request = assessment::ListAssessmentsRequest {
            situation_id: situation.to_owned(),
        };
        let listed = desk.assessment().list_assessments(request).await.unwrap();
        listed.into_inner().assessments.into_iter().next()
    })
    .await
}

async fn story(desk: &Caller, situation: &str) -> followup::GetTimelineResponse {
    let request = followup::GetTimelineRequest {
        situation_id: situation.to_owned(),
    };
    let story = desk.followup().get_timeline(request).await;
    story.unwrap().into_inner()
}

/// What the story says was noticed.
fn noticed(story: &followup::GetTimelineResponse) -> Vec<String> {
    let mut told = story.entries.iter();
    let flagged = told.find(|entry| entry.codes.contains_key("observations"));
    let codes = &flagged.unwrap().codes["observations"];
    codes.split(',').map(ToOwned::to_owned).collect()
}

/// What the judgement gives as its reasons.
fn reasons(judged: &assessment::Assessment) -> Vec<Observation> {
    let seen = judged.reasons.iter().map(|reason| reason.observation);
    seen.filter_map(|seen| Observation::try_from(seen).ok())
        .collect()
}

#[tokio::test]
async fn what_tells_of_the_cared_for_person_is_left_out() {
    let world = World::start().await;
    let (cleaner, coordinator) = (
        world.reporter("cleaner"),
        world.coordinator(&["oostende-bredene"]),
    );
    let mut signal = a_signal(&world.environment);
    let theirs = [Observation::BehaviourHardToBear, Observation::NewDiagnosis];
    signal.observations.extend(theirs.map(Observation::number));
    signal.note = NOTE.to_owned();
    signal.contact = Some(intake::Contact {
        name: "Maria Peeters".to_owned(),
        ..Default::default()
    });
    let receipt = cleaner.send(signal).await.unwrap();
    let situation = receipt.situation_id.as_str();
    let referral = coordinator.referral_of(situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    partner.accept(&referral.referral_id).await.unwrap();
    cleaner.sees(&receipt.signal_id, Step::Accepted).await;
    let task = partner.task_of(situation).await.task_id;
    let own = intake::AddNoteRequest {
        note_id: NoteId::new(&world.environment).to_string(),
        situation_id: situation.to_owned(),
        text: "calls her on Monday".to_owned(),
    };
    partner.0.intake().add_note(own).await.unwrap();
    let all = [
        "conflict_at_home",
        "tasks_too_heavy",
        "behaviour_hard_to_bear",
        "new_diagnosis",
    ];
    assert_eq!(noticed(&story(&partner.0, situation).await), all);
    let judged = listed(&partner.0, situation).await;
    assert!(theirs.iter().all(|seen| reasons(&judged).contains(seen)));

    // Whoever has to do with it may record it; nobody else.
    for stranger in [world.partner("somebody").0, world.coordinator(&["gent"]).0] {
        let refused = stranger.records_objection(situation, true).await;
        assert_eq!(Problem::from(&refused.unwrap_err()).code, "KL1015");
    }
    for _ in 0..2 {
        cleaner.0.records_objection(situation, true).await.unwrap();
    }
    let told = eventually("the objection to be heard", async || {
        let told = story(&partner.0, situation).await;
        let judged = listed(&partner.0, situation).await;
        (told.left_out && judged.left_out).then_some((told, judged))
    })
    .await;
    assert_eq!(noticed(&told.0), all[..2]);
    assert!(!theirs.iter().any(|seen| reasons(&told.1).contains(seen)));
    assert!(!reasons(&told.1).is_empty(), "the carer's own stay");
    let known = partner.learns(situation).await.unwrap();
    assert!(known.left_out && known.notes.is_empty());
    assert_eq!(known.contacts[0].name, "Maria Peeters");
    assert_eq!(known.work_notes.len(), 1, "who wrote it knows it");

    // The coordinator, who decides for both, sees all of it, and that it was said once.
    let whole = story(&coordinator.0, situation).await;
    assert!(!whole.left_out);
    assert_eq!(noticed(&whole), all);
    let changes = coordinator.told_of(situation, CHANGED).await;
    let objects: Vec<_> = changes
        .iter()
        .map(|one| &one.codes["cared_for_objects"])
        .collect();
    assert_eq!(objects, ["true"]);
    // The carer's own way is what it was; the carer sees the objection.
    assert!(
        cleaner
            .steps(&receipt.signal_id)
            .await
            .contains(&Step::Accepted)
    );
    let token = coordinator.0.situation_link(situation).await;
    assert!(world.nobody().my_situation(&token).await.cared_for_objects);
    partner.reaches(&task).await;

    // They no longer object: everything is there again.
    partner.0.records_objection(situation, false).await.unwrap();
    eventually("nothing to be left out", async || {
        let told = story(&partner.0, situation).await;
        let judged = listed(&partner.0, situation).await;
        (!told.left_out && !judged.left_out && noticed(&told) == all).then_some(())
    })
    .await;
    assert_eq!(partner.learns(situation).await.unwrap().notes, [NOTE]);
    let closed = partner.completes(&task, OutcomeResult::Helped, None);
    closed.await.unwrap();
    world.stop().await;
}

/// The care that somebody needs is theirs to tell; how long the carer can go on is the carer's.
#[tokio::test]
async fn a_form_that_measures_the_cared_for_person_is_left_out() {
    let world = World::start().await;
    let one = world.accepted().await;
    let (partner, coordinator) = (&one.partner.0, &one.coordinator.0);
    let form = |instrument: &str| assessment::SubmitAssessmentRequest {
        response_id: ResponseId::new(&world.environment).to_string(),
        situation_id: one.situation.clone(),
        instrument_id: instrument.to_owned(),
        instrument_version: "1.0.0".to_owned(),
        ..Default::default()
    };
    let of_the_cared_for = assessment::SubmitAssessmentRequest {
        total: Some(20.0),
        ..form("belrai-screener")
    };
    let of_the_carer = assessment::SubmitAssessmentRequest {
        answers: vec![assessment::Answer {
            link_id: "perseverance".to_owned(),
            code: "under_1_week".to_owned(),
        }],
        ..form("perseverance-time")
    };
    for form in [of_the_cared_for, of_the_carer] {
        let taken = coordinator.assessment().submit_assessment(form).await;
        taken.unwrap();
    }
    // What a desk is shown of forms: their series, and the reasons that come of them.
    let shown = async |desk: &Caller| {
        let request = assessment::ListAssessmentsRequest {
            situation_id: one.situation.clone(),
        };
        let listed = desk.assessment().list_assessments(request).await.unwrap();
        let listed = listed.into_inner();
        let series = listed.series.into_iter().map(|one| one.instrument_id);
        let newest = listed.assessments.into_iter().next()?;
        let lines = newest.reasons.into_iter().map(|reason| reason.line);
        let lines: Vec<String> = lines.filter(|line| line.contains('/')).collect();
        Some((series.collect::<Vec<_>>(), lines, newest.left_out))
    };
    let all = eventually("what it accepted", async || shown(partner).await).await;
    assert_eq!(all.0, ["belrai-screener", "perseverance-time"]);
    assert!(all.1.iter().any(|line| line.contains("belrai-screener")));

    partner
        .records_objection(&one.situation, true)
        .await
        .unwrap();
    let left = eventually("the objection to be heard", async || {
        shown(partner).await.filter(|seen| seen.2)
    })
    .await;
    assert_eq!(left.0, ["perseverance-time"]);
    assert!(!left.1.is_empty(), "what tells of the carer stays");
    assert!(!left.1.iter().any(|line| line.contains("belrai-screener")));
    assert_eq!(shown(coordinator).await, Some((all.0, all.1, false)));
    world.stop().await;
}
