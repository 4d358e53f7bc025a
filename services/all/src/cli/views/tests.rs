use jiff::Timestamp;
use knipperlicht_contracts::{
    assessment::v1 as assessment, followup::v1 as followup, intake::v1 as intake,
    routing::v1 as routing, to_proto,
};
use knipperlicht_vocabulary::{
    Actor, AgeBand, ClockKind, Consent, DeclineReason, FollowUpState, Language, Need, Observation,
    OutcomeResult, ReferralState, Step, Urgency,
};

use super::*;
use crate::cli::output::{card, line, pretty, table};

const ID: &str = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b";

fn local() -> TimeZone {
    TimeZone::get("Europe/Brussels").unwrap()
}

#[allow(clippy::unnecessary_wraps, reason = "messages hold moments so")]
fn at(text: &str) -> Option<prost_types::Timestamp> {
    Some(to_proto(text.parse::<Timestamp>().unwrap()))
}

fn receipt() -> intake::Receipt {
    intake::Receipt {
        signal_id: ID.to_owned(),
        situation_id: ID.replace('5', "6"),
        zone_id: "oostende-bredene".to_owned(),
        zone_name: "Oostende-Bredene".to_owned(),
        received_at: at("2026-11-21T13:02:00Z"),
        call_now: vec![
            intake::Helpline {
                number: "112".to_owned(),
                purpose: "life".to_owned(),
            },
            intake::Helpline {
                number: "1813".to_owned(),
                purpose: "suicide".to_owned(),
            },
        ],
        ..Default::default()
    }
}

fn signal() -> SignalView {
    let status = intake::SignalStatus {
        receipt: None,
        observations: vec![
            Observation::Exhausted.number(),
            Observation::SleepsBadly.number(),
        ],
        consent: Consent::NotAsked.number(),
        step: Step::Closed.number(),
        progress: vec![
            intake::Progress {
                step: Step::Received.number(),
                at: at("2026-11-21T13:02:00Z"),
                outcome: 0,
                seen_at: None,
            },
            intake::Progress {
                step: Step::Closed.number(),
                at: at("2026-12-01T09:00:00Z"),
                outcome: OutcomeResult::PartlyHelped.number(),
                seen_at: None,
            },
        ],
    };
    SignalView::new(receipt(), status)
}

fn referral() -> routing::Referral {
    routing::Referral {
        referral_id: ID.to_owned(),
        situation_id: ID.replace('5', "6"),
        previous_referral_id: String::new(),
        service: Some(routing::Service {
            service_id: "respite-oostende".to_owned(),
            organisation_id: "demo".to_owned(),
            name: "Oppas aan huis".to_owned(),
            organisation_name: "Demo".to_owned(),
            needs: vec![Need::Respite.number()],
            synthetic: true,
            ..Default::default()
        }),
        zone_id: "oostende-bredene".to_owned(),
        postal_code: "8400".to_owned(),
        needs: vec![
            Need::Respite.number(),
            Need::RecognitionAndListening.number(),
        ],
        urgency: Urgency::Soon.number(),
        language: Language::Dutch.number(),
        age_band: AgeBand::From65To79.number(),
        state: ReferralState::Declined.number(),
        state_since: at("2026-07-21T08:30:00Z"),
        decline_reason: DeclineReason::NoCapacity.number(),
        requested_at: at("2026-07-20T08:30:00Z"),
        ..Default::default()
    }
}

