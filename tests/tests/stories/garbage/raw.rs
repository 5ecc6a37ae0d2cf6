//! Calls of which the client understands nothing: bytes out, bytes in.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::stream;
use http::uri::PathAndQuery;
use prost_reflect::MethodDescriptor;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Far above what an answer takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// Calls one RPC.
pub(super) struct Caller {
    client: Grpc<Channel>,
    path: PathAndQuery,
}

impl Caller {
    pub(super) fn new(address: &str, rpc: &MethodDescriptor) -> Self {
        let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
        Self {
            client: Grpc::new(runtime::channel(address).expect("an address")),
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
        let calling = async {
            let mut answers = client
                .streaming(request, self.path.clone(), Verbatim)
                .await?
                .into_inner();
            while answers.message().await?.is_some() {
                if limit.is_some() {
                    break;
                }
            }
            Ok(())
        };
        match limit {
            // A subscription to which nothing happens is as good as an answer.
            Some(limit) => tokio::time::timeout(limit, calling).await.unwrap_or(Ok(())),
            None => calling.await,
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
