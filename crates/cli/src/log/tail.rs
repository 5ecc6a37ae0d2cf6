//! Following a log.

use std::time::Duration;

use contracts::log::v1::subscribe_response::Kind;
use contracts::log::v1::{GetHeadRequest, SubscribeRequest};

use super::event_json;
use crate::failure::is_absence;
use crate::{Exit, Failure, Service, Services, out};

/// Pause before a lost subscription is taken up again.
const PAUSE: Duration = Duration::from_secs(1);

/// Prints every new event until it is ended.
pub(super) async fn tail(
    services: &Services,
    log: Service,
    after: Option<i64>,
) -> Result<Exit, Failure> {
    let mut client = services.log(log);
    let mut after = match after {
        Some(after) => after,
        None => {
            let head = services.call(log, GetHeadRequest {}, async move |request| {
                client.get_head(request).await
            });
            head.await?.position
        }
    };
    let mut connected = false;
    loop {
        let lost = follow(services, log, &mut after, &mut connected).await;
        match lost {
            Err(Following::Wrong(failure)) => return Err(failure),
            // The first try says whether it is there at all; a subscription also ends when it gets old.
            Err(Following::Lost(failure)) if !connected => return Err(failure),
            Err(Following::Lost(_)) => out::note(format_args!(
                "{log} is away; going on after {after} when it is back"
            )),
            Ok(()) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

enum Following {
    Lost(Failure),
    Wrong(Failure),
}

async fn follow(
    services: &Services,
    log: Service,
    after: &mut i64,
    connected: &mut bool,
) -> Result<(), Following> {
    let failure = |status: tonic::Status| {
        let failure = services.failure(log, &status);
        match failure.exit {
            Exit::Unavailable => Following::Lost(failure),
            _ if is_absence(&status) => Following::Lost(failure),
            _ => Following::Wrong(failure),
        }
    };
    let request = SubscribeRequest { after: *after };
    let mut messages = services
        .log(log)
        .subscribe(request)
        .await
        .map_err(failure)?
        .into_inner();
    *connected = true;
    while let Some(message) = messages.message().await.map_err(failure)? {
        if let Some(Kind::Events(batch)) = message.kind {
            for event in &batch.events {
                out::line(event_json(event).map_err(Following::Wrong)?);
                *after = event.position;
            }
        }
    }
    Ok(())
}
