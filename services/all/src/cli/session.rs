//! One run of the client: its connections, its clock and its output.

use std::future::Future;

use knipperlicht_contracts::{
    assessment::v1::assessment_service_client::AssessmentServiceClient, event::Service,
    followup::v1::followup_service_client::FollowupServiceClient,
    intake::v1::intake_service_client::IntakeServiceClient,
    notification::v1::notification_service_client::NotificationServiceClient,
    routing::v1::routing_service_client::RoutingServiceClient,
};
use knipperlicht_runtime::system_environment;
use knipperlicht_vocabulary::Environment;
use tonic::{Response, Status, Streaming};

use super::{
    CliError, ClientOptions,
    channel::{Credentials, Line, connect},
    credentials::{self, Person},
    output::Output,
    patience::patiently,
    views::View,
};

/// The most that a server puts on one page.
const PAGE: u32 = 200;

/// What a command works with.
pub(crate) struct Session {
    options: ClientOptions,
    /// Time and randomness.
    pub(crate) environment: Environment,
    /// Where results go.
    pub(crate) output: Output,
}

impl Session {
    /// A session that has not connected to anything yet.
    pub(crate) fn new(options: ClientOptions, output: Output) -> Result<Self, CliError> {
        let environment =
            system_environment().map_err(|error| CliError::Machine(error.to_string()))?;
        Ok(Self {
            options,
            environment,
            output,
        })
    }

    /// A command that whoever spoke may want next, spoken as the same person.
    pub(crate) fn next(&self, command: &str) -> Result<(), CliError> {
        match &self.options.connection.person {
            Some(person) => self.output.next(&format!("{command} --as {person}")),
            None => self.output.next(command),
        }
    }

    /// Intake, as `usual` unless somebody else was named.
    pub(crate) async fn intake(
        &self,
        usual: Person,
    ) -> Result<IntakeServiceClient<Line>, CliError> {
        Ok(IntakeServiceClient::new(
            self.line(Service::Intake, usual).await?,
        ))
    }

    /// Assessment, as `usual` unless somebody else was named.
    pub(crate) async fn assessment(
        &self,
        usual: Person,
    ) -> Result<AssessmentServiceClient<Line>, CliError> {
        Ok(AssessmentServiceClient::new(
            self.line(Service::Assessment, usual).await?,
        ))
    }

    /// Routing, as `usual` unless somebody else was named.
    pub(crate) async fn routing(
        &self,
        usual: Person,
    ) -> Result<RoutingServiceClient<Line>, CliError> {
        Ok(RoutingServiceClient::new(
            self.line(Service::Routing, usual).await?,
        ))
    }

    /// Follow-up, as `usual` unless somebody else was named.
    pub(crate) async fn followup(
        &self,
        usual: Person,
    ) -> Result<FollowupServiceClient<Line>, CliError> {
        Ok(FollowupServiceClient::new(
            self.line(Service::Followup, usual).await?,
        ))
    }

    /// Notification, as `usual` unless somebody else was named.
    pub(crate) async fn notification(
        &self,
        usual: Person,
    ) -> Result<NotificationServiceClient<Line>, CliError> {
        Ok(NotificationServiceClient::new(
            self.line(Service::Notification, usual).await?,
        ))
    }

    /// Follow-up, as somebody without an account: a carer with a link.
    pub(crate) async fn followup_without_account(
        &self,
    ) -> Result<FollowupServiceClient<Line>, CliError> {
        let credentials = Credentials::new(None, &self.environment)?;
        let line = self.connect(Service::Followup, credentials).await?;
        Ok(FollowupServiceClient::new(line))
    }

    /// Intake, as somebody without an account: a carer with a link or a card.
    pub(crate) async fn intake_without_account(
        &self,
    ) -> Result<IntakeServiceClient<Line>, CliError> {
        let credentials = Credentials::new(None, &self.environment)?;
        let line = self.connect(Service::Intake, credentials).await?;
        Ok(IntakeServiceClient::new(line))
    }

    /// Says that there is more than was asked for.
    pub(crate) fn more(&self, more: bool, limit: u32) -> Result<(), CliError> {
        if more {
            self.output.note(&format!(
                "there is more: --limit {}",
                limit.saturating_mul(4)
            ))
        } else {
            Ok(())
        }
    }

    async fn line(&self, service: Service, usual: Person) -> Result<Line, CliError> {
        let token = credentials::token(&self.options.connection, usual)?;
        let credentials = Credentials::new(Some(&token), &self.environment)?;
        self.connect(service, credentials).await
    }

    async fn connect(&self, service: Service, credentials: Credentials) -> Result<Line, CliError> {
        let connection = &self.options.connection;
        connect(connection.url(service), &connection.trust, credentials).await
    }
}

/// The answer to a call.
pub(crate) async fn answer<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, CliError> {
    Ok(patiently(call).await?.into_inner())
}

/// A part of an answer that is always there.
pub(crate) fn part<T>(part: Option<T>, name: &'static str) -> Result<T, CliError> {
    part.ok_or(CliError::Incomplete(name))
}

/// What came of reading pages.
pub(crate) struct Pages<T> {
    /// What was read.
    pub(crate) found: Vec<T>,
    /// Whether there is more.
    pub(crate) more: bool,
}

/// Reads pages until there are `limit` things or no more.
pub(crate) async fn pages<T>(
    limit: u32,
    mut page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), CliError>,
) -> Result<Pages<T>, CliError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let wanted = u32::try_from(limit - found.len()).unwrap_or(PAGE).min(PAGE);
        let (things, token) = page(i32::try_from(wanted).unwrap_or_default(), next).await?;
        let nothing = things.is_empty();
        found.extend(things);
        let more = !token.is_empty() || found.len() > limit;
        found.truncate(limit);
        // An empty page with a token for the next would otherwise be asked for ever.
        if token.is_empty() || nothing || found.len() == limit {
            return Ok(Pages { found, more });
        }
        next = token;
    }
}

/// Prints each thing that a stream brings, until the user has seen enough.
pub(crate) async fn watch<M, V: View>(
    session: &Session,
    mut stream: Streaming<M>,
    view: impl Fn(M) -> Result<V, CliError>,
) -> Result<(), CliError> {
    session.output.note("watching; Ctrl-C ends it")?;
    while let Some(message) = stream.message().await? {
        session.output.event(&view(message)?)?;
    }
    Err(CliError::NoAnswer {
        why: "the server ended the stream".to_owned(),
        again: Some("; run it again to go on watching".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(limit: u32, total: i32) -> (usize, bool, Vec<i32>) {
        let mut asked = Vec::new();
        let pages = pages(limit, async |size, token| {
            asked.push(size);
            let start: i32 = token.parse().unwrap_or_default();
            let end = total.min(start + size);
            let next = if end < total {
                end.to_string()
            } else {
                String::new()
            };
            Ok(((start..end).collect(), next))
        })
        .await
        .unwrap();
        (pages.found.len(), pages.more, asked)
    }

    #[tokio::test]
    async fn pages_are_read_until_enough() {
        assert_eq!(read(50, 10).await, (10, false, vec![50]));
        assert_eq!(read(50, 50).await, (50, false, vec![50]));
        assert_eq!(read(50, 51).await, (50, true, vec![50]));
        assert_eq!(read(450, 1000).await, (450, true, vec![200, 200, 50]));
        assert_eq!(read(500, 0).await, (0, false, vec![200]));
    }
}
