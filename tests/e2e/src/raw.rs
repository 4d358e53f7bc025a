//! Calls as the contracts list them, made with bytes: whatever call is added is there by itself.

use std::time::Duration;

use futures::stream;
use knipperlicht_contracts::DESCRIPTORS;
use prost::{
    Message,
    bytes::{Buf, BufMut},
};
use prost_types::FileDescriptorSet;
use tokio::time::timeout;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use crate::Caller;

/// A stream that says nothing in this time has nothing to say yet.
const SILENCE: Duration = Duration::from_millis(100);

/// A call of the contracts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Its path, such as `knipperlicht.intake.v1.IntakeService/GetSignal`.
    pub path: String,
    /// The name of its request, such as `.knipperlicht.intake.v1.GetSignalRequest`.
    pub request: String,
}

/// The contracts.
#[must_use]
pub fn contracts() -> FileDescriptorSet {
    FileDescriptorSet::decode(DESCRIPTORS).expect("the contracts")
}

/// Every call of the contracts.
#[must_use]
pub fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for file in contracts().file {
        for service in &file.service {
            for method in &service.method {
                calls.push(Call {
                    path: format!("{}.{}/{}", file.package(), service.name(), method.name()),
                    request: method.input_type().to_owned(),
                });
            }
        }
    }
    calls
}

impl Caller {
    /// Makes any call with the bytes of its request: the bytes of the answer, or of what a stream
    /// says first.
    pub async fn ask(&self, path: &str, request: Vec<u8>) -> Result<Vec<u8>, Status> {
        let mut answers = self.exchange(path, vec![request], 1).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// Makes any call with the bytes of what it sends: on the wire all are alike. Gives what comes
    /// back, of a stream the first `most`, as far as it does not fall silent.
    pub async fn exchange(
        &self,
        path: &str,
        requests: Vec<Vec<u8>>,
        most: usize,
    ) -> Result<Vec<Vec<u8>>, Status> {
        let mut client = Grpc::new(self.with_token());
        client
            .ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let path = format!("/{path}").parse().expect("a path");
        let requests = Request::new(stream::iter(requests));
        let answers = client.streaming(requests, path, Bytes).await?;
        let mut answers = answers.into_inner();
        let mut read = Vec::new();
        while read.len() < most {
            match timeout(SILENCE, answers.message()).await {
                Ok(Ok(Some(answer))) => read.push(answer),
                Ok(Err(status)) => return Err(status),
                Ok(Ok(None)) | Err(_) => break,
            }
        }
        Ok(read)
    }
}

/// Messages as they are.
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
