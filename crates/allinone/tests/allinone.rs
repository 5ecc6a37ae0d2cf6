//! The five services on a real stack.

use allinone::{AllInOne, Development, Options, Service};
use contracts::log::v1::GetHeadRequest;
use contracts::log::v1::log_service_client::LogServiceClient;
use jiff::SignedDuration;
use runtime::Bearer;

async fn log_of(all: &AllInOne, service: Service) -> Result<String, tonic::Status> {
    let development = all.development().expect("TLS");
    let channel = runtime::secure_channel(all.addresses().of(service), &development.client());
    let token = development.token(&Development::developer("H40"), SignedDuration::from_mins(5));
    let bearer = Bearer::new(&token).expect("a token");
    let head = LogServiceClient::with_interceptor(channel.expect("an address"), bearer)
        .get_head(GetHeadRequest {})
        .await?;
    Ok(head.into_inner().log)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_answers_and_one_that_was_killed_comes_back_at_its_address() {
    let stack = stack::shared();
    let mut options = Options::on(stack, "allinone_").unwrap();
    options.clock_at = Some("2024-12-30T09:30:00Z".parse().unwrap());
    let mut all = AllInOne::start(options).await.unwrap();
    for service in Service::ALL {
        assert_eq!(log_of(&all, service).await.unwrap(), service.name());
    }
    assert_eq!(all.clock().now().to_string().get(..10), Some("2024-12-30"));

    let before = all.addresses().clone();
    all.kill(Service::Dossiers).await;
    assert!(log_of(&all, Service::Dossiers).await.is_err());
    all.restart(Service::Dossiers).await.unwrap();
    assert_eq!(log_of(&all, Service::Dossiers).await.unwrap(), "dossiers");
    assert_eq!(all.addresses(), &before);
    all.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_start_is_named_with_its_reason() {
    let stack = stack::shared();
    let mut options = Options::on(stack, "allinone_broken_").unwrap();
    options.applicant_key = "short".to_owned();
    let error = AllInOne::start(options).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("dossiers") && text.contains("openssl rand"),
        "{text}"
    );
}
