//! Where the services are and how one shows oneself to them: as the command line says, or the file of a `chiso up`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use allinone::{Addresses, Service};
use clap::Args;
use runtime::{Bearer, Security};
use serde_json::Value;

use crate::services::{TIMEOUT, bearer};
use crate::{Exit, Failure, Services};

/// What the file of a running `chiso up` is called in the folder of what programs of this user remember.
const WELL_KNOWN: &str = "up.json";
/// Keys of what stands in such a file beside the addresses.
const TLS_CA: &str = "tls_ca";
const TOKEN_FILE: &str = "token_file";
const TOKEN_KEY: &str = "token_key";

/// Where the services are, and who asks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// JSON file with the addresses, the certificate authority and a token, as `chiso up` writes it; what is said by itself
    /// wins over it [default: the file of your own `chiso up`, if no address is said]
    #[arg(long, global = true, value_name = "FILE", env = "CHISO_STACK")]
    stack: Option<PathBuf>,

    /// Address of the registry [default: https://127.0.0.1:7401]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_REGISTRY_URL"
    )]
    registry_url: Option<String>,

    /// Address of dossiers [default: https://127.0.0.1:7402]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_DOSSIERS_URL"
    )]
    dossiers_url: Option<String>,

    /// Address of assessments [default: https://127.0.0.1:7403]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_ASSESSMENTS_URL"
    )]
    assessments_url: Option<String>,

    /// Address of scoring [default: https://127.0.0.1:7404]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_SCORING_URL"
    )]
    scoring_url: Option<String>,

    /// Address of projection [default: https://127.0.0.1:7405]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "URL",
        env = "CHISO_PROJECTION_URL"
    )]
    projection_url: Option<String>,

    /// Token that says who you are, wherever a service asks; better kept in a file, as others see command lines
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "TOKEN",
        env = "CHISO_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,

    /// File with that token
    #[arg(long, global = true, value_name = "FILE", env = "CHISO_TOKEN_FILE")]
    token_file: Option<PathBuf>,

    /// Certificate authorities (PEM) of the services [default: those of this machine]
    #[arg(long, global = true, value_name = "FILE", env = "CHISO_TLS_CA")]
    tls_ca: Option<PathBuf>,

    /// Certificate (PEM) to show to the services, where your token is bound to one
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "FILE",
        env = "CHISO_CLIENT_CERT",
        requires = "client_key"
    )]
    client_cert: Option<PathBuf>,

    /// Private key (PEM) of --client-cert
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "FILE",
        env = "CHISO_CLIENT_KEY",
        requires = "client_cert"
    )]
    client_key: Option<PathBuf>,

    /// Longest wait for an answer, in seconds; streams (imports, watches, rebuilds) may last longer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = TIMEOUT.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Connection {
    /// Clients of the services that the command line names.
    pub(crate) fn services(&self) -> Result<Services, Failure> {
        let stack = self.stack()?.unwrap_or_default();
        let addresses = Addresses::each(|service| {
            let said = self.said(service).unwrap_or(stack.addresses.of(service));
            said.clone()
        });
        let security = Security {
            tls_ca: self.tls_ca.clone().or(stack.tls_ca),
            tls_cert: self.client_cert.clone(),
            tls_key: self.client_key.clone(),
            ..Security::default()
        };
        let token_file = self.token_file.clone().or(stack.token_file);
        let bearer = match (&self.token, token_file) {
            (Some(token), _) => bearer(token)?,
            (None, Some(file)) => {
                let token = std::fs::read_to_string(&file);
                bearer(&token.map_err(|error| Failure::file(&file, error))?)?
            }
            (None, None) => Bearer::default(),
        };
        let mut services = Services::new(addresses, &security, &bearer)?;
        services.timeout = Duration::from_secs(self.timeout);
        Ok(services)
    }

    /// The key that signs tokens for the services of a `chiso up`.
    pub(crate) fn token_key(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(self.stack()?.and_then(|stack| stack.token_key))
    }

    fn said(&self, service: Service) -> Option<&String> {
        match service {
            Service::Registry => self.registry_url.as_ref(),
            Service::Dossiers => self.dossiers_url.as_ref(),
            Service::Assessments => self.assessments_url.as_ref(),
            Service::Scoring => self.scoring_url.as_ref(),
            Service::Projection => self.projection_url.as_ref(),
        }
    }

    /// The file that is named; or, where nothing is, that of the user's own `chiso up`. Whoever names addresses means
    /// other services, which are to get no token that they were not to get.
    fn stack(&self) -> Result<Option<StackFile>, Failure> {
        if let Some(file) = &self.stack {
            let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file, error))?;
            return StackFile::read(file, &text).map(Some);
        }
        if Service::ALL
            .iter()
            .any(|service| self.said(*service).is_some())
        {
            return Ok(None);
        }
        let Some(file) = well_known() else {
            return Ok(None);
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => StackFile::read(&file, &text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(&file, error)),
        }
    }
}

