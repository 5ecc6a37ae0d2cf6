//! A province: all services on a stack, with databases and subjects of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use allinone::{AllInOne, Development, Options};
use cli::{Service, Services};
use contracts::log::v1::{AtLeast, GetHeadRequest, VerifyRequest, VerifyResponse};
use contracts::projection::v1::ListRankingsRequest;
use contracts::scoring::v1::GetProgressRequest;
use identity::{Caller, Role};
use jiff::SignedDuration;
use runtime::Bearer;
use stack::Stack;
use tonic::Request;

use crate::{CEILING, given};

/// Longer than any test.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Positions that an answer must reflect, by log.
pub type Heads = BTreeMap<&'static str, i64>;

/// Running services and clients of them. When it is dropped, no consumer may have stopped.
#[derive(Debug)]
pub struct Province {
    /// Clients, as the command-line tool has them, of somebody who has every role and is of every unit that stories begin
    /// with.
    pub services: Services,
    name: String,
    stack: &'static Stack,
    all: Option<AllInOne>,
}

impl Province {
    /// Starts the services on the stack that all tests of this program share. `name` is nobody else's: small letters
    /// and digits.
    pub async fn start(name: &str) -> Self {
        Self::start_on(stack::shared(), name).await
    }

    /// Starts them by a clock that says `at` then.
    pub async fn start_at(name: &str, at: &str) -> Self {
        Self::start_by(stack::shared(), name, Some(at)).await
    }

    /// Starts them on a stack that may be treated badly.
    pub async fn start_on(stack: &'static Stack, name: &str) -> Self {
        Self::start_by(stack, name, None).await
    }

    /// The same province at another time: its services end, and start again on what they kept. Addresses and tokens are
    /// new.
    pub async fn later(mut self, at: &str) -> Self {
        let all = self.all.take().expect("it runs until it is ended");
        all.end().await.expect("a drain");
        Self::start_by(self.stack, &self.name, Some(at)).await
    }

    async fn start_by(stack: &'static Stack, name: &str, at: Option<&str>) -> Self {
        runtime::ops::install_metrics();
        let mut options = options(stack, name);
        options.clock_at = at.map(|at| at.parse().expect("a moment"));
        let all = AllInOne::start(options).await.expect("five services");
        let services = connected(&all);
        Self {
            services,
            name: name.to_owned(),
            stack,
            all: Some(all),
        }
    }

    /// The running services, to kill and to start again.
    pub fn all(&mut self) -> &mut AllInOne {
        self.all.as_mut().expect("it runs until it is ended")
    }

    /// Where the services listen.
    pub fn addresses(&self) -> &allinone::Addresses {
        self.all
            .as_ref()
            .expect("it runs until it is ended")
            .addresses()
    }

    /// The same clients on connections of their own, to be treated badly.
    pub fn apart(&self) -> Services {
        connected(self.all.as_ref().expect("it runs until it is ended"))
    }

    /// Clients of somebody with these roles at these units and no others: what is refused to one is refused over real gRPC,
    /// by a real token. Two people are two subjects.
    pub fn as_caller(&self, subject: &str, roles: &[Role], units: &[&str]) -> Services {
        let token = self.token(&caller(subject, roles, units));
        self.services.by(&Bearer::new(&token).expect("a token"))
    }

    /// A token for another program.
    pub fn token(&self, caller: &Caller) -> String {
        self.development().token(caller, TOKEN_LIFETIME)
    }

    /// Certificates and keys.
    pub fn development(&self) -> &Development {
        let all = self.all.as_ref().expect("it runs until it is ended");
        all.development().expect("it serves with TLS")
    }

    /// How `chiso` reaches it, as arguments.
    pub fn connection(&self) -> Vec<String> {
        let addresses = Service::ALL.iter().flat_map(|service| {
            let address = self.services.address(*service);
            [format!("--{service}-url"), address.to_owned()]
        });
        let ca = self.development().ca().to_string_lossy().into_owned();
        let token = self.token(&developer());
        let access = ["--tls-ca".to_owned(), ca, "--token".to_owned(), token];
        addresses.chain(access).collect()
    }

    /// The second part of its NATS subjects.
    pub fn code(&self) -> String {
        code(&self.name)
    }

    /// Runs SQL on a service's database; rows as `psql` prints them, columns parted by `|`.
    pub fn sql(&self, service: Service, statements: &str) -> String {
        let database = format!("{}_{service}", self.name);
        crate::program::sql(self.stack, &database, statements)
    }

    /// Newest position of a log.
    pub async fn head(&self, service: Service) -> i64 {
        let head = self.services.log(service).get_head(GetHeadRequest {}).await;
        head.expect("a head").into_inner().position
    }

