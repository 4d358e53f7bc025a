//! What every process of Knipperlicht needs, whatever it serves: time and randomness from the
//! system, an orderly end, telemetry, health, a gRPC server, and one way to say errors.

mod bell;
mod environment;
mod error;
mod lifecycle;
mod server;
mod telemetry;
mod trace;

pub use bell::{Bell, Listener};
pub use environment::{OsRandom, SystemClock, system_environment};
pub use error::{Coded, Kind, Problem, refusal};
pub use lifecycle::{Lifecycle, Stop, retry_pause, rounds};
pub use server::{GrpcServer, Health, ServerError};
pub use telemetry::{Telemetry, TelemetryError, TelemetryOptions};
pub use trace::{MessageSpan, current_traceparent, set_parent, trace_id};
