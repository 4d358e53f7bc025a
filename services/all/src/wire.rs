//! What leaves this machine, and what comes in: encrypted, to and from whom it should be. What is
//! not so is refused at the start, unless whoever runs this says that something else sees to it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use knipperlicht_access::{Peers, Rate, Rates, can_be_overheard};
use knipperlicht_eventing::NatsOptions;
use knipperlicht_gateway::Proxy;
use knipperlicht_runtime::{GrpcServer, ServerError, TlsFiles};

/// How the services are reached, and how they reach NATS.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "On the wire")]
pub(crate) struct WireOptions {
    /// File with the certificate of this process and those up to its authority (PEM); read again when
    /// it changes
    #[arg(long, env = "KL_TLS_CERT_FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// File with its private key (PEM)
    #[arg(long, env = "KL_TLS_KEY_FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// File with the authorities (PEM) of those who may call: whoever calls then needs a certificate
    #[arg(long, env = "KL_TLS_CLIENT_CA_FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Where health (gRPC, /livez, /readyz) and metrics (/metrics) are told in clear, and nothing else,
    /// for who watches over processes; if not said, on 127.0.0.1:7481 where that is free
    #[arg(long, env = "KL_HEALTH_LISTEN")]
    health_listen: Option<SocketAddr>,
    /// What may leave this machine in clear, for something else encrypts it: a proxy, a tunnel
    #[arg(long, env = "KL_PLAINTEXT", value_delimiter = ',')]
    plaintext: Vec<Clear>,
    #[command(flatten)]
    nats: NatsAccess,
    /// Calls in a minute that an account of a role may make, such as `reporter=600,partner=1200`;
    /// for `link_holder` those from one address
    #[arg(long, env = "KL_CALLS_PER_MINUTE", value_delimiter = ',')]
    calls_per_minute: Vec<Rate>,
}

/// How NATS knows us, and we it.
#[derive(Debug, Clone, Args)]
pub(crate) struct NatsAccess {
    /// Directory with the keys of the users of NATS, `<user>.nk`: see `knipperlicht ops nats-accounts`
    #[arg(long, env = "KL_NATS_KEYS_DIR", global = true)]
    pub(crate) nats_keys: Option<PathBuf>,
    /// File with the authorities (PEM) that NATS is believed by, instead of those of this machine
    #[arg(long, env = "KL_CA_FILE", global = true)]
    pub(crate) nats_ca: Option<PathBuf>,
}

impl NatsAccess {
    /// How NATS at `url` is reached.
    pub(crate) fn to(&self, url: String) -> NatsOptions {
        NatsOptions {
            url,
            keys: self.nats_keys.clone(),
            authorities: self.nats_ca.clone(),
        }
    }
}

/// A connection that may be in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clear {
    /// Calls that come in.
    Grpc,
    /// What browsers ask of the gateway.
    Http,
    /// NATS.
    Nats,
    /// PostgreSQL.
    Postgres,
}

/// Where health and metrics are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthDoor {
    /// There: nothing starts where that is taken.
    At(SocketAddr),
    /// At the usual place, if no other process of this machine has it.
    IfFree,
}

/// The usual place.
const USUAL_HEALTH_DOOR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7481);

impl HealthDoor {
    /// Opens it; says where, or nothing where another process has the usual place.
    pub(crate) async fn open(
        self,
        server: &mut GrpcServer,
    ) -> Result<Option<SocketAddr>, ServerError> {
        match self {
            Self::At(address) => server.answer_health_at(address).await.map(Some),
            Self::IfFree => {
                let opened = server.answer_health_at(USUAL_HEALTH_DOOR).await;
                Ok(opened
                    .inspect_err(|error| tracing::info!(%error, "health is not told in clear"))
                    .ok())
            }
        }
    }
}

/// How a line is reached.
#[derive(Debug, Clone, Default)]
pub struct WireSettings {
    /// Who it is; in clear without.
    pub tls: Option<TlsFiles>,
    /// Where health and metrics are told in clear, and nothing else.
    pub health_listen: Option<HealthDoor>,
    /// How often each role may call.
    pub rates: Rates,
    /// Whose address a call without an account is counted by.
    pub peers: Peers,
}

