//! All services on a stack of their own, with units and procedures to work with.

use std::time::{Duration, Instant};

use allinone::{AllInOne, Options, Service};
use anyhow::{Context as _, ensure};
use contracts::assessments::v1::PutDefinitionInForceRequest;
use contracts::assessments::v1::assessments_service_client::AssessmentsServiceClient;
use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::log::v1::{AtLeast, GetHeadRequest};
use contracts::projection::v1::projection_service_client::ProjectionServiceClient;
use contracts::projection::v1::{GetUnitIndexRequest, UnitIndex};
use contracts::registry::v1 as registry;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use contracts::scoring::v1::GetProgressRequest;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::tz::Offset;
use stack::Stack;
use tonic::transport::Channel;

pub(crate) const INDEX: &str = "service-quality-766";
const DEFINITION: &str = include_str!("../../../deploy/catalog/indices/service-quality-766.yaml");
/// Departments, as many as a province has, and half as many again.
pub(crate) const UNITS: usize = 30;
const PROCEDURES: usize = 20;
/// How long news may take from one service to the others.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Import calls on their way at once.
const IMPORTS: usize = 2;

/// Running services and their clients.
pub(crate) struct Province {
    pub(crate) all: AllInOne,
    pub(crate) dossiers: DossiersServiceClient<Channel>,
    pub(crate) scoring: ScoringServiceClient<Channel>,
    pub(crate) projection: ProjectionServiceClient<Channel>,
    log: LogServiceClient<Channel>,
    // Dropped, and so stopped, after the services.
    pub(crate) stack: Stack,
}

impl Province {
    /// Starts everything and waits until dossiers can be received.
    pub(crate) async fn start(name: &str) -> anyhow::Result<Self> {
        let stack = Stack::start(&stack::Options::named(name))?;
        let mut options = Options::on(&stack, "bench_")?;
        // What it is measured against has neither TLS nor tokens.
        options.development = None;
        let all = AllInOne::start(options).await?;
        let channel = |service| runtime::channel(all.addresses().of(service));
        let province = Self {
            dossiers: DossiersServiceClient::new(channel(Service::Dossiers)?),
            scoring: ScoringServiceClient::new(channel(Service::Scoring)?),
            projection: ProjectionServiceClient::new(channel(Service::Projection)?),
            log: LogServiceClient::new(channel(Service::Dossiers)?),
            all,
            stack,
        };
        let addresses = province.all.addresses();
        put_catalog(RegistryServiceClient::new(runtime::channel(
            &addresses.registry,
        )?))
        .await?;
        let definition = PutDefinitionInForceRequest {
            document: DEFINITION.to_owned(),
            ..Default::default()
        };
        AssessmentsServiceClient::new(runtime::channel(&addresses.assessments)?)
            .put_definition_in_force(definition)
            .await
            .context("putting the index in force")?;
        province.known_everywhere().await?;
        Ok(province)
    }

