//! Master keys that change while the line runs.

use std::{sync::Arc, time::Duration};

use knipperlicht_privacy::{KeyWrapping, Looked};
use knipperlicht_runtime::Stop;

/// How often to look. Whoever meets a key that it does not know looks at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks for other master keys until it is time to stop. Those that are known stay in use as long as
/// others cannot be read.
pub(super) async fn watch_keys(keys: Arc<dyn KeyWrapping>, stop: Stop) {
    let mut was_well = true;
    while stop.pause(LOOK_EVERY).await {
        match keys.look().await {
            Ok(looked) => {
                if let Looked::Changed(current) = looked {
                    tracing::info!(current, "the master keys changed");
                }
                was_well = true;
            }
            Err(error) => {
                if was_well {
                    tracing::error!(
                        code = "KL6003",
                        %error,
                        "the master keys cannot be read again: those that are known stay in use"
                    );
                }
                was_well = false;
            }
        }
    }
}
