//! The way to a service: a connection, and what every call on it carries.

use std::{error::Error, time::Duration};

use knipperlicht_vocabulary::Environment;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use super::{CliError, connection::Trust, patience::patiently};

/// How long a call may take that has one answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long it may take to find out that nobody listens.
const CONNECT: Duration = Duration::from_secs(3);

/// A connection on which every call says who makes it.
pub(crate) type Line = InterceptedService<Channel, Credentials>;

/// A call that has one answer, and a deadline for it.
pub(crate) fn unary<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// Connects to `server`; encrypted, where its address begins with `https://`.
pub(crate) async fn connect(
    server: &str,
    trust: &Trust,
    credentials: Credentials,
) -> Result<Line, CliError> {
    let encrypted = server.starts_with("https://");
    let mut endpoint = Endpoint::from_shared(server.to_owned())
        .ok()
        .filter(|_| encrypted || server.starts_with("http://"))
        .filter(|endpoint| endpoint.uri().host().is_some())
        .ok_or_else(|| {
            CliError::Usage(format!(
                "`{server}` is no address: give one such as http://127.0.0.1:7400, or https://..."
            ))
        })?;
    if encrypted {
        let unfit = |error: tonic::transport::Error| {
            let why = root_cause(&error);
            CliError::Usage(format!("certificates cannot be used: {why}"))
        };
        endpoint = endpoint.tls_config(trust.tls()?).map_err(unfit)?;
    }
    let channel = patiently(endpoint.connect_timeout(CONNECT).connect())
        .await
        .map_err(|error| CliError::Unreachable {
            server: server.to_owned(),
            why: root_cause(&error),
        })?;
    Ok(InterceptedService::new(channel, credentials))
}

/// The transport's own text is only "transport error": what lies under it says what happened.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Who makes the calls, and the trace they are part of.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    authorization: Option<MetadataValue<Ascii>>,
    traceparent: MetadataValue<Ascii>,
}

impl Credentials {
    /// The holder of a token; without one, nobody in particular.
    pub(crate) fn new(token: Option<&str>, environment: &Environment) -> Result<Self, CliError> {
        let unfit = |_| {
            CliError::Usage(
                "the access token holds characters that no token has: copy it again".to_owned(),
            )
        };
        let mut authorization = token
            .map(|token| {
                format!("Bearer {token}")
                    .parse::<MetadataValue<Ascii>>()
                    .map_err(unfit)
            })
            .transpose()?;
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        let traceparent = traceparent(environment).parse().map_err(unfit)?;
        Ok(Self {
            authorization,
            traceparent,
        })
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("traceparent", self.traceparent.clone());
        if let Some(authorization) = &self.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        Ok(request)
    }
}

/// A fresh W3C trace context, sampled: one trace for all that a command does.
fn traceparent(environment: &Environment) -> String {
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    environment.fill(&mut trace);
    environment.fill(&mut span);
    format!(
        "00-{:032x}-{:016x}-01",
        u128::from_be_bytes(trace),
        u64::from_be_bytes(span)
    )
}

#[cfg(test)]
mod tests {
    use knipperlicht_runtime::{system_environment, trace_id};

    use super::*;

    const fn nobody_in_particular() -> Trust {
        Trust {
            ca_file: None,
            client_cert: None,
            client_key: None,
        }
    }

    #[test]
    fn a_call_says_who_makes_it_and_hides_that_from_logs() {
        let environment = system_environment().unwrap();
        let mut credentials = Credentials::new(Some("secret"), &environment).unwrap();
        let request = credentials.call(Request::new(())).unwrap();
        assert_eq!(
            request.metadata().get("authorization").unwrap(),
            "Bearer secret"
        );
        assert!(!format!("{credentials:?}").contains("secret"));
        assert!(Credentials::new(Some("two\nlines"), &environment).is_err());
    }

    #[test]
    fn every_command_is_a_trace_of_its_own() {
        let environment = system_environment().unwrap();
        let (one, other) = (traceparent(&environment), traceparent(&environment));
        assert!(trace_id(&one).is_some(), "{one}");
        assert_ne!(trace_id(&one), trace_id(&other));
    }

    #[tokio::test]
    async fn a_wrong_address_is_told_from_a_server_that_is_away() {
        let environment = system_environment().unwrap();
        let code = async |server: &str| {
            let credentials = Credentials::new(None, &environment).unwrap();
            connect(server, &nobody_in_particular(), credentials)
                .await
                .err()
                .map(|error| (error.exit_code(), error.to_string()))
        };
        for wrong in ["", "nonsense", "localhost:7400", "http://", "https://"] {
            assert_eq!(code(wrong).await.map(|(code, _)| code), Some(2), "{wrong}");
        }
        // Port 1 needs rights that nothing here has.
        let (code, text) = code("http://127.0.0.1:1").await.unwrap();
        assert_eq!(code, 4);
        assert!(
            text.contains("is it running? start it with `make run`"),
            "{text}"
        );
    }
}
