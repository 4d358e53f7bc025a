//! What the service decides: plain data in, plain data out.

pub(crate) mod audience;
pub(crate) mod backoff;
pub(crate) mod endpoint;
pub(crate) mod fault;
pub(crate) mod mailing;
pub(crate) mod message;
pub(crate) mod owner;
pub(crate) mod quiet;
pub(crate) mod retention;
