//! One question over HTTP in clear: to what stands beside the line and is no part of it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri, header::HOST};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::OpsError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an answer may hold, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;

/// What is at this address.
pub(super) async fn get(url: &str) -> Result<Bytes, OpsError> {
    let failed = |what: String| OpsError::Http {
        url: url.to_owned(),
        what,
    };
    let asked = async {
        let uri: Uri = url.parse().map_err(|error| format!("{error}"))?;
        let authority = uri
            .authority()
            .filter(|_| uri.scheme_str() == Some("http"))
            .ok_or("give an address that begins with http://")?;
        let place = (authority.host(), authority.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(place).await.map_err(text)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        let connection = tokio::spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(path).header(HOST, authority.as_str());
        let request = request.body(Empty::<Bytes>::new()).map_err(text)?;
        let answer = sender.send_request(request).await.map_err(text)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        connection.abort();
        // Who keeps traces says with this that it keeps none of these.
        if !status.is_success() && status.as_u16() != 404 {
            return Err(format!("it answered {status}"));
        }
        Ok(body.map_err(|error| error.to_string())?.to_bytes())
    };
    match timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(failed),
        Err(_) => Err(failed("no answer in time".to_owned())),
    }
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}
