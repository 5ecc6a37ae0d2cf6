//! The gRPC service: take in, give out, list.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use assessment::evidence::{Content, NotAwaited, Place, Stored, awaited};
use assessment::{EvidenceFile, Person, Role};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::evidence_service_server::EvidenceService;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::EventLog;
use eventlog::command::{Context, Executed, execute, load};
use futures::Stream;
use identity::Permit;
use ids::UnitCode;
use runtime::{Clock, Ids, telemetry};
use tokio::fs::File;
use tokio::io::AsyncSeekExt as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::{Request, Response, Result, Streaming};

use super::codec::{EvidenceCodec, evidence_stream};
use super::incoming::Incoming;
use super::outgoing::{outgoing, unreadable};
use super::settings::EvidenceSettings;
use super::store::Store;
use super::sweep;
use super::upload::{self, Received};
use super::wire::{self, Wanted};
use crate::campaigns::{
    Call, CampaignCodec, Editions, about, campaign, campaign_stream, entitled, no_campaign, who,
};
use crate::units::Units;
use crate::view::Viewer;

/// Files that come in at once: each has an open temporary file, and a part in memory when it is put in its place.
const UPLOADS_MAX: usize = 16;
/// Files of a unit for one campaign: many times what a sheet of a hundred leaves needs.
const FILES_MAX: usize = 5_000;
/// Files of a page.
const SIZES: Sizes = Sizes {
    default: 100,
    max: 1_000,
};
/// How long an upload waits for the view to hold what it appended, so that the next query sees it.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    log: EventLog,
    view: Viewer,
    units: Units,
    editions: Editions,
    store: Store,
    settings: Arc<EvidenceSettings>,
    uploads: Arc<Semaphore>,
    clock: Clock,
    ids: Ids,
}

/// An upload that may go on: what it is, with the unit's first code, and who brings it.
#[derive(Debug, Clone)]
struct Admitted {
    wanted: Wanted,
    by: Person,
    context: Context,
}

impl Api {
    pub(crate) fn new(
        log: EventLog,
        view: Viewer,
        units: Units,
        (store, settings): (Store, EvidenceSettings),
        clock: Clock,
        ids: Ids,
    ) -> Self {
        Self {
            log,
            view,
            units,
            editions: Editions::new(),
            store,
            settings: Arc::new(settings),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
            clock,
            ids,
        }
    }

    fn call(&self, upload: &pb::EvidenceUpload, permit: Permit) -> Result<Call, Problem> {
        let mut content = upload.clone();
        let context = content.context.take();
        let (now, id) = (self.clock.now(), self.ids.uuid());
        let context = Context::parse(context, "UploadEvidence", &content, now, id)?;
        let context = Context {
            occurred_at: context.received_at,
            traceparent: telemetry::traceparent().unwrap_or_default(),
            ..context.by(&permit)?
        };
        Ok(Call { context, permit })
    }

    /// Whether an upload may go on, asked before any of the file is taken.
    async fn admitted(&self, upload: &pb::EvidenceUpload, permit: Permit) -> Result<Admitted> {
        let call = self.call(upload, permit)?;
        let wanted = wire::wanted(upload, &self.settings)?;
        let unit = about(&call.permit, &wanted.unit, &self.units).await?;
        let by = who(&call, Role::Assessor, &self.units).await?;
        let code = &wanted.campaign;
        let loaded = load::<CampaignCodec>(&self.log, &campaign_stream(code)).await;
        let campaign = loaded.map_err(Problem::from)?.state;
        if campaign.plan().is_none() {
            return Err(no_campaign(code).into());
        }
        awaited(&campaign, &unit, &by).map_err(|refusal| not_awaited(&refusal))?;
        if let Some((leaf, rules)) = wanted.leaf.as_ref().zip(campaign.rules_of(&unit)) {
            let definition = self.editions.of(rules, &self.view)?;
            if definition.leaf(leaf).is_none() {
                let message =
                    format!("the index has no leaf {leaf}; read the sheet for its leaves");
                return Err(Problem::not_found("LEAF_NOT_FOUND", message).into());
            }
        }
        self.not_too_many(&unit, &wanted)?;
        Ok(Admitted {
            wanted: Wanted { unit, ..wanted },
            by,
            context: call.context,
        })
    }

