//! Those who send: each with a token of their own, eight to a connection.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use knipperlicht_access::{Person, Role};
use knipperlicht_contracts::{
    intake::v1::{self as pb, intake_service_client::IntakeServiceClient},
    to_proto,
};
use knipperlicht_harness::{Token, WithToken};
use knipperlicht_vocabulary::{
    Consent, Environment, Observation, ReporterRole, SignalId, SituationId,
};
use knipperlicht_zones::ZoneTable;
use tonic::transport::{Channel, Endpoint};

use crate::{error::BenchError, ground::Ground};

/// Reporters to one connection.
const PER_CONNECTION: usize = 8;

/// The town whose partners are watched.
const PROBED_TOWN: &str = "8400";

/// Its zone.
pub(crate) const PROBED_ZONE: &str = "oostende-bredene";

/// One signal in so many comes from there; the others from every zone in turn.
const PROBED_ONE_IN: usize = 10;

/// What is noticed, in turn: what one partner can meet, and what takes two.
const NOTICED: [&[Observation]; 4] = [
    &[Observation::TasksTooHeavy, Observation::ConflictAtHome],
    &[Observation::Exhausted],
    &[Observation::LostInPaperwork, Observation::MoneyWorries],
    &[Observation::Isolated, Observation::AsksForHelp],
];

/// Who sends signals.
pub(crate) type Reporter = IntakeServiceClient<WithToken>;

/// Reporters, and what they send.
#[derive(Clone)]
pub(crate) struct Reporters {
    clients: Vec<Reporter>,
    environment: Environment,
    /// A postal code of every zone.
    towns: Arc<[String]>,
    sent: Arc<AtomicUsize>,
}

/// A signal on its way.
pub(crate) struct Tap {
    pub(crate) request: pb::SubmitSignalRequest,
    /// The situation it opens, when it is of the zone that is watched.
    pub(crate) probed: Option<SituationId>,
}

impl Reporters {
    /// Connects so many.
    pub(crate) async fn connect(
        ground: &Ground,
        url: &str,
        reporters: usize,
    ) -> Result<Self, BenchError> {
        let mut clients = Vec::with_capacity(reporters);
        let mut channel = None;
        for number in 0..reporters {
            if number % PER_CONNECTION == 0 {
                channel = Some(connect(url).await?);
            }
            let Some(channel) = &channel else { continue };
            let person = Person {
                subject: format!("reporter-{number:02}").parse()?,
                role: Role::Reporter,
                organisation: None,
                zones: Vec::new(),
            };
            let token = Token::bearer(&ground.token(&person)?)?;
            clients.push(IntakeServiceClient::with_interceptor(
                channel.clone(),
                token,
            ));
        }
        let zones = ZoneTable::builtin()?;
        let today = ground.environment.today();
        let towns = zones
            .zones()
            .filter_map(|zone| zones.postal_codes_of(&zone.id, today).next());
        Ok(Self {
            clients,
            environment: ground.environment.clone(),
            towns: towns.map(|town| town.to_string()).collect(),
            sent: Arc::default(),
        })
    }

    /// One of them.
    pub(crate) fn one(&self, number: usize) -> Option<Reporter> {
        self.clients
            .get(number % self.clients.len().max(1))
            .cloned()
    }

    /// The next signal: a carer who agreed to be called, with a name and a number.
    pub(crate) fn next_tap(&self) -> Tap {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let is_probed = number.is_multiple_of(PROBED_ONE_IN);
        let town = if is_probed {
            PROBED_TOWN
        } else {
            &self.towns[number % self.towns.len()]
        };
        let noticed = NOTICED[(number / PROBED_ONE_IN) % NOTICED.len()];
        let id = SignalId::new(&self.environment);
        let signal = pb::Signal {
            signal_id: id.to_string(),
            reported_at: Some(to_proto(self.environment.now())),
            observations: noticed
                .iter()
                .map(|observation| observation.number())
                .collect(),
            postal_code: town.to_owned(),
            reporter_role: ReporterRole::HomeCareWorker.number(),
            consent: Consent::Given.number(),
            contact: Some(pb::Contact {
                name: "Maria Peeters".to_owned(),
                phone: another_phone(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let probed = is_probed.then(|| SituationId::derived(id.uuid(), "situation"));
        Tap {
            request: pb::SubmitSignalRequest {
                signal: Some(signal),
            },
            probed,
        }
    }
}

/// A number that no carer of this run has yet, whichever part flagged them: who was flagged before
/// would join.
fn another_phone() -> String {
    static CARERS: AtomicUsize = AtomicUsize::new(0);
    let carer = CARERS.fetch_add(1, Ordering::Relaxed);
    format!("+32 {}", 470_000_000 + carer * 7)
}

/// A connection of its own.
pub(crate) async fn connect(url: &str) -> Result<Channel, BenchError> {
    Ok(Endpoint::from_shared(url.to_owned())?
        .tcp_nodelay(true)
        .connect()
        .await?)
}
