//! Calls by descriptor: any message out, any message in.

use std::time::Duration;

use cli::Link;
use futures::stream;
use http::uri::PathAndQuery;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

/// Far above what an answer takes.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long a stream without an end is listened to after it was let begin.
const LISTENING: Duration = Duration::from_millis(100);

/// Calls an RPC; its first answer, or none from a stream to which nothing happens.
pub(super) async fn call(
    link: Link,
    path: &str,
    rpc: &MethodDescriptor,
    messages: Vec<DynamicMessage>,
) -> Result<Option<DynamicMessage>, Status> {
    let mut client = Grpc::new(link);
    let unreachable = |error: tonic::transport::Error| Status::unknown(error.to_string());
    client.ready().await.map_err(unreachable)?;
    let mut request = Request::new(stream::iter(messages));
    request.set_timeout(DEADLINE);
    let path: PathAndQuery = path.parse().expect("a path");
    let answers = client.streaming(request, path, Dynamic(rpc.output()));
    let mut answers = answers.await?.into_inner();
    if !rpc.is_server_streaming() {
        return answers.message().await;
    }
    let first = tokio::time::timeout(LISTENING, answers.message()).await;
    first.unwrap_or(Ok(None))
}

/// Messages of a type that is known when it runs.
#[derive(Debug, Clone)]
struct Dynamic(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(target).expect("buffers grow");
        Ok(())
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), source);
        decoded
            .map(Some)
            .map_err(|error| Status::unknown(error.to_string()))
    }
}
