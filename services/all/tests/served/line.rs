//! A line in a process of its own, reached as others reach it.

use std::{
    net::SocketAddr,
    process::{Child, Stdio},
};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_runtime::system_environment;
use knipperlicht_sandbox::free_port;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::ground::{Ground, program};

/// A line in a process of its own.
pub(crate) struct Line {
    pub(crate) ground: Ground,
    pub(crate) bed: Bed,
    pub(crate) address: SocketAddr,
    pub(crate) gateway: SocketAddr,
    pub(crate) door: SocketAddr,
    process: Child,
}

impl Line {
    /// Starts it, with the demo directory.
    pub(crate) async fn start() -> Self {
        let (bed, ground) = (Bed::start().await, Ground::new());
        migrate(&bed.database_url).await.unwrap();
        ensure_streams(&bed.nats_options(), 1).await.unwrap();
        load_directory(&bed.database_url).await;
        Self::on(bed, ground).await
    }

    /// Starts it where everything is ready.
    pub(crate) async fn on(bed: Bed, ground: Ground) -> Self {
        let port = |()| SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let [address, gateway, door] = [(), (), ()].map(port);
        let keys = bed.nats_options().keys.unwrap();
        let mut settings = ground.settings(&bed.database_url, &bed.nats_options().url);
        settings.extend([
            ("KL_LISTEN", address.to_string()),
            ("KL_GATEWAY_LISTEN", gateway.to_string()),
            ("KL_HEALTH_LISTEN", door.to_string()),
            ("KL_NATS_KEYS_DIR", keys.display().to_string()),
        ]);
        let process = program(&["serve"], &settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let line = Self {
            ground,
            bed,
            address,
            gateway,
            door,
            process,
        };
        eventually("it to be ready", async || {
            let (status, _) = line.get(door, "/readyz").await?;
            (status == 200).then_some(())
        })
        .await;
        line
    }

    /// What is at a path: the status, and what was said.
    pub(crate) async fn get(&self, address: SocketAddr, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    pub(crate) async fn metrics(&self) -> String {
        let (status, text) = self.get(self.door, "/metrics").await.unwrap();
        assert_eq!(status, 200);
        text
    }

    /// Stops it at once, as a power cut would; what it stood on stays.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// What the command line answers somebody.
    pub(crate) fn asks(&self, token: String, arguments: &[&str]) -> Value {
        self.tries(token, arguments).unwrap()
    }

    /// The same; nothing where it is refused.
    pub(crate) fn tries(&self, token: String, arguments: &[&str]) -> Option<Value> {
        let settings = [
            ("KL_SERVER", format!("http://{}", self.address)),
            ("KL_TOKEN", token),
        ];
        let arguments = [arguments, &["--json"]].concat();
        let output = program(&arguments, &settings).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn load_directory(database_url: &str) {
    let options = DatabaseOptions {
        url: database_url.to_owned(),
        service: "routing",
        connections: 1,
    };
    let database = Database::new(&options).unwrap();
    let principal = Principal::service("test".parse().unwrap());
    let now = system_environment().unwrap().now();
    knipperlicht_routing::load_demo_directory(&database, &principal, now)
        .await
        .unwrap();
    database.close().await;
}