/// Something would leave this machine in clear.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Calls.
    #[error(
        "KL0016: gRPC would listen in clear on {0}, which others reach: give it a certificate (KL_TLS_CERT_FILE, KL_TLS_KEY_FILE), listen on 127.0.0.1, or say KL_PLAINTEXT=grpc where a proxy of yours encrypts"
    )]
    Grpc(SocketAddr),
    /// What browsers ask.
    #[error(
        "KL7011: the gateway would listen in clear on {0}, which others reach: give it a certificate (KL_GATEWAY_TLS_CERT_FILE, KL_GATEWAY_TLS_KEY_FILE), listen on 127.0.0.1, or say KL_PLAINTEXT=http where a proxy of yours encrypts"
    )]
    Http(SocketAddr),
    /// NATS.
    #[error(
        "KL0018: NATS_URL leads away from this machine in clear: begin it with tls://, or say KL_PLAINTEXT=nats where something else encrypts"
    )]
    Nats,
    /// PostgreSQL.
    #[error(
        "KL0020: DATABASE_URL leads away from this machine without knowing who answers: add sslmode=verify-full (and sslrootcert=FILE for an authority of your own), or say KL_PLAINTEXT=postgres where something else sees to it"
    )]
    Postgres,
    /// The database URL.
    #[error("DATABASE_URL: {0}")]
    DatabaseUrl(#[from] sqlx::Error),
}

impl WireOptions {
    /// Refuses what would leave this machine in clear.
    pub(crate) fn check(
        &self,
        listen: SocketAddr,
        database_url: &str,
        nats_url: &str,
    ) -> Result<(), WireError> {
        let may = |what| self.plaintext.contains(&what);
        if self.tls_cert.is_none() && !listen.ip().is_loopback() && !may(Clear::Grpc) {
            return Err(WireError::Grpc(listen));
        }
        if !may(Clear::Nats) && self.nats(nats_url.to_owned()).can_be_overheard() {
            return Err(WireError::Nats);
        }
        if !may(Clear::Postgres) && can_be_overheard(database_url)? {
            return Err(WireError::Postgres);
        }
        Ok(())
    }

    /// Refuses a gateway that others would reach in clear.
    pub(crate) fn check_gateway(
        &self,
        listen: SocketAddr,
        encrypts: bool,
    ) -> Result<(), WireError> {
        if encrypts || listen.ip().is_loopback() || self.plaintext.contains(&Clear::Http) {
            Ok(())
        } else {
            Err(WireError::Http(listen))
        }
    }

    /// Whether a proxy stands before the gateway: only then somebody else encrypts.
    pub(crate) fn proxy(&self) -> Proxy {
        if self.plaintext.contains(&Clear::Http) {
            Proxy::Ours
        } else {
            Proxy::None
        }
    }

    /// How NATS at `url` is reached.
    pub(crate) fn nats(&self, url: String) -> NatsOptions {
        self.nats.to(url)
    }

