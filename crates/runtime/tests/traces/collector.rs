//! A collector of traces that hands on what it is sent.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use runtime::grpc::Server;
use runtime::{Observability, Settings, Shutdown};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

/// Hands on the spans that it is sent.
struct Collector(mpsc::Sender<Span>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let scopes = resources
            .into_iter()
            .flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            // Whoever has seen what it wanted looks at no more.
            let _ = self.0.send(span).await;
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Serves one; what sends to it, and what it was sent.
pub(crate) async fn collecting(shutdown: Shutdown) -> (Observability, mpsc::Receiver<Span>) {
    let settings = Settings::local("postgres://x/y", "nats://z");
    let (spans, collected) = mpsc::channel(64);
    let listener = TcpListener::bind(settings.listen).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = Server::new("collector", contracts::FILE_DESCRIPTOR_SET, &settings)
        .add(TraceServiceServer::new(Collector(spans)));
    tokio::spawn(collector.serve(listener, shutdown));
    let options = Observability {
        otlp_endpoint: Some(endpoint),
        ..Observability::default()
    };
    (options, collected)
}

/// How traces and spans are written in trace contexts.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
