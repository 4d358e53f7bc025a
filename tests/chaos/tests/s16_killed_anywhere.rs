//! S16: whoever is killed at whatever moment of S1, it ends the same.
//!
//! The story of S1 is played again and again through the four services as processes of their own.
//! At every step somebody is killed: while nobody looks, in the middle of the call, or right after
//! the answer. Whoever called calls again until there is an answer, as a phone or a desk does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{fmt::Debug, time::Duration};

use knipperlicht_chaos::{
    books::Books,
    cluster::{Cluster, Part},
    load::{Promises, Receipt},
    people::{Caller, People, is_no_answer},
    proof::Findings,
};
use knipperlicht_contracts::{
    event::Service, followup::v1 as followup, intake::v1 as intake, routing::v1 as routing,
    to_proto,
};
use knipperlicht_vocabulary::{
    Consent, ContactChannel, ContactResult, FollowUpState, Observation, OutcomeResult,
    ReferralState, ReporterRole, SignalId, Step,
};
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};

/// Far longer than recovery takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// When somebody is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Dead when the call is made.
    Before,
    /// The call is under way.
    During,
    /// The answer has just come.
    After,
}

/// Whom to kill before, during and after a step: those whom that hurts most. Everybody dies at
/// each of the moments.
type Victims = [Part; 3];

const INTAKE: Part = Part::Service(Service::Intake, 0);
const ASSESSMENT: Part = Part::Service(Service::Assessment, 0);
const ROUTING: Part = Part::Service(Service::Routing, 0);
const FOLLOWUP: Part = Part::Service(Service::Followup, 0);
const POSTGRES: Part = Part::Postgres;
const NATS: Part = Part::Nats(0);

const FLAG: Victims = [NATS, INTAKE, POSTGRES];
const REFERRED: Victims = [ASSESSMENT, NATS, ROUTING];
const ACCEPT: Victims = [POSTGRES, ROUTING, NATS];
const READ_CONTACT: Victims = [ROUTING, POSTGRES, ASSESSMENT];
const FIND_TASK: Victims = [FOLLOWUP, ASSESSMENT, FOLLOWUP];
const RECORD: Victims = [NATS, FOLLOWUP, POSTGRES];
const COMPLETE: Victims = [INTAKE, POSTGRES, FOLLOWUP];
const LINK: Victims = [FOLLOWUP, FOLLOWUP, INTAKE];
const CONFIRM: Victims = [POSTGRES, FOLLOWUP, NATS];

