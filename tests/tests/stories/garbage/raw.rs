//! Calls of which the client understands nothing: bytes out, bytes in.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use cli::Link;
use futures::stream;
use http::uri::PathAndQuery;
use prost_reflect::MethodDescriptor;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

/// Far above what an answer takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// Calls one RPC.
pub(super) struct Caller {
    client: Grpc<Link>,
    path: PathAndQuery,
}

impl Caller {
    pub(super) fn new(link: Link, rpc: &MethodDescriptor) -> Self {
        let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
        Self {
            client: Grpc::new(link),
            path: path.parse().expect("a path"),
        }
    }

    /// Sends messages and reads answers to their end; or, within a limit, until the first.
    pub(super) async fn call(
        &self,
        messages: Vec<Bytes>,
        limit: Option<Duration>,
    ) -> Result<(), Status> {
        let mut client = self.client.clone();
        client
            .ready()
            .await
            .map_err(|error| Status::unknown(error.to_string()))?;
        let mut request = Request::new(stream::iter(messages));
        request.set_timeout(DEADLINE);
        // Only what was begun is cut off: a server lets nobody begin and cut off many calls at once.
        let answers = client.streaming(request, self.path.clone(), Verbatim);
        let mut answers = answers.await?.into_inner();
        let reading = async {
            while answers.message().await?.is_some() {
                if limit.is_some() {
                    break;
                }
            }
            Ok(())
        };
        match limit {
            // A subscription to which nothing happens is as good as an answer.
            Some(limit) => tokio::time::timeout(limit, reading).await.unwrap_or(Ok(())),
            None => reading.await,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Verbatim;

impl Codec for Verbatim {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = source.remaining();
        Ok(Some(source.copy_to_bytes(length)))
    }
}
