//! The yardstick: a plain tonic server that answers the dossiers service's calls with the same answer every time.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::Ipv4Addr;
use std::task::{Context, Poll};

use contracts::dossiers::v1 as pb;
use futures::future::BoxFuture;
use runtime::Shutdown;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

/// Serves until `shutdown`; gives the address.
pub(crate) async fn serve(answer: pb::Dossier, shutdown: Shutdown) -> anyhow::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = Server::builder()
        .add_service(Echo(answer))
        .serve_with_incoming_shutdown(incoming, async move { shutdown.cancelled().await });
    tokio::spawn(serving);
    Ok(url)
}

/// As generated code would be, but every command is the same to it.
#[derive(Clone)]
struct Echo(pb::Dossier);

impl NamedService for Echo {
    const NAME: &'static str = "chiso.dossiers.v1.DossiersService";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = Answer(self.0.clone());
        Box::pin(async move {
            Ok(match request.uri().path().rsplit('/').next() {
                Some("ReceiveDossier") => {
                    let codec = ProstCodec::<pb::Dossier, pb::ReceiveDossierRequest>::default();
                    Grpc::new(codec).unary(answer, request).await
                }
                _ => {
                    let codec = ProstCodec::<pb::Dossier, pb::NoteActivityRequest>::default();
                    Grpc::new(codec).unary(answer, request).await
                }
            })
        })
    }
}

struct Answer(pb::Dossier);

impl<R> UnaryService<R> for Answer {
    type Response = pb::Dossier;
    type Future = Ready<Result<Response<pb::Dossier>, Status>>;

    fn call(&mut self, _: Request<R>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}