/// Where a `chiso up` says how it is reached, unless it is told another place; none where this user has no folder for
/// such things.
pub(crate) fn well_known() -> Option<PathBuf> {
    runtime::state_folder().map(|folder| folder.join(WELL_KNOWN))
}

/// How services are reached.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct StackFile {
    /// Where they are.
    pub(crate) addresses: Addresses,
    /// Whose certificates to believe.
    pub(crate) tls_ca: Option<PathBuf>,
    /// A token for them.
    pub(crate) token_file: Option<PathBuf>,
    /// What signs tokens for them.
    pub(crate) token_key: Option<PathBuf>,
}

impl StackFile {
    /// Reads `{"registry": "https://…", …, "tls_ca": "…", "token_file": "…", "token_key": "…"}`; other keys are somebody
    /// else's. Paths are relative to the file.
    fn read(file: &Path, text: &str) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::new(Exit::Data, format!("{}: {why}", file.display()));
        let value: Value =
            serde_json::from_str(text).map_err(|error| wrong(format!("is not JSON: {error}")))?;
        if let Some(missing) = Service::ALL
            .iter()
            .find(|service| !value[service.name()].is_string())
        {
            return Err(wrong(format!(
                "has no address of {missing}, as \"{missing}\": \"https://127.0.0.1:7401\""
            )));
        }
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let beside = file.parent().unwrap_or(Path::new(""));
        let path = |name: &str| value[name].as_str().map(|path| beside.join(path));
        Ok(Self {
            addresses: Addresses::each(|service| text(service.name())),
            tls_ca: path(TLS_CA),
            token_file: path(TOKEN_FILE),
            token_key: path(TOKEN_KEY),
        })
    }

    /// What stands in the file.
    pub(crate) fn text(&self) -> String {
        let mut value = serde_json::to_value(&self.addresses).unwrap_or_default();
        for (name, path) in [
            (TLS_CA, &self.tls_ca),
            (TOKEN_FILE, &self.token_file),
            (TOKEN_KEY, &self.token_key),
        ] {
            if let Some(path) = path {
                value[name] = path.to_string_lossy().into_owned().into();
            }
        }
        format!("{value:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: &str = r#""registry": "https://127.0.0.1:1", "dossiers": "https://127.0.0.1:2",
        "assessments": "https://127.0.0.1:3", "scoring": "https://127.0.0.1:4", "projection": "https://127.0.0.1:5""#;

    #[test]
    fn a_stack_file_says_where_the_services_are_and_what_to_show_them() {
        let file = Path::new("/somewhere/chiso.json");
        let text = format!(r#"{{{ADDRESSES}, "nats": "nats://127.0.0.1", "tls_ca": "ca.pem"}}"#);
        let stack = StackFile::read(file, &text).expect("sound");
        assert_eq!(
            stack.addresses.of(Service::Projection),
            "https://127.0.0.1:5"
        );
        assert_eq!(stack.tls_ca, Some("/somewhere/ca.pem".into()));
        assert_eq!(stack.token_file, None);
        assert_eq!(StackFile::read(file, &stack.text()), Ok(stack));
        let wrong = StackFile::read(file, "{}").expect_err("no addresses");
        assert_eq!(wrong.exit, Exit::Data);
        assert!(
            wrong.message.contains("has no address of registry"),
            "{wrong}"
        );
    }
}