#[test]
fn a_receipt_says_where_it_went_and_whom_to_call() {
    let view = ReceiptView::from(receipt());
    assert_eq!(
        view.sentence(&local()),
        "Received by Oostende-Bredene at 14:02."
    );
    insta::assert_snapshot!(view.warning().unwrap(), @"
    CALL NOW, this cannot wait for us:
      112   a life is in danger
      1813  thoughts of suicide (Zelfmoordlijn)
    ");
    let calm = ReceiptView {
        call_now: Vec::new(),
        ..view
    };
    assert_eq!(calm.warning(), None);
}

#[test]
fn signals_as_table_and_as_json() {
    insta::assert_snapshot!(table(&[signal(), signal()], &local()), @"
    RECEIVED     SIGNAL                                STEP    ZONE              CONSENT    NOTICED                  SITUATION
    21-11 14:02  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  closed  Oostende-Bredene  not asked  exhausted, sleeps badly  0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b
    21-11 14:02  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  closed  Oostende-Bredene  not asked  exhausted, sleeps badly  0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b
    ");
    insta::assert_snapshot!(pretty(&signal()).unwrap(), @r#"
    {
      "receipt": {
        "signal_id": "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b",
        "situation_id": "0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b",
        "zone_id": "oostende-bredene",
        "zone_name": "Oostende-Bredene",
        "received_at": "2026-11-21T13:02:00Z",
        "call_now": [
          {
            "number": "112",
            "purpose": "life"
          },
          {
            "number": "1813",
            "purpose": "suicide"
          }
        ]
      },
      "observations": [
        "exhausted",
        "sleeps_badly"
      ],
      "consent": "not_asked",
      "step": "closed",
      "progress": [
        {
          "step": "received",
          "at": "2026-11-21T13:02:00Z",
          "outcome": null
        },
        {
          "step": "closed",
          "at": "2026-12-01T09:00:00Z",
          "outcome": "partly_helped"
        }
      ]
    }
    "#);
    let story: Vec<String> = signal()
        .progress
        .iter()
        .map(|step| step.text(&local()))
        .collect();
    insta::assert_snapshot!(story.join("\n"), @"
    21-11 14:02  received
    01-12 10:00  closed, partly helped
    ");
}

#[test]
fn referrals_as_table_card_line_and_json() {
    let new = ReferralView::from(routing::Referral {
        state: ReferralState::Requested.number(),
        decline_reason: 0,
        age_band: 0,
        ..referral()
    });
    let declined = ReferralView::from(referral());
    insta::assert_snapshot!(card(&new, &local()), @"
    requested  20-07 10:30
    referral   0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    urgency    soon
    state      requested
    since      21-07 10:30
    place      8400
    needs      respite, recognition and listening
    language   nl
    service    Oppas aan huis
    partner    demo
    situation  0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b
    ");
    insta::assert_snapshot!(line(&new, &local()), @"20-07 10:30  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  soon  requested  21-07 10:30  8400  respite, recognition and listening  nl  -  Oppas aan huis  demo  0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b");
    insta::assert_snapshot!(table(&[declined, new], &local()), @"
    REQUESTED    REFERRAL                              URGENCY  STATE                  SINCE        PLACE  NEEDS                               LANGUAGE  AGE       SERVICE         PARTNER  SITUATION
    20-07 10:30  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  soon     declined, no capacity  21-07 10:30  8400   respite, recognition and listening  nl        65 to 79  Oppas aan huis  demo     0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b
    20-07 10:30  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  soon     requested              21-07 10:30  8400   respite, recognition and listening  nl        -         Oppas aan huis  demo     0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b
    ");
    insta::assert_snapshot!(pretty(&ReferralView::from(referral())).unwrap(), @r#"
    {
      "referral_id": "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b",
      "situation_id": "0190a3b2-7c4d-7e6f-8a9b-0c1d2e3f4a6b",
      "previous_referral_id": "",
      "service": {
        "service_id": "respite-oostende",
        "organisation_id": "demo",
        "name": "Oppas aan huis",
        "organisation_name": "Demo",
        "needs": [
          "respite"
        ],
        "synthetic": true
      },
      "zone_id": "oostende-bredene",
      "postal_code": "8400",
      "needs": [
        "respite",
        "recognition_and_listening"
      ],
      "urgency": "soon",
      "language": "nl",
      "age_band": "65_to_79",
      "state": "declined",
      "state_since": "2026-07-21T08:30:00Z",
      "decline_reason": "no_capacity",
      "requested_at": "2026-07-20T08:30:00Z",
      "takes_over_referral_id": ""
    }
    "#);
}

#[test]
fn follow_ups_show_what_is_late() {
    let task = TaskView::from(followup::Task {
        task_id: ID.to_owned(),
        situation_id: ID.to_owned(),
        urgency: Urgency::Urgent.number(),
        state: FollowUpState::ContactAttempted.number(),
        next_clock: Some(followup::Clock {
            clock_id: ID.to_owned(),
            kind: ClockKind::FirstContact.number(),
            due_at: at("2026-11-21T16:00:00Z"),
            breached: true,
        }),
        ..followup::Task::default()
    });
    insta::assert_snapshot!(card(&task, &local()), @"
    due        21-11 17:00
    promise    first contact, LATE
    task       0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    urgency    urgent
    state      contact attempted
    situation  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    ");
}

#[test]
fn a_follow_up_says_what_there_is_to_do() {
    let to_do = |task: followup::Task| {
        let cells = TaskView::from(task).cells(&local());
        cells
            .into_iter()
            .find(|(name, _)| *name == "to do")
            .unwrap()
            .1
    };
    let asked = |times, with_coordinator| {
        to_do(followup::Task {
            carer_question: Some(followup::CarerQuestion {
                times,
                since: at("2026-12-19T13:02:00Z"),
                with_coordinator,
            }),
            ..followup::Task::default()
        })
    };
    assert_eq!(to_do(followup::Task::default()), "");
    assert_eq!(asked(1, false), "ask the carer");
    assert_eq!(asked(2, false), "ask the carer again");
    assert_eq!(asked(2, true), "no answer: a coordinator decides");
    let held = to_do(followup::Task {
        held: true,
        ..followup::Task::default()
    });
    assert_eq!(held, "nothing: the carer does not agree");
}

#[test]
fn a_timeline_reads_as_a_story() {
    let entry = TimelineEntryView::from(followup::TimelineEntry {
        at: at("2026-11-21T13:02:00Z"),
        r#type: "knipperlicht.followup.contact_recorded.v1".to_owned(),
        codes: [("result", "reached"), ("channel", "phone")]
            .map(|(name, code)| (name.to_owned(), code.to_owned()))
            .into(),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        who: Actor::Partner.number(),
    });
    insta::assert_snapshot!(table(&[entry], &local()), @"
    AT           WHO      WHAT                       WHY                           TRACE
    21-11 14:02  partner  followup contact recorded  channel=phone result=reached  0af7651916cd43dd8448eb211c80319c
    ");
}

#[test]
fn a_report_shows_what_may_be_shown() {
    use followup::ReportTopic::{MedianSeconds, OpenLoops, SignalsByRole, WithinPromisePercent};

    let line =
        |topic: followup::ReportTopic, code: &str, value: Option<i64>| followup::ReportLine {
            topic: topic.into(),
            code: code.to_owned(),
            value: value.unwrap_or_default(),
            hidden: value.is_none(),
        };
    let report = ReportView::from(followup::ZoneReportResponse {
        zone_id: "gent".to_owned(),
        years: vec![followup::ReportYear {
            year: 2025,
            lines: vec![
                line(SignalsByRole, "nurse", Some(41)),
                line(SignalsByRole, "teacher", None),
                line(MedianSeconds, "accept", Some(100_000)),
                line(WithinPromisePercent, "accept", Some(93)),
            ],
        }],
        open_loops: vec![line(OpenLoops, "", Some(12))],
        threshold: 10,
    });
    insta::assert_snapshot!(table(&report.figures(), &local()), @"
    YEAR  WHAT             OF       FIGURE
    2025  signals by role  nurse    41
    2025  signals by role  teacher  *
    2025  median           accept   1 d 3 h
    2025  within promise   accept   93%
    now   open loops       -        12
    ");
    insta::assert_snapshot!(report.csv().unwrap(), @"
    zone,year,topic,code,value,hidden
    gent,2025,signals_by_role,nurse,41,false
    gent,2025,signals_by_role,teacher,,true
    gent,2025,median_seconds,accept,100000,false
    gent,2025,within_promise_percent,accept,93,false
    gent,,open_loops,,12,false
    ");
    let json = pretty(&report).unwrap();
    assert!(json.contains(r#""value": null"#), "{json}");
}

#[test]
fn available_actions_are_words() {
    let answer = routing::AvailableActionsResponse {
        actions: vec![
            routing::Action::Accept.into(),
            routing::Action::Decline.into(),
            0,
        ],
    };
    assert_eq!(
        ActionsView::new(ID.to_owned(), &answer).text(),
        "accept, decline"
    );
}

#[test]
fn a_code_of_a_newer_server_is_shown_as_it_is() {
    assert_eq!(Word::of::<Urgency>(0), None);
    assert_eq!(
        Word::of::<Urgency>(99).map(|word| word.text()),
        Some("unknown 99".to_owned())
    );
}

#[test]
fn what_others_wrote_cannot_steer_the_terminal() {
    let mut known = intake::GetContactResponse::default();
    known.contacts.push(intake::Contact {
        name: "An\u{1b}[2J".to_owned(),
        ..intake::Contact::default()
    });
    let contact = ContactsView::from(known);
    assert!(!table(&contact.contacts, &local()).contains('\u{1b}'));
}

#[test]
fn a_series_says_which_way_it_goes_and_by_whose_measure() {
    let texts = |en: &str| {
        Some(assessment::Texts {
            en: en.to_owned(),
            ..assessment::Texts::default()
        })
    };
    let known = assessment::Series {
        instrument_id: "carerqol-7d".to_owned(),
        measures: texts("quality of life of the carer"),
        direction_words: texts("A higher score is better."),
        trend_words: texts("It is less good than the time before."),
        smallest_change: 2.0,
        smallest_change_source: "own default, not validated".to_owned(),
        trend: assessment::Trend::Worse.into(),
        trend_since_first: assessment::Trend::Same.into(),
        ..assessment::Series::default()
    };
    assert_eq!(
        SeriesView::from(known).sentence(),
        "carerqol-7d, quality of life of the carer. A higher score is better. It is less good than the time before. \
         A change of 2 counts (own default, not validated); since the first: same."
    );
    let gone = assessment::Series {
        instrument_id: "ours".to_owned(),
        ..assessment::Series::default()
    };
    assert_eq!(
        SeriesView::from(gone).sentence(),
        "ours is no longer in the catalogue: its scores are shown as they are."
    );
}

#[test]
fn a_judgement_says_upon_what_and_why() {
    let judged = assessment::Assessment {
        assessment_id: ID.to_owned(),
        situation_id: ID.to_owned(),
        signal_id: ID.to_owned(),
        assessed_at: at("2026-11-21T13:02:00Z"),
        urgency: Urgency::Urgent.number(),
        needs: vec![Need::Respite.number()],
        asks: vec![knipperlicht_vocabulary::CarerAsk::BeingHeard.number()],
        weight: 7,
        cause: assessment::Cause::FormFilledIn.into(),
        triage_version: "2026-11-22.1".to_owned(),
        ..assessment::Assessment::default()
    };
    insta::assert_snapshot!(card(&AssessmentView::from(judged), &local()), @"
    assessed    21-11 14:02
    assessment  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    upon        form filled in
    urgency     urgent
    weight      7
    needs       respite
    asks for    being heard
    signal      0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    triage      2026-11-22.1
    ");
}

#[test]
fn advice_is_read_in_the_language_to_say_it_in() {
    let wording = |language: Language, title: &str| intake::Wording {
        language: language.number(),
        title: title.to_owned(),
        lines: vec!["one".to_owned(), "two".to_owned()],
    };
    let advice = AdviceView::from(intake::Advice {
        kind: intake::AdviceKind::HowToAsk.into(),
        texts: vec![
            wording(Language::Dutch, "Vraag het"),
            wording(Language::French, "Demandez-le"),
        ],
    });
    assert_eq!(advice.text(Language::French), "Demandez-le\n  one\n  two");
    assert!(advice.text(Language::Polish).starts_with("Vraag het"));
    insta::assert_snapshot!(
        serde_json::to_string(&advice).unwrap(),
        @r#"{"kind":"how_to_ask","texts":[{"language":"nl","title":"Vraag het","lines":["one","two"]},{"language":"fr","title":"Demandez-le","lines":["one","two"]}]}"#
    );
}

#[test]
fn a_card_to_leave_behind_is_printed_as_it_is_read() {
    let card = InformationCardView::from(routing::GetInformationCardResponse {
        language: Language::Dutch.number(),
        title: "Zorgt u voor iemand?".to_owned(),
        lines: vec!["U staat er niet alleen voor.".to_owned()],
        zone_name: "Oostende-Bredene".to_owned(),
        services: vec![routing::Service {
            name: "Onthaal".to_owned(),
            organisation_name: "Samen".to_owned(),
            phone: "059 12 34 56".to_owned(),
            ..Default::default()
        }],
        numbers: vec![routing::CardNumber {
            number: "106".to_owned(),
            text: "Tele-Onthaal".to_owned(),
        }],
    });
    assert_eq!(
        card.text(),
        "Zorgt u voor iemand?\n\nU staat er niet alleen voor.\n\nOostende-Bredene\n  Onthaal (Samen)  059 12 34 56\n\n  106          Tele-Onthaal"
    );
}

#[test]
fn what_is_to_be_forgotten_says_until_when_and_what_is_says_since_when() {
    let asked = ErasureRequestView::from(intake::ErasureRequest {
        situation_id: ID.to_owned(),
        zone_id: "oostende-bredene".to_owned(),
        asked_at: at("2026-11-21T13:02:00Z"),
        due_at: at("2026-12-19T13:02:00Z"),
    });
    insta::assert_snapshot!(table(&[asked], &local()), @"
    SITUATION                             ZONE              ASKED        ANSWER DUE
    0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b  oostende-bredene  21-11 14:02  19-12 14:02
    ");
    let erased = ErasedView::from(intake::EraseSituationResponse {
        situation_id: ID.to_owned(),
        erased_at: at("2026-11-22T13:02:00Z"),
    });
    insta::assert_snapshot!(card(&erased, &local()), @"
    situation  0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b
    erased     22-11 14:02
    ");
}
