//! Consent is withdrawn, by the carer or by a reporter, before a partner accepted, after, or after it was
//! closed: within a second every service shows it. Measured, many times.

#![allow(clippy::print_stdout, reason = "it says what it measured")]

use std::time::{Duration, Instant};

use futures::future::join_all;
use knipperlicht_contracts::{
    assessment::v1 as assessment, followup::v1 as followup, intake::v1 as intake,
    notification::v1 as notification,
};
use knipperlicht_e2e::{Caller, PartnerDesk, World, a_signal};
use knipperlicht_runtime::Problem;
use knipperlicht_vocabulary::{Consent, OutcomeResult, ReferralState, Step};
use tokio::time::sleep;

/// So soon everywhere, by the issue.
const WITHIN: Duration = Duration::from_secs(1);

/// Of each way to withdraw, in each stage.
const TIMES: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asked,
    Accepted,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Carer,
    Reporter,
}

#[tokio::test]
async fn withdrawn_everywhere_within_a_second() {
    let world = World::start().await;
    let mut measured = Measured::default();
    for by in [By::Carer, By::Reporter] {
        for stage in [Stage::Asked, Stage::Accepted, Stage::Closed] {
            for _ in 0..TIMES {
                round(&world, by, stage, &mut measured).await;
            }
        }
    }
    measured.tell();
    assert!(measured.worst() < WITHIN, "{:?}", measured.worst());
    world.stop().await;
}