    /// As a line takes it.
    pub(crate) fn settings(&self) -> WireSettings {
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        let tls = files.map(|(certificate, key)| TlsFiles {
            certificate,
            key,
            client_authorities: self.tls_client_ca.clone(),
        });
        // Nobody but our own proxy or gateway can call then, so what it says of others is believed.
        let only_ours = self.tls_client_ca.is_some() || self.plaintext.contains(&Clear::Grpc);
        WireSettings {
            tls,
            health_listen: Some(
                self.health_listen
                    .map_or(HealthDoor::IfFree, HealthDoor::At),
            ),
            rates: Rates::with(self.calls_per_minute.clone()),
            peers: if only_ours {
                Peers::Forwarded
            } else {
                Peers::Direct
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Told {
        #[command(flatten)]
        wire: WireOptions,
    }

    fn told(arguments: &[&str]) -> WireOptions {
        let arguments = ["knipperlicht"].iter().chain(arguments);
        Told::try_parse_from(arguments).unwrap().wire
    }

    const HERE: &str = "127.0.0.1:7400";
    const EVERYWHERE: &str = "0.0.0.0:7400";
    const OWN_DATABASE: &str = "postgres://kl@localhost/kl";
    const FAR_DATABASE: &str = "postgres://kl@db.example.org/kl";
    const OWN_NATS: &str = "nats://127.0.0.1:4222";

    /// The code of the refusal.
    fn refusal(arguments: &[&str], listen: &str, database: &str, nats: &str) -> String {
        let checked = told(arguments).check(listen.parse().unwrap(), database, nats);
        checked.map_or_else(
            |error| error.to_string().chars().take(6).collect(),
            |()| "fine".to_owned(),
        )
    }

    #[test]
    fn on_one_machine_nothing_needs_to_be_encrypted() {
        assert_eq!(refusal(&[], HERE, OWN_DATABASE, OWN_NATS), "fine");
        assert_eq!(refusal(&[], "[::1]:7400", OWN_DATABASE, OWN_NATS), "fine");
    }

    #[test]
    fn what_others_could_read_is_refused_unless_somebody_answers_for_it() {
        let certificate = ["--tls-cert", "a.crt", "--tls-key", "a.key"];
        assert_eq!(refusal(&[], EVERYWHERE, OWN_DATABASE, OWN_NATS), "KL0016");
        assert_eq!(
            refusal(&certificate, EVERYWHERE, OWN_DATABASE, OWN_NATS),
            "fine"
        );
        assert_eq!(refusal(&[], HERE, FAR_DATABASE, OWN_NATS), "KL0020");
        let verified = format!("{FAR_DATABASE}?sslmode=verify-full");
        assert_eq!(refusal(&[], HERE, &verified, OWN_NATS), "fine");
        for nats in [
            "nats://nats.example.org:4222",
            "nats.example.org",
            "nats://127.0.0.1:4222,nats://10.0.0.7:4222",
        ] {
            assert_eq!(refusal(&[], HERE, OWN_DATABASE, nats), "KL0018", "{nats}");
        }
        let nats = "tls://nats.example.org:4222";
        assert_eq!(refusal(&[], HERE, OWN_DATABASE, nats), "fine");
        let all = ["--plaintext", "grpc,nats,postgres"];
        let far = "nats://nats.example.org";
        assert_eq!(refusal(&all, EVERYWHERE, FAR_DATABASE, far), "fine");
    }

    #[test]
    fn what_a_proxy_says_of_its_callers_is_believed_only_where_nobody_else_can_call() {
        let peers = |arguments: &[&str]| told(arguments).settings().peers;
        let certificate = ["--tls-cert", "a.crt", "--tls-key", "a.key"];
        assert_eq!(peers(&[]), Peers::Direct);
        assert_eq!(peers(&certificate), Peers::Direct);
        assert_eq!(peers(&["--plaintext", "grpc"]), Peers::Forwarded);
        let mutual = [&certificate[..], &["--tls-client-ca", "ca.crt"]].concat();
        assert_eq!(peers(&mutual), Peers::Forwarded);
    }

    #[test]
    fn a_gateway_that_others_reach_encrypts_or_has_a_proxy() {
        let (here, everywhere) = (HERE.parse().unwrap(), EVERYWHERE.parse().unwrap());
        let nothing_said = told(&[]);
        assert!(nothing_said.check_gateway(here, false).is_ok());
        assert!(nothing_said.check_gateway(everywhere, true).is_ok());
        let refused = nothing_said.check_gateway(everywhere, false).unwrap_err();
        assert!(refused.to_string().starts_with("KL7011"), "{refused}");
        assert_eq!(nothing_said.proxy(), Proxy::None);
        let behind = told(&["--plaintext", "http"]);
        assert!(behind.check_gateway(everywhere, false).is_ok());
        assert_eq!(behind.proxy(), Proxy::Ours);
    }

    #[test]
    fn a_certificate_comes_with_its_key() {
        for arguments in [
            ["--tls-cert", "a"],
            ["--tls-key", "a"],
            ["--tls-client-ca", "a"],
        ] {
            let arguments = ["knipperlicht"].iter().chain(&arguments);
            assert!(Told::try_parse_from(arguments).is_err());
        }
    }
}
