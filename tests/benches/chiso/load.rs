//! Dossiers being worked on at a set rate, whether or not the system keeps up.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::province::reception;

/// Time between two commands on one dossier.
const STEP: Duration = Duration::from_millis(500);

/// Desks that work on one dossier each, from its reception to its result, and then on the next.
pub(crate) struct Load {
    /// Tells its dossiers from others.
    pub(crate) name: String,
    /// Commands a second, one event each.
    pub(crate) rate: u32,
    /// Numbers of the units whose dossiers they are.
    pub(crate) units: std::ops::Range<usize>,
}

/// What a desk did so far.
#[derive(Debug, Default)]
struct Desk {
    steps: usize,
}

impl Load {
    /// Works from `start` for `time`; an error of any command is an error.
    pub(crate) async fn run(
        self,
        client: DossiersServiceClient<Channel>,
        start: Instant,
        time: Duration,
    ) -> anyhow::Result<()> {
        let count = (f64::from(self.rate) * STEP.as_secs_f64()).ceil().max(1.0) as usize;
        let desks: Vec<Arc<Mutex<Desk>>> = (0..count).map(|_| Arc::default()).collect();
        let commands = (f64::from(self.rate) * time.as_secs_f64()) as u32;
        let mut tasks = JoinSet::new();
        for number in 0..commands {
            tokio::time::sleep_until(start + time * number / commands).await;
            let desk = number as usize % count;
            let unit = self.units.start + desk % self.units.len();
            let name = format!("{}-{desk}", self.name);
            tasks.spawn(step(client.clone(), desks[desk].clone(), name, unit));
            while let Some(ended) = tasks.try_join_next() {
                ended.context("a desk panicked")??;
            }
        }
        while let Some(ended) = tasks.join_next().await {
            ended.context("a desk panicked")??;
        }
        Ok(())
    }
}

/// The next step of a desk's dossier; desks do one thing after the other.
async fn step(
    mut client: DossiersServiceClient<Channel>,
    desk: Arc<Mutex<Desk>>,
    name: String,
    unit: usize,
) -> anyhow::Result<()> {
    let mut desk = desk.lock().await;
    let code = format!("{name}-{}", desk.steps / 5);
    let answer = match desk.steps % 5 {
        0 => client.receive_dossier(reception(code, unit)).await,
        1 => {
            let officer = "cb01".to_owned();
            let request = pb::StartProcessingRequest {
                code,
                officer,
                ..Default::default()
            };
            client.start_processing(request).await
        }
        2 => {
            let activity = "Thẩm định hồ sơ".to_owned();
            let request = pb::NoteActivityRequest {
                code,
                activity,
                ..Default::default()
            };
            client.note_activity(request).await
        }
        3 => {
            let request = pb::CompleteDossierRequest {
                code,
                ..Default::default()
            };
            client.complete_dossier(request).await
        }
        _ => {
            let sha256 = vec![7; 32];
            let request = pb::IssueElectronicResultRequest {
                code,
                sha256,
                ..Default::default()
            };
            client.issue_electronic_result(request).await
        }
    };
    answer.context("a command of the load")?;
    desk.steps += 1;
    Ok(())
}
