//! The program as it is delivered, as a process of its own.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use knipperlicht_sandbox::free_port;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    error::{BenchError, Doing},
    ground::Ground,
};

const LOOK_EVERY: Duration = Duration::from_millis(2);
const READY_WITHIN: Duration = Duration::from_mins(1);

/// What a gateway is called.
pub(crate) const GATEWAY: &str = "gateway";

/// A running program. Dropped, it is killed.
pub(crate) struct Program {
    child: Child,
    is_gateway: bool,
    address: SocketAddr,
    gateway: SocketAddr,
    /// From its start until it said that it is well.
    pub(crate) start_up: Duration,
}

impl Program {
    /// Starts it and waits until it is well.
    pub(crate) async fn start(ground: &Ground, target: &str) -> Result<Self, BenchError> {
        Self::start_with(ground, target, None).await
    }

    /// The same, with all its telemetry sent to a collector.
    pub(crate) async fn start_with(
        ground: &Ground,
        target: &str,
        collector: Option<&str>,
    ) -> Result<Self, BenchError> {
        let program = beside_us()?;
        let free = || {
            let port = free_port().doing("find a free port")?;
            Ok::<_, BenchError>(SocketAddr::from(([127, 0, 0, 1], port)))
        };
        let (address, gateway) = (free()?, free()?);
        let log = ground.directory().join(format!("{target}.log"));
        let stderr = fs::File::create(&log).doing(log.display().to_string())?;
        let began = Instant::now();
        let child = Command::new(&program)
            .args([
                "serve",
                "--target",
                target,
                "--listen",
                &address.to_string(),
                "--gateway-listen",
                &gateway.to_string(),
            ])
            .envs(ground.settings())
            .envs(collector.map(|endpoint| ("KL_OTLP_ENDPOINT", endpoint)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .doing(program.display().to_string())?;
        let mut started = Self {
            child,
            is_gateway: target == GATEWAY,
            address,
            gateway,
            start_up: Duration::ZERO,
        };
        started.ready(began, &log).await?;
        Ok(started)
    }

    async fn ready(&mut self, began: Instant, log: &Path) -> Result<(), BenchError> {
        loop {
            if self.is_well().await {
                self.start_up = began.elapsed();
                return Ok(());
            }
            let ended = matches!(self.child.try_wait(), Ok(Some(_)));
            if ended || began.elapsed() > READY_WITHIN {
                return Err(BenchError::NotReady {
                    log: fs::read_to_string(log).unwrap_or_default(),
                });
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it says so itself; a gateway alone is asked by browsers only, and listens.
    async fn is_well(&self) -> bool {
        if self.is_gateway {
            return TcpStream::connect(self.gateway).await.is_ok();
        }
        let Ok(endpoint) = Endpoint::from_shared(self.url()) else {
            return false;
        };
        let Ok(channel) = endpoint.connect().await else {
            return false;
        };
        let request = HealthCheckRequest {
            service: String::new(),
        };
        HealthClient::new(channel)
            .check(request)
            .await
            .is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its gateway listens.
    pub(crate) const fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Ends it; what it stored stays.
    pub(crate) async fn end(mut self) -> Result<(), BenchError> {
        self.child.kill().await.doing("end the program")
    }
}

/// The program of the same build.
pub(crate) fn beside_us() -> Result<PathBuf, BenchError> {
    let ours = env::current_exe().doing("find this program")?;
    let program = ours.with_file_name("knipperlicht");
    if program.is_file() {
        Ok(program)
    } else {
        Err(BenchError::NotBuilt(program))
    }
}
