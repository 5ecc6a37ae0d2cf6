//! A log service that does what it is asked to.

use std::pin::Pin;

use contracts::log::v1::log_service_server::{LogService, LogServiceServer};
use contracts::log::v1::{
    GetHeadRequest, GetHeadResponse, ReadRequest, ReadResponse, ReadStreamRequest,
    ReadStreamResponse, SubscribeRequest, SubscribeResponse, VerifyRequest, VerifyResponse,
};
use contracts::problem::Problem;
use tokio_stream::{Stream, StreamExt, once, pending};
use tonic::{Request, Response, Status};

/// A position after which a read never ends.
pub(crate) const ENDLESS: i64 = i64::MAX;

/// The metadata in which a caller says what shall happen.
const BEHAVIOUR: &str = "behaviour";

/// A call of `GetHead` upon which something shall happen.
pub(crate) fn asking(behaviour: &'static str) -> Request<GetHeadRequest> {
    let mut request = Request::new(GetHeadRequest {});
    request
        .metadata_mut()
        .insert(BEHAVIOUR, behaviour.parse().unwrap());
    request
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl Log {
    pub(crate) fn into_server(self) -> LogServiceServer<Self> {
        LogServiceServer::new(self)
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl LogService for Log {
    async fn get_head(
        &self,
        request: Request<GetHeadRequest>,
    ) -> Result<Response<GetHeadResponse>, Status> {
        let behaviour = request
            .metadata()
            .get(BEHAVIOUR)
            .map(|b| b.to_str().unwrap());
        match behaviour {
            Some("hang") => std::future::pending().await,
            Some("panic") => panic!("secret of the inside"),
            Some("refuse") => Err(Problem::not_found("NO_LOG", "there is no such log").into()),
            _ => Ok(Response::new(GetHeadResponse {
                epoch: runtime::telemetry::traceparent().unwrap_or_default(),
                ..GetHeadResponse::default()
            })),
        }
    }

    type ReadStream = Answers<ReadResponse>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let first = once(Ok(ReadResponse::default()));
        Ok(Response::new(if request.into_inner().after == ENDLESS {
            Box::pin(first.chain(pending()))
        } else {
            Box::pin(first)
        }))
    }

    type ReadStreamStream = Answers<ReadStreamResponse>;

    async fn read_stream(
        &self,
        _: Request<ReadStreamRequest>,
    ) -> Result<Response<Self::ReadStreamStream>, Status> {
        Ok(Response::new(Box::pin(once(Ok(
            ReadStreamResponse::default(),
        )))))
    }

    type SubscribeStream = Answers<SubscribeResponse>;

    async fn subscribe(
        &self,
        _: Request<SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        Ok(Response::new(Box::pin(
            once(Ok(SubscribeResponse::default())).chain(pending()),
        )))
    }

    type VerifyStream = Answers<VerifyResponse>;

    async fn verify(
        &self,
        _: Request<VerifyRequest>,
    ) -> Result<Response<Self::VerifyStream>, Status> {
        let broken = once(()).map(|()| panic!("secret of the inside"));
        Ok(Response::new(Box::pin(
            once(Ok(VerifyResponse::default())).chain(broken),
        )))
    }
}