    fn not_too_many(&self, unit: &UnitCode, wanted: &Wanted) -> Result<(), Problem> {
        let view = self.view.borrow();
        let files = view.evidence.of_unit(unit);
        let many = files.filter(|kept| kept.state.is_for(&wanted.campaign));
        if many.count() < FILES_MAX {
            return Ok(());
        }
        let message = format!(
            "unit {unit} has {FILES_MAX} files for campaign {}; name files that are there",
            wanted.campaign
        );
        Err(Problem::resource_exhausted("TOO_MANY_FILES", message))
    }

    /// Puts a file in its place and says so in the log.
    async fn keep(
        self,
        admitted: Admitted,
        received: Received,
        upload: pb::EvidenceUpload,
        permit: Permit,
    ) -> Result<pb::EvidenceFile, Problem> {
        let Received {
            mut content,
            sha256,
        } = received;
        // A repeat is one of the same content, whether or not the client said which it is.
        let upload = pb::EvidenceUpload {
            sha256: sha256.to_vec(),
            ..upload
        };
        let context = Context {
            request_hash: self.call(&upload, permit)?.context.request_hash,
            ..admitted.context.clone()
        };
        let stored = stored(&admitted, sha256);
        let mut came_in = None;
        // What was answered once is answered again, or refused, by its receipt: the store has nothing to do with it.
        if self.log.receipt(context.request_id).await?.is_none() {
            let trial = Context {
                validate_only: true,
                ..context.clone()
            };
            let tried = self.append(&stored, &trial).await?;
            if context.validate_only {
                return Ok(tried.response);
            }
            came_in = Some(self.take_in(&stored, &mut content).await?);
        }
        let executed = self.append(&stored, &context).await?;
        if let Some(incoming) = came_in {
            self.settle(&incoming, &mut content).await;
        }
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= executed.position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
        Ok(pb::EvidenceFile {
            position: executed.position,
            ..executed.response
        })
    }

    /// Stores a content until the log names it.
    async fn take_in(&self, stored: &Stored, content: &mut File) -> Result<Incoming, Problem> {
        let begun = Instant::now();
        let incoming = Incoming {
            unit: stored.unit.clone(),
            sha256: stored.content.sha256,
            id: self.ids.uuid(),
        };
        let taken = self.store.take_in(&incoming, content).await;
        taken.map_err(|error| {
            tracing::error!(%error, "the store of evidence does not take a file");
            Problem::unavailable("the store of evidence takes no file now; send it again later")
        })?;
        if !sweep::in_time(begun, self.settings.grace()) {
            let message = "the store of evidence took too long; send the file again later";
            return Err(Problem::unavailable(message));
        }
        Ok(incoming)
    }

    /// Puts a content that the log names in its place. Where that fails it is read from where it is, and moved by the sweep.
    async fn settle(&self, incoming: &Incoming, content: &mut File) {
        let settled = match self.store.settle(incoming).await {
            // The sweep was faster; or what came in is gone, against all odds: then here is the last copy.
            Err(object_store::Error::NotFound { .. }) => match content.rewind().await {
                Ok(_) => self.store.put(&incoming.sha256, content).await,
                Err(error) => Err(error),
            },
            settled => settled.map_err(std::io::Error::from),
        };
        if let Err(error) = settled {
            tracing::warn!(%error, "a file is not in its place yet; it is moved later");
        }
    }

    async fn append(
        &self,
        stored: &Stored,
        context: &Context,
    ) -> Result<Executed<pb::EvidenceFile>, Problem> {
        let Stored { unit, content, .. } = stored;
        let stream = evidence_stream(unit, &content.sha256);
        let executed = execute::<EvidenceCodec, pb::EvidenceFile>(
            &self.log,
            &stream,
            context,
            |file, _| file.decide(stored.clone()),
            |file: &EvidenceFile, version| wire::file(unit, &content.sha256, file, version),
        );
        executed
            .await
            .map_err(|error| error.problem(|never| match never {}))
    }

    fn list(
        &self,
        unit: &UnitCode,
        request: &pb::ListEvidenceRequest,
    ) -> Result<pb::ListEvidenceResponse, Problem> {
        let of = match request.campaign.as_str() {
            "" => None,
            code => Some(campaign(code)?),
        };
        let list = format!("evidence {unit} {}", request.campaign);
        let page = Page::parse(list, request.page_size, &request.page_token, SIZES)?;
        let view = self.view.borrow();
        let files = view.evidence.of_unit(unit);
        let rows = files
            .filter(|kept| of.as_ref().is_none_or(|of| kept.state.is_for(of)))
            .map(|kept| wire::kept(unit, kept));
        let (files, next_page_token) = page.take(rows, |file| hex::encode(&file.sha256));
        Ok(pb::ListEvidenceResponse {
            files,
            next_page_token,
        })
    }
}

