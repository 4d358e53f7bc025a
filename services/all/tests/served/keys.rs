//! Who is given the master key.

use std::{net::SocketAddr, process::Stdio};

use knipperlicht::{migrate::migrate, ops::ensure_streams};
use knipperlicht_harness::{Bed, eventually};
use knipperlicht_sandbox::free_port;

use crate::{
    ground::{Ground, program},
    on_the_wire::is_well,
};

#[tokio::test]
async fn only_services_that_keep_personal_data_need_the_master_key() {
    let (bed, ground) = (Bed::start().await, Ground::new());
    migrate(&bed.database_url).await.unwrap();
    ensure_streams(&bed.nats_options(), 1).await.unwrap();
    let health = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let keys = bed.nats_options().keys.unwrap();
    let mut settings = ground.settings(&bed.database_url, &bed.nats_options().url);
    settings.retain(|(name, _)| *name != "KL_MASTER_KEY_FILE");
    settings.extend([
        ("KL_HEALTH_LISTEN", health.to_string()),
        ("KL_NATS_KEYS_DIR", keys.display().to_string()),
    ]);

    let without = ["serve", "--target", "assessment,routing,followup"];
    let mut serving = program(&without, &settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it to be well", async || {
        is_well(health, "").await.then_some(())
    })
    .await;
    serving.kill().unwrap();
    serving.wait().unwrap();

    for service in ["intake", "notification"] {
        let refused = program(&["serve", "--target", service], &settings).output();
        let refused = refused.unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            !refused.status.success() && said.contains("KL6003"),
            "{said}"
        );
    }
}
