//! A certificate authority for one folder: what TLS between services needs on a developer's machine and in tests.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use crate::StackError;
use crate::error::doing;
use crate::process::Identity;

/// What a server of ours shows, and who vouches for it.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) ca: PathBuf,
    pub(crate) shown: Issued,
}

impl Certificate {
    /// The certificate of a server, in a folder beside its data: a kept one's, so that clients need not learn a new
    /// authority with every start; made when there is none.
    pub(crate) fn open(
        folder: &Path,
        server: &str,
        identity: Identity,
    ) -> Result<Self, StackError> {
        let folder = folder.join(format!("{server}-tls"));
        let kept = Self {
            ca: folder.join("ca.pem"),
            shown: Issued {
                cert: folder.join(format!("{server}.pem")),
                key: folder.join(format!("{server}.key")),
            },
        };
        let files = [&kept.ca, &kept.shown.cert, &kept.shown.key];
        if files.iter().all(|file| file.is_file()) {
            return Ok(kept);
        }
        let authority = Authority::create(folder)?;
        let shown = authority.issue(server, &["127.0.0.1"])?;
        let giving = doing("giving a server its key");
        identity.give(&shown.key).map_err(giving)?;
        let ca = authority.ca();
        Ok(Self { ca, shown })
    }
}

/// Issues certificates. Its own key is never written, so what it issued is all that it ever will.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Authority").field(&self.folder).finish()
    }
}

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM, readable by its owner only.
    pub key: PathBuf,
}

impl Authority {
    /// A new authority, whose certificate is `ca.pem` in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(folder: impl Into<PathBuf>) -> Result<Self, StackError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(doing("making the folder of certificates"))?;
        let mut params = CertificateParams::new(Vec::new()).map_err(cannot)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Chiso development");
        let key = KeyPair::generate().map_err(cannot)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(cannot)?;
        let authority = Self { issuer, folder };
        write(&authority.ca(), &authority.issuer.pem(), 0o644)?;
        Ok(authority)
    }

    /// Where its certificate is.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A certificate for these DNS names and addresses, for servers and clients alike, as `<name>.pem` and
    /// `<name>.key`.
    ///
    /// # Errors
    /// When a name cannot be in a certificate, or the folder cannot be written.
    pub fn issue(&self, name: &str, names: &[&str]) -> Result<Issued, StackError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(cannot)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().map_err(cannot)?;
        let cert = params.signed_by(&key, &self.issuer).map_err(cannot)?;
        let issued = Issued {
            cert: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
        };
        write(&issued.cert, &cert.pem(), 0o644)?;
        write(&issued.key, &key.serialize_pem(), 0o600)?;
        Ok(issued)
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn cannot(error: rcgen::Error) -> StackError {
    StackError::Missing {
        what: format!("a certificate cannot be made: {error}"),
        remedy: "give names that a certificate can hold, such as localhost or 127.0.0.1",
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), StackError> {
    // A file of another mode that is there already would keep it.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(doing("replacing a certificate")(error));
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(doing("writing a certificate"))
}
