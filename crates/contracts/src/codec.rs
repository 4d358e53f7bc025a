//! Messages on the wire.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstDecoder, ProstEncoder};

/// Bytes of room to begin with: most messages fit, larger ones get more. A stream keeps them for as
/// long as it is open, on both sides, also while nothing is sent; tonic's own 8 kB are what
/// thousands of idle streams would cost most.
const ROOM: usize = 512;

/// After that many bytes a stream of messages lets others go on, as tonic has it.
const YIELD: usize = 32 * 1024;

/// How much room a message gets on its way.
#[must_use]
pub fn room() -> BufferSettings {
    BufferSettings::new(ROOM, YIELD)
}

/// Protobuf, with [`room`].
#[derive(Debug)]
pub struct Protobuf<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Protobuf<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for Protobuf<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> ProstEncoder<T> {
        ProstEncoder::new(room())
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstDecoder::new(room())
    }
}
