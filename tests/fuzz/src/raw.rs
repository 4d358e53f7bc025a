//! Calls as bytes: what is sent need not be a message.

use std::time::Duration;

use bytes::{Buf, BufMut};
use futures::{StreamExt, stream};
use http::uri::PathAndQuery;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::AsciiMetadataValue,
    transport::Channel,
};

/// How long answers that come one after the other are read.
const PATIENCE: Duration = Duration::from_millis(60);

/// The door of the line.
#[derive(Debug, Clone)]
pub struct Door(Channel);

/// What came of a call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it ended.
    pub code: Code,
    /// What was said of it.
    pub message: String,
    /// What came.
    pub messages: Vec<Vec<u8>>,
}

impl Door {
    /// The door behind this channel.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        Self(channel)
    }

    /// Calls, whatever the call is like: on the wire they are all the same.
    pub async fn call(&self, path: &str, token: Option<&str>, messages: Vec<Vec<u8>>) -> Answer {
        match self.stream(path, token, messages).await {
            Ok(messages) => Answer {
                code: Code::Ok,
                message: String::new(),
                messages,
            },
            Err(status) => Answer {
                code: status.code(),
                message: status.message().to_owned(),
                messages: Vec::new(),
            },
        }
    }

    async fn stream(
        &self,
        path: &str,
        token: Option<&str>,
        messages: Vec<Vec<u8>>,
    ) -> Result<Vec<Vec<u8>>, Status> {
        let path = PathAndQuery::try_from(format!("/{path}"))
            .map_err(|error| Status::unimplemented(error.to_string()))?;
        let mut request = Request::new(stream::iter(messages));
        if let Some(token) = token {
            let value = AsciiMetadataValue::try_from(format!("Bearer {token}"))
                .map_err(|error| Status::unauthenticated(error.to_string()))?;
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = Grpc::new(self.0.clone());
        client
            .ready()
            .await
            .map_err(|error| Status::unknown(error.to_string()))?;
        let answers = client.streaming(request, path, Bytes).await?.into_inner();
        let mut answers = std::pin::pin!(answers);
        let mut read = Vec::new();
        // One that goes on for ever is left after a moment.
        while let Ok(Some(answer)) = tokio::time::timeout(PATIENCE, answers.next()).await {
            read.push(answer?);
        }
        Ok(read)
    }
}

/// Leaves messages as they are.
#[derive(Debug, Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
