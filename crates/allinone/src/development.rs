//! Certificates and keys for services of one machine: what elsewhere a certificate authority and an issuer of tokens do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use identity::{AUDIENCE, Caller, DEVELOPMENT_ISSUER, KeySource, Role, Signer, Terms};
use jiff::SignedDuration;
use runtime::{Clock, Security};
use stack::{Authority, Issued};

use crate::Service;

/// The key that signs tokens. It is kept where the folder is: tokens live on over a restart.
const KEY: &str = "token.key";
/// Its public half, for the services.
const KEY_SET: &str = "keys.json";
/// What servers of this machine are called.
const HOST: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority and an issuer of tokens in a folder.
#[derive(Debug, Clone)]
pub struct Development {
    folder: PathBuf,
    ca: PathBuf,
    certificates: BTreeMap<Service, Issued>,
    signer: Signer,
}

impl Development {
    /// Makes an authority and the services' certificates, which are new every time, and the key that signs tokens, which
    /// stays.
    pub(crate) fn create(folder: &Path) -> anyhow::Result<Self> {
        let doing = || format!("making certificates and keys in {}", folder.display());
        let authority = Authority::create(folder).with_context(doing)?;
        let mut certificates = BTreeMap::new();
        for service in Service::ALL {
            let own = format!("{service}.service.chiso");
            let issued = authority.issue(service.name(), &[HOST[0], HOST[1], &own]);
            certificates.insert(service, issued.with_context(doing)?);
        }
        let (signer, _) = Signer::kept_in(&folder.join(KEY)).with_context(doing)?;
        std::fs::write(folder.join(KEY_SET), signer.key_set()).with_context(doing)?;
        Ok(Self {
            folder: folder.to_owned(),
            ca: authority.ca(),
            certificates,
            signer,
        })
    }

    /// Who has all roles that people and programs have, and belongs to a whole province, if that is named by its code.
    pub fn developer(province: &str) -> Caller {
        let roles = Role::ALL.into_iter().filter(|role| *role != Role::Service);
        Caller {
            subject: "developer".to_owned(),
            client: "chiso".to_owned(),
            roles: roles.collect(),
            units: province.parse().into_iter().collect(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key that signs tokens, for `chiso token`.
    pub fn key(&self) -> PathBuf {
        self.folder.join(KEY)
    }

    /// The certificate of the authority, which every client has to trust.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// What a client without a certificate of its own believes.
    pub fn client(&self) -> Security {
        Security {
            tls_ca: Some(self.ca.clone()),
            ..Security::default()
        }
    }

    /// A token of `caller`, which the services believe for so long from now on.
    pub fn token(&self, caller: &Caller, lifetime: SignedDuration) -> String {
        // What judges tokens goes by the system's clock, whatever time the services are shifted to.
        let from = Clock::system().now();
        let terms = Terms {
            issuer: DEVELOPMENT_ISSUER,
            audience: AUDIENCE,
            from,
            until: from + lifetime,
        };
        self.signer.token(caller, terms)
    }

    /// How a service proves who it is, to clients and to other services alike, and whom it believes.
    pub fn security(&self, service: Service) -> Security {
        let own = &self.certificates[&service];
        Security {
            tls_cert: Some(own.cert.clone()),
            tls_key: Some(own.key.clone()),
            tls_client_ca: Some(self.ca.clone()),
            jwks: Some(KeySource::File(self.folder.join(KEY_SET))),
            token_issuer: Some(DEVELOPMENT_ISSUER.to_owned()),
            ..self.client()
        }
    }
}