    /// Receives the first dossier of every unit as soon as the services know the units.
    async fn known_everywhere(&self) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        for unit in 0..UNITS {
            let request = reception(format!("first-{unit}"), unit);
            while let Err(status) = self.dossiers.clone().receive_dossier(request.clone()).await {
                ensure!(
                    Instant::now() < until,
                    "no dossier can be received: {status}"
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
        let position = self.head().await?;
        let period = month(self.all.clock().now());
        for number in 0..UNITS {
            self.index(&unit(number), &period, position).await?;
        }
        Ok(())
    }

    /// Position of the newest dossier event.
    pub(crate) async fn head(&self) -> anyhow::Result<i64> {
        let head = self.log.clone().get_head(GetHeadRequest {}).await?;
        Ok(head.into_inner().position)
    }

    /// How far scoring has applied the dossiers' log.
    pub(crate) async fn scored(&self) -> anyhow::Result<i64> {
        let asked = GetProgressRequest::default();
        let progress = self.scoring.clone().get_progress(asked).await?.into_inner();
        let mut applied = progress.applied.iter();
        Ok(applied
            .find(|of| of.log == "dossiers")
            .map_or(0, |of| of.position))
    }

    /// Waits until scoring and projection reflect every dossier event; says how long that took.
    pub(crate) async fn caught_up(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let head = self.head().await?;
        while self.scored().await? < head {
            ensure!(
                began.elapsed() < PATIENCE,
                "scoring does not catch up with position {head}"
            );
            tokio::time::sleep(PAUSE).await;
        }
        self.index(&unit(0), &month(self.all.clock().now()), head)
            .await?;
        Ok(began.elapsed())
    }

    /// A unit's index when everything up to a position of the dossiers' log is in it.
    pub(crate) async fn index(
        &self,
        unit: &str,
        period: &str,
        position: i64,
    ) -> anyhow::Result<UnitIndex> {
        let asked = GetUnitIndexRequest {
            index: INDEX.to_owned(),
            period: period.to_owned(),
            subject: unit.to_owned(),
            at_least: Some(AtLeast {
                log: "dossiers".to_owned(),
                position,
            }),
            ..Default::default()
        };
        let until = Instant::now() + PATIENCE;
        loop {
            match self.projection.clone().get_unit_index(asked.clone()).await {
                Ok(index) => return Ok(index.into_inner()),
                Err(status) if Instant::now() > until => {
                    return Err(status).with_context(|| format!("asking for the index of {unit}"));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Imports rows, call by call; none may be refused.
    pub(crate) async fn import(
        &self,
        calls: Vec<Vec<pb::ImportDossiersRequest>>,
    ) -> anyhow::Result<()> {
        stream::iter(calls)
            .map(|rows| {
                let mut client = self.dossiers.clone();
                async move {
                    let answer = client
                        .import_dossiers(stream::iter(rows))
                        .await?
                        .into_inner();
                    let why = answer.refusals.first().map(|row| row.reason.clone());
                    ensure!(
                        answer.refused == 0,
                        "rows were refused: {}",
                        why.unwrap_or_default()
                    );
                    Ok(())
                }
            })
            .buffer_unordered(IMPORTS)
            .try_for_each(|()| std::future::ready(Ok(())))
            .await
    }

    /// Drains the services, then stops the servers.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        let Self { all, stack, .. } = self;
        all.end().await?;
        drop(stack);
        Ok(())
    }
}

/// Code of a unit.
pub(crate) fn unit(number: usize) -> String {
    format!("H40.{:02}", number % UNITS + 1)
}

/// Code of a procedure.
pub(crate) fn procedure(number: usize) -> String {
    format!("1.{:06}", number % PROCEDURES + 1)
}

/// The month of a moment in Viet Nam, as a period.
pub(crate) fn month(at: Timestamp) -> String {
    Offset::constant(7)
        .to_datetime(at)
        .strftime("%Y-%m")
        .to_string()
}

/// A dossier filed online.
pub(crate) fn reception(code: String, number: usize) -> pb::ReceiveDossierRequest {
    pb::ReceiveDossierRequest {
        code,
        procedure: procedure(number),
        unit: unit(number),
        channel: pb::Channel::Online.into(),
        applicant: "036090001234".to_owned(),
        ..Default::default()
    }
}

async fn put_catalog(mut client: RegistryServiceClient<Channel>) -> anyhow::Result<()> {
    let day = vec![registry::Interval {
        from_minute: 0,
        to_minute: 1_440,
    }];
    let calendar = registry::PutCalendarRequest {
        name: "office".to_owned(),
        utc_offset_minutes: 420,
        week: (1..=7)
            .map(|weekday| registry::DayHours {
                weekday,
                intervals: day.clone(),
            })
            .collect(),
        covers_from: "2020-01-01".to_owned(),
        covers_until: "2039-12-31".to_owned(),
        source: "a benchmark".to_owned(),
        ..Default::default()
    };
    client
        .put_calendar(calendar)
        .await
        .context("putting the calendar")?;
    let put = |code: String, parent: &str, group: registry::UnitGroup| registry::PutUnitRequest {
        name: name(&code),
        code,
        group: group.into(),
        parent: parent.to_owned(),
        valid_from: "2020-01-01".to_owned(),
        ..Default::default()
    };
    let province = put("H40".to_owned(), "", registry::UnitGroup::Province);
    client
        .put_unit(province)
        .await
        .context("putting the province")?;
    for number in 0..UNITS {
        let unit = put(unit(number), "H40", registry::UnitGroup::Department);
        client.put_unit(unit).await.context("putting a unit")?;
    }
    for number in 0..PROCEDURES {
        let code = procedure(number);
        let procedure = registry::PutProcedureRequest {
            name: name(&code),
            code,
            sector: "benchmark".to_owned(),
            limit: Some(registry::TimeLimit {
                limit: Some(registry::time_limit::Limit::WorkingDays(5)),
            }),
            online: registry::OnlineLevel::Full.into(),
            authority: registry::UnitGroup::Department.into(),
            valid_from: "2020-01-01".to_owned(),
            ..Default::default()
        };
        client
            .put_procedure(procedure)
            .await
            .context("putting a procedure")?;
    }
    Ok(())
}

fn name(code: &str) -> Option<registry::Name> {
    Some(registry::Name {
        vi: code.to_owned(),
        en: code.to_owned(),
    })
}