#[tokio::test(flavor = "multi_thread")]
async fn s16_killed_anywhere() {
    let mut cluster = Cluster::start().await.unwrap();
    let mut promises = Promises::default();
    // Three stories, so that every step sees a kill at each of the moments.
    for moment in [Moment::Before, Moment::During, Moment::After] {
        let mut story = Story {
            people: cluster.people(),
            cluster: &mut cluster,
            moment,
        };
        let receipt = story.play().await;
        promises.sent += 1;
        promises.receipts.insert(receipt.signal, receipt);
    }

    let deadline = Instant::now() + PATIENCE;
    loop {
        let books = Books::read(&mut cluster.look().await.unwrap())
            .await
            .unwrap();
        let findings = Findings::of(&books, &promises);
        if findings.all().is_empty() {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{:#?}\n{}",
            findings.all(),
            cluster.logs()
        );
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(cluster.fallen().unwrap(), [], "{}", cluster.logs());
}

/// S1, with somebody killed at every step.
struct Story<'c> {
    people: People,
    cluster: &'c mut Cluster,
    moment: Moment,
}

impl Story<'_> {
    async fn play(&mut self) -> Receipt {
        let cleaner = self.people.reporter("cleaner").unwrap();
        let coordinator = self.people.coordinator().unwrap();

        let signal = self.signal();
        let request = intake::SubmitSignalRequest {
            signal: Some(signal.clone()),
        };
        let receipt = self
            .step("flag", FLAG, async || {
                Ok(cleaner
                    .intake()
                    .submit_signal(request.clone())
                    .await?
                    .into_inner()
                    .receipt)
            })
            .await
            .unwrap();
        let (id, situation) = (receipt.signal_id.clone(), receipt.situation_id.clone());

        let referral = self
            .step("referred", REFERRED, async || {
                referral_of(&coordinator, &situation).await
            })
            .await;
        let partner = self
            .people
            .partner(&referral.service.as_ref().unwrap().organisation_id)
            .unwrap();
        sees(&cleaner, &id, Step::Referred).await;

        let accept = routing::AcceptRequest {
            referral_id: referral.referral_id.clone(),
        };
        self.step("accept", ACCEPT, async || {
            partner.routing().accept(accept.clone()).await
        })
        .await;
        sees(&cleaner, &id, Step::Accepted).await;

        let contact = intake::GetContactRequest {
            situation_id: situation.clone(),
            purpose: "first call".to_owned(),
        };
        let known = self
            .step("read the contact", READ_CONTACT, async || {
                partner.intake().get_contact(contact.clone()).await
            })
            .await;
        assert_eq!(known.into_inner().contacts[0].name, "Maria Peeters");

        let task = self
            .step("find the follow-up", FIND_TASK, async || {
                task_of(&partner, &situation).await
            })
            .await;
        self.step("record the contact", RECORD, async || {
            record_contact(&partner, &situation).await
        })
        .await;
        sees(&cleaner, &id, Step::Contacted).await;

        let helped = followup::CompleteRequest {
            task_id: task.task_id.clone(),
            result: OutcomeResult::Helped.number(),
            ..Default::default()
        };
        self.step("complete", COMPLETE, async || {
            partner.followup().complete(helped.clone()).await
        })
        .await;
        sees(&cleaner, &id, Step::Closed).await;

        let link = followup::IssueCarerLinkRequest {
            task_id: task.task_id,
            ..Default::default()
        };
        let link = self
            .step("issue a link", LINK, async || {
                partner.followup().issue_carer_link(link.clone()).await
            })
            .await;
        let token = link.into_inner().token;
        let carer = self.people.nobody();
        self.step("confirm", CONFIRM, async || confirm(&carer, &token).await)
            .await;

        let status = sees(&cleaner, &id, Step::Confirmed).await;
        let steps: Vec<&str> = status
            .progress
            .iter()
            .map(|taken| Step::try_from(taken.step).unwrap().code())
            .collect();
        let once = [
            "received",
            "assessed",
            "referred",
            "accepted",
            "contacted",
            "closed",
            "confirmed",
        ];
        assert_eq!(steps, once, "the reporter sees every step once, in order");
        self.ends_as_it_should(&situation, &referral.referral_id)
            .await;
        Receipt::read(&receipt).unwrap()
    }

    fn signal(&self) -> intake::Signal {
        let environment = &self.cluster.environment;
        intake::Signal {
            signal_id: SignalId::new(environment).to_string(),
            reported_at: Some(to_proto(environment.now())),
            observations: vec![
                Observation::TasksTooHeavy.number(),
                Observation::ConflictAtHome.number(),
            ],
            postal_code: "8400".to_owned(),
            reporter_role: ReporterRole::Cleaner.number(),
            consent: Consent::Given.number(),
            contact: Some(intake::Contact {
                name: "Maria Peeters".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// Takes one step while, before or after somebody is killed.
    async fn step<T: Debug>(
        &mut self,
        what: &str,
        victims: Victims,
        call: impl AsyncFn() -> Result<T, Status>,
    ) -> T {
        let victim = victims[self.moment as usize];
        eprintln!("{what}: {victim} is killed {:?}", self.moment);
        let dead = Duration::from_millis(150);
        match self.moment {
            Moment::Before => {
                self.cluster.kill(victim).await.unwrap();
                let restart = async {
                    sleep(dead).await;
                    self.cluster.restart(victim).await.unwrap();
                };
                tokio::join!(until_answered(what, call), restart).0
            }
            Moment::During => {
                let kill = async {
                    // About as long as a call takes: it is with the service, or with the database.
                    sleep(Duration::from_millis(2)).await;
                    self.cluster.kill_and_restart(victim, dead).await.unwrap();
                };
                tokio::join!(until_answered(what, call), kill).0
            }
            Moment::After => {
                let answer = until_answered(what, call).await;
                self.cluster.kill_and_restart(victim, dead).await.unwrap();
                answer
            }
        }
    }

    /// What the databases hold once follow-up has heard also what intake only remarks.
    async fn books_once_all_is_heard(&self, situation: &str) -> Books {
        let until = Instant::now() + PATIENCE;
        loop {
            let books = Books::read(&mut self.cluster.look().await.unwrap())
                .await
                .unwrap();
            let is_shared = books.timeline.iter().any(|told| {
                told.situation.to_string() == situation
                    && told.kind == "knipperlicht.situation.shared.v1"
            });
            if is_shared || Instant::now() > until {
                return books;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// One referral, accepted; one follow-up, confirmed; a story with everything in it once.
    async fn ends_as_it_should(&self, situation: &str, referral: &str) {
        let books = self.books_once_all_is_heard(situation).await;
        let mine = |found: &uuid::Uuid| found.to_string() == situation;
        let referrals: Vec<_> = books
            .referrals
            .iter()
            .filter(|one| mine(&one.situation))
            .collect();
        assert_eq!(referrals.len(), 1);
        assert_eq!(
            (referrals[0].id.to_string().as_str(), referrals[0].state),
            (referral, ReferralState::Accepted)
        );
        let tasks: Vec<_> = books
            .tasks
            .iter()
            .filter(|task| task.referral.to_string() == referral)
            .collect();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].state, FollowUpState::Confirmed.code());
        let mut story: Vec<_> = books
            .timeline
            .iter()
            .filter(|told| mine(&told.situation))
            .collect();
        story.sort_by_key(|told| told.at);
        let mut story: Vec<&str> = story.iter().map(|told| told.kind.as_str()).collect();
        // Intake lets the partner's assessments be seen whenever it hears of the acceptance: once.
        let shared = story.extract_if(.., |kind| *kind == "knipperlicht.situation.shared.v1");
        assert_eq!(shared.count(), 1);
        assert_eq!(
            story,
            [
                "knipperlicht.signal.flagged.v1",
                "knipperlicht.assessment.completed.v1",
                "knipperlicht.referral.requested.v1",
                "knipperlicht.referral.accepted.v1",
                "knipperlicht.followup.contact_recorded.v1",
                "knipperlicht.followup.completed.v1",
                "knipperlicht.followup.link_made.v1",
                "knipperlicht.followup.confirmed.v1",
            ]
        );
    }
}

/// Calls until there is an answer. What is not there yet is asked for again.
async fn until_answered<T>(what: &str, call: impl AsyncFn() -> Result<T, Status>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = match call().await {
            Ok(answer) => return answer,
            Err(status) => status,
        };
        let later = is_no_answer(&status) || status.code() == Code::NotFound;
        assert!(later && Instant::now() < deadline, "{what}: {status}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The reporter's view, once it shows this step.
async fn sees(cleaner: &Caller, id: &str, step: Step) -> intake::SignalStatus {
    until_answered(step.code(), async || {
        let request = intake::GetSignalRequest {
            signal_id: id.to_owned(),
        };
        let signal = cleaner
            .intake()
            .get_signal(request)
            .await?
            .into_inner()
            .signal
            .unwrap();
        let taken = signal
            .progress
            .iter()
            .any(|taken| taken.step == step.number());
        if taken {
            Ok(signal)
        } else {
            Err(Status::not_found("not yet"))
        }
    })
    .await
}

async fn referral_of(coordinator: &Caller, situation: &str) -> Result<routing::Referral, Status> {
    let request = routing::ListReferralsRequest {
        open_only: true,
        page_size: 200,
        ..Default::default()
    };
    let referrals = coordinator
        .routing()
        .list_referrals(request)
        .await?
        .into_inner()
        .referrals;
    let mine = referrals
        .into_iter()
        .find(|referral| referral.situation_id == situation);
    mine.ok_or_else(|| Status::not_found("no referral yet"))
}

async fn task_of(partner: &Caller, situation: &str) -> Result<followup::Task, Status> {
    let request = followup::ListTasksRequest::default();
    let tasks = partner
        .followup()
        .list_tasks(request)
        .await?
        .into_inner()
        .tasks;
    tasks
        .into_iter()
        .find(|task| task.situation_id == situation)
        .ok_or_else(|| Status::not_found("no task yet"))
}

/// A desk that got no answer looks before it records the same contact again.
async fn record_contact(partner: &Caller, situation: &str) -> Result<(), Status> {
    let task = task_of(partner, situation).await?;
    if task.state == FollowUpState::Contacted.number() {
        return Ok(());
    }
    let reached = followup::RecordContactRequest {
        task_id: task.task_id,
        channel: ContactChannel::Phone.number(),
        result: ContactResult::Reached.number(),
        ..Default::default()
    };
    partner.followup().record_contact(reached).await.map(drop)
}

/// A carer who got no answer taps again: "this link was used before: your answer is known" is
/// answer enough.
async fn confirm(carer: &Caller, token: &str) -> Result<(), Status> {
    let answer = followup::ConfirmOutcomeRequest {
        token: token.to_owned(),
        answer: followup::Answer::Helped.into(),
        ..Default::default()
    };
    match carer.followup().confirm_outcome(answer).await {
        Err(status) if status.code() == Code::FailedPrecondition => Ok(()),
        other => other.map(drop),
    }
}
