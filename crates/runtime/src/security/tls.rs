//! TLS of both sides, made of PEM.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::renewed::{Contents, Files, Named};
use super::{BoxError, SecurityError};

/// The one protocol that is spoken.
const HTTP_2: &[u8] = b"h2";

type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// How a server shows itself, and whose certificates it believes: people bring a token and no
/// certificate.
pub(super) fn server(files: &Files, contents: &Contents) -> Result<ServerConfig, SecurityError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("ring speaks the versions that are safe by default");
    let builder = match authorities(files, contents)? {
        None => builder.with_no_client_auth(),
        Some((named, roots)) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|source| unusable(named, source))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (named, (chain, key)) = identity(files, contents)?.ok_or(SecurityError::NotShown)?;
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|source| unusable(named, source))?;
    config.alpn_protocols.push(HTTP_2.to_vec());
    Ok(config)
}

/// How a process shows itself to what it calls, and what it believes there: the authorities that
/// are named, or those of the host.
pub(super) fn client(files: &Files, contents: &Contents) -> Result<ClientConfig, SecurityError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring speaks the versions that are safe by default");
    let builder = match authorities(files, contents)? {
        Some((_, roots)) => builder.with_root_certificates(roots),
        None => builder
            .with_native_roots()
            .map_err(SecurityError::NoAuthorities)?,
    };
    let mut config = match identity(files, contents)? {
        None => builder.with_no_client_auth(),
        Some((named, (chain, key))) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|source| unusable(named, source))?,
    };
    config.alpn_protocols.push(HTTP_2.to_vec());
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn authorities<'a>(
    files: &'a Files,
    contents: &Contents,
) -> Result<Option<(&'a Named, RootCertStore)>, SecurityError> {
    let (Some(named), Some(pem)) = (&files.authorities, &contents.authorities) else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(named, pem)? {
        roots
            .add(certificate)
            .map_err(|source| unusable(named, source))?;
    }
    Ok(Some((named, roots)))
}

fn identity<'a>(
    files: &'a Files,
    contents: &Contents,
) -> Result<Option<(&'a Named, Shown)>, SecurityError> {
    let (Some((cert, key)), Some((cert_pem, key_pem))) = (&files.identity, &contents.identity)
    else {
        return Ok(None);
    };
    let chain = certificates(cert, cert_pem)?;
    let secret = PrivateKeyDer::from_pem_slice(key_pem).map_err(|source| unusable(key, source))?;
    Ok(Some((cert, (chain, secret))))
}

/// The certificates of a file, of which there is at least one.
fn certificates(named: &Named, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SecurityError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => {
            Err(unusable(named, "there is no certificate in it"))
        }
        Ok(certificates) => Ok(certificates),
        Err(source) => Err(unusable(named, source)),
    }
}

fn unusable(named: &Named, source: impl Into<BoxError>) -> SecurityError {
    SecurityError::Unusable {
        flag: named.flag,
        path: named.path.clone(),
        source: source.into(),
    }
}