/// How long it took, from the answer to the withdrawal, until each service showed it.
#[derive(Default)]
struct Measured(Vec<(&'static str, Duration)>);

impl Measured {
    fn worst(&self) -> Duration {
        self.0.iter().map(|(_, took)| *took).max().unwrap()
    }

    fn tell(&self) {
        for service in ["routing", "assessment", "followup", "story", "notification"] {
            let of = |(name, took): &(&str, Duration)| (*name == service).then_some(*took);
            let mut took: Vec<Duration> = self.0.iter().filter_map(of).collect();
            took.sort_unstable();
            let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
            println!(
                "{service:>12}: {} times, median {:.1} ms, worst {:.1} ms",
                took.len(),
                median.as_secs_f64() * 1e3,
                worst.as_secs_f64() * 1e3,
            );
        }
    }

    /// Asks until it shows, and keeps how long that took.
    async fn until(
        &mut self,
        service: &'static str,
        since: Instant,
        mut shows: impl AsyncFnMut() -> bool,
    ) {
        while !shows().await {
            assert!(since.elapsed() < 20 * WITHIN, "{service} never shows it");
            sleep(Duration::from_millis(2)).await;
        }
        self.0.push((service, since.elapsed()));
    }
}

async fn round(world: &World, by: By, stage: Stage, measured: &mut Measured) {
    let cleaner = world.reporter("cleaner");
    let coordinator = world.coordinator(&["oostende-bredene"]);
    let receipt = cleaner.send(a_signal(&world.environment)).await.unwrap();
    let (signal, situation) = (receipt.signal_id.as_str(), receipt.situation_id.as_str());
    let referral = coordinator.referral_of(situation).await;
    let partner = world.partner(&referral.service.unwrap().organisation_id);
    let subscription = subscription(&partner.0).await;
    if stage != Stage::Asked {
        partner.accept(&referral.referral_id).await.unwrap();
        cleaner.sees(signal, Step::Accepted).await;
        let task = partner.task_of(situation).await.task_id;
        partner.reaches(&task).await;
        if stage == Stage::Closed {
            let closed = partner.completes(&task, OutcomeResult::Helped, None);
            closed.await.unwrap();
            cleaner.sees(signal, Step::Closed).await;
        }
        partner.learns(situation).await.unwrap();
        while assessments(&partner, situation).await == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    }
    let told = deliveries(&partner.0, &subscription).await;
    assert!(told < 100, "more than are listed");

    match by {
        By::Carer => {
            let token = coordinator.0.situation_link(situation).await;
            let request = intake::WithdrawMyConsentRequest { token };
            let carer = world.nobody();
            carer.intake().withdraw_my_consent(request).await.unwrap();
        }
        By::Reporter => {
            cleaner.records(signal, Consent::Withdrawn).await.unwrap();
        }
    }
    let since = Instant::now();
    // In the same transaction: the very next look fails, and the reporter is told nothing else.
    let refused = if stage == Stage::Asked {
        "KL1015"
    } else {
        "KL1018"
    };
    assert_eq!(partner.learns(situation).await.unwrap_err(), refused);
    let steps = cleaner.steps(signal).await;
    assert_eq!(steps, [Step::Received, Step::NotShared]);

    measured
        .until("routing", since, async || {
            let inbox = partner.inbox().await;
            let standing = coordinator.referrals_of(situation).await;
            let open = [ReferralState::Requested, ReferralState::Held];
            !inbox.iter().any(|one| one.situation_id == situation)
                && !standing
                    .iter()
                    .any(|one| open.iter().any(|state| one.state == state.number()))
        })
        .await;
    measured
        .until("notification", since, async || {
            deliveries(&partner.0, &subscription).await > told
        })
        .await;
    if stage == Stage::Asked {
        return;
    }
    measured
        .until("assessment", since, async || {
            assessments(&partner, situation).await == 0
        })
        .await;
    measured
        .until("followup", since, async || {
            let task = partner.task_of(situation).await;
            task.held && task.next_clock.is_none()
        })
        .await;
    measured
        .until("story", since, async || {
            let request = followup::GetTimelineRequest {
                situation_id: situation.to_owned(),
            };
            let story = partner.0.followup().get_timeline(request).await;
            story.is_err_and(|refused| Problem::from(&refused).code == "KL4006")
        })
        .await;
}

/// How many judgements of a situation a partner sees.
async fn assessments(partner: &PartnerDesk, situation: &str) -> usize {
    let request = assessment::ListAssessmentsRequest {
        situation_id: situation.to_owned(),
    };
    let listed = partner.0.assessment().list_assessments(request).await;
    listed.unwrap().into_inner().assessments.len()
}

/// A webhook that nobody answers: what would be delivered is listed all the same.
async fn subscription(partner: &Caller) -> String {
    let request = notification::ListSubscriptionsRequest::default();
    let known = partner.notification().list_subscriptions(request).await;
    let mut known = known.unwrap().into_inner().subscriptions.into_iter();
    if let Some(known) = known.next() {
        return known.subscription_id;
    }
    let webhook = notification::Webhook {
        url: "http://127.0.0.1:9/hook".to_owned(),
    };
    let request = notification::SubscribeRequest {
        channel: Some(notification::subscribe_request::Channel::Webhook(webhook)),
        ..Default::default()
    };
    let made = partner.notification().subscribe(request).await.unwrap();
    made.into_inner().subscription.unwrap().subscription_id
}

/// How often a partner was, or is to be, told that a consent changed; of the last 200 things told.
async fn deliveries(partner: &Caller, subscription: &str) -> usize {
    let request = notification::ListDeliveriesRequest {
        subscription_id: subscription.to_owned(),
        page_size: 200,
        ..Default::default()
    };
    let listed = partner.notification().list_deliveries(request).await;
    let listed = listed.unwrap().into_inner().deliveries;
    let changed = listed
        .iter()
        .filter(|one| one.r#type.contains("consent_changed"));
    changed.count()
}

/// Whoever looks in the very moment of the withdrawal looked before it, or not at all: once it is
/// answered, no look is added to the audit log any more.
#[tokio::test]
async fn nobody_looks_after_the_answer() {
    let world = World::start().await;
    for _ in 0..10 {
        let closed = world.accepted().await;
        let situation = closed.situation.as_str();
        closed.partner.learns(situation).await.unwrap();
        let looks = join_all((0..24).map(|_| closed.partner.learns(situation)));
        let withdrawal = async {
            let withdrawn = Consent::Withdrawn;
            closed
                .cleaner
                .records(&closed.signal, withdrawn)
                .await
                .unwrap();
            looked(&world, situation).await
        };
        let (looks, at_the_answer) = tokio::join!(looks, withdrawal);
        let seen = i64::try_from(looks.iter().filter(|look| look.is_ok()).count()).unwrap();
        assert_eq!(looked(&world, situation).await, at_the_answer);
        assert_eq!(seen + 1, at_the_answer, "each with its row");
    }
    world.stop().await;
}

async fn looked(world: &World, situation: &str) -> i64 {
    sqlx::query_scalar(
        "select count(*) from intake.audit where object = $1 and action = 'contact.read'",
    )
    .bind(situation)
    .fetch_one(&mut world.look().await)
    .await
    .unwrap()
}