fn stored(admitted: &Admitted, sha256: [u8; 32]) -> Stored {
    let Admitted {
        wanted,
        by,
        context,
    } = admitted;
    Stored {
        unit: wanted.unit.clone(),
        content: Content {
            sha256,
            size: wanted.size,
            media_type: wanted.media_type.clone(),
        },
        place: Place {
            campaign: wanted.campaign.clone(),
            leaf: wanted.leaf.clone(),
            file_name: wanted.file_name.clone(),
            by: by.id.clone(),
            at: context.occurred_at,
        },
    }
}

fn not_awaited(refusal: &NotAwaited) -> Problem {
    let message = refusal.to_string();
    match refusal {
        NotAwaited::NoPart(_) => Problem::not_found("ASSESSMENT_NOT_FOUND", message),
        NotAwaited::OtherUnit(_) => Problem::denied("OTHER_UNIT", message),
        NotAwaited::Over(phase) => {
            Problem::refused("PHASE_DOES_NOT_ALLOW", message).with("phase", phase.to_string())
        }
    }
}

fn unit(code: &str) -> Result<UnitCode, Problem> {
    crate::wire::unit(code).map_err(|why| Problem::invalid("unit", why))
}

#[tonic::async_trait]
impl EvidenceService for Api {
    async fn upload_evidence(
        &self,
        request: Request<Streaming<pb::UploadEvidenceRequest>>,
    ) -> Result<Response<pb::EvidenceFile>> {
        let permit = Permit::of(request.extensions())?;
        let Ok(_place) = self.uploads.clone().try_acquire_owned() else {
            let message = format!("{UPLOADS_MAX} files come in already; send it again");
            return Err(Problem::unavailable(message).into());
        };
        let mut parts = request.into_inner();
        let upload = upload::metadata(&mut parts).await?;
        let admitted = self.admitted(&upload, permit.clone()).await?;
        let spool = self.settings.evidence_spool.clone();
        let spool: PathBuf = spool.unwrap_or_else(std::env::temp_dir);
        let received = upload::receive(&mut parts, &admitted.wanted, &spool).await?;
        // Who hangs up now leaves a file that is there and in the log, or neither.
        let keep = tokio::spawn(self.clone().keep(admitted, received, upload, permit));
        let kept = keep
            .await
            .map_err(|_| Problem::internal("keeping the file failed; tell the operator"))?;
        Ok(Response::new(kept?))
    }

    type DownloadEvidenceStream =
        Pin<Box<dyn Stream<Item = Result<pb::DownloadEvidenceResponse>> + Send>>;

    async fn download_evidence(
        &self,
        request: Request<pb::DownloadEvidenceRequest>,
    ) -> Result<Response<Self::DownloadEvidenceStream>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let unit = unit(&request.unit)?;
        let sha256 = wire::sha256(&request.sha256);
        let sha256 = sha256.map_err(|why| Problem::invalid("sha256", why))?;
        let unit = entitled(&permit, &unit, None, (&self.units, &self.view)).await?;
        let file = {
            let view = self.view.borrow();
            let kept = view.evidence.of(&unit, &sha256);
            kept.map(|kept| wire::kept(&unit, kept))
        };
        let file = file.ok_or_else(|| {
            let message = format!("unit {unit} has no such file; list those that it has");
            Problem::not_found("EVIDENCE_NOT_FOUND", message)
        })?;
        let content = self.store.get(&sha256).await;
        let content = content.map_err(|error| unreadable(&sha256, &error))?;
        Ok(Response::new(Box::pin(outgoing(file, sha256, content))))
    }

    async fn list_evidence(
        &self,
        request: Request<pb::ListEvidenceRequest>,
    ) -> Result<Response<pb::ListEvidenceResponse>> {
        let permit = Permit::of(request.extensions())?;
        let request = request.into_inner();
        let known = (&self.units, &self.view);
        let unit = entitled(&permit, &unit(&request.unit)?, None, known).await?;
        Ok(Response::new(self.list(&unit, &request)?))
    }
}