    /// Newest position of every log.
    pub async fn heads(&self) -> Heads {
        let mut heads = Heads::new();
        for service in Service::ALL {
            heads.insert(service.name(), self.head(service).await);
        }
        heads
    }

    /// Waits until everything that was told has reached the indices; what the logs' heads are then.
    pub async fn settled(&self) -> Heads {
        loop {
            let before = self.heads().await;
            self.scored(&before).await;
            let scoring = self.head(Service::Scoring).await;
            self.projected("scoring", scoring).await;
            self.projected("registry", before["registry"]).await;
            self.projected("assessments", before["assessments"]).await;
            let after = self.heads().await;
            if before == after {
                return after;
            }
        }
    }

    async fn scored(&self, heads: &Heads) {
        let followed = ["registry", "dossiers", "assessments"];
        let at_least = followed.map(|log| at_least(log, heads[log])).to_vec();
        let mut request = Request::new(GetProgressRequest { at_least });
        request.set_timeout(CEILING);
        let mut scoring = self.services.scoring.clone();
        scoring
            .get_progress(request)
            .await
            .expect("scoring follows");
    }

    async fn projected(&self, log: &str, position: i64) {
        let mut request = Request::new(ListRankingsRequest {
            index: crate::given::INDEX.to_owned(),
            period: "2024".to_owned(),
            group: "department".to_owned(),
            at_least: Some(at_least(log, position)),
            ..Default::default()
        });
        request.set_timeout(CEILING);
        let mut projection = self.services.projection.clone();
        let answer = projection.list_rankings(request).await;
        if let Err(status) = answer {
            assert_eq!(status.code(), tonic::Code::NotFound, "{log}: {status:?}");
        }
    }

    /// Walks every hash chain; the number of events of each log.
    pub async fn verified(&self) -> Heads {
        let mut verified = Heads::new();
        for service in Service::ALL {
            let last = verify(&self.services, service).await;
            verified.insert(service.name(), last.verified);
        }
        verified
    }
}

impl Drop for Province {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let metrics = runtime::ops::metrics_text();
        let stopped: Vec<&str> = metrics
            .lines()
            .filter(|line| line.starts_with("chiso_consumer_stopped") && !line.ends_with(" 0"))
            .collect();
        assert!(stopped.is_empty(), "a consumer has stopped: {stopped:?}");
    }
}

/// Walks a log's hash chain to its end, which must be sound.
pub async fn verify(services: &Services, service: Service) -> VerifyResponse {
    let walk = services
        .log(service)
        .verify(VerifyRequest { after: 0 })
        .await;
    let mut walk = walk.expect("a walk").into_inner();
    let mut last = VerifyResponse::default();
    while let Some(progress) = walk.message().await.expect("progress") {
        last = progress;
    }
    assert!(last.done, "{service}: the walk ended early: {last:?}");
    assert_eq!(
        (last.damage.as_str(), last.damaged_position),
        ("", 0),
        "{service}"
    );
    last
}

/// A position to wait for.
pub fn at_least(log: &str, position: i64) -> AtLeast {
    AtLeast {
        log: log.to_owned(),
        position,
    }
}

fn connected(all: &AllInOne) -> Services {
    let mut services = Services::of(all, &developer()).expect("certificates");
    services.timeout = CEILING;
    services
}

/// Somebody with these roles at these units.
///
/// # Panics
/// When a unit's code is none.
pub fn caller(subject: &str, roles: &[Role], units: &[&str]) -> Caller {
    let units = units.iter().map(|unit| unit.parse().expect("a unit"));
    Caller {
        subject: subject.to_owned(),
        client: "a test".to_owned(),
        roles: roles.iter().copied().collect(),
        units: units.collect(),
    }
}

/// Who has every role that people and programs have, and is of every unit that stories begin with.
pub fn developer() -> Caller {
    let everywhere = [
        "H40",
        "H99",
        given::DEPARTMENT,
        given::OTHER_DEPARTMENT,
        given::QUIET_DEPARTMENT,
    ];
    Caller {
        units: caller("", &[], &everywhere).units,
        ..Development::developer("")
    }
}

fn code(name: &str) -> String {
    format!("T-{name}")
}

fn options(stack: &Stack, name: &str) -> Options {
    let options = Options::on(stack, &format!("{name}_")).expect("databases");
    let options = options.of_province(stack, &code(name));
    let mut options = options.expect("users of NATS");
    options.drain_ms = u64::try_from(Duration::from_secs(2).as_millis()).expect("small");
    options
}
