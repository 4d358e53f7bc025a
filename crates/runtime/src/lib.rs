//! What every process of Knipperlicht needs, whatever it serves: time and randomness from the
//! system, an orderly end, telemetry, health, a gRPC server with TLS, and one way to say errors.

mod behind;
mod bell;
mod calls;
mod door;
mod environment;
mod error;
mod incoming;
mod inside;
mod lifecycle;
pub mod metrics;
mod peer;
mod server;
mod telemetry;
mod tls;
mod trace;

pub use bell::{Bell, Listener};
pub use calls::Route;
pub use environment::{MovableClock, OsRandom, SystemClock, system_environment};
pub use error::{Coded, Kind, Problem, refusal};
pub use inside::{Inside, is_from_inside};
pub use lifecycle::{Lifecycle, Stop, retry_pause, rounds, rounds_by_the_clock};
pub use peer::{is_this_machine, peer_of};
pub use server::{GrpcServer, Health, ServerError};
pub use telemetry::{Telemetry, TelemetryError, TelemetryOptions};
pub use tls::{ServerTls, TlsError, TlsFiles};
pub use trace::{
    Attribute, MessageSpan, MessageWay, Step, current_traceparent, sampled_traceparent, trace_id,
};
