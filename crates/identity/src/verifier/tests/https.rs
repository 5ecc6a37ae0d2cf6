//! Keys over https: from an issuer that an authority of ours vouches for, and from no other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// An issuer with a certificate of an authority; where it publishes its keys.
fn issuer(authority: &Authority, keys: String) -> KeySource {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for caller in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, caller.unwrap()));
            // Whoever does not believe the certificate hangs up.
            let mut lines = stream.by_ref().lines().map_while(Result::ok);
            if lines.any(|line| line.is_empty()) {
                let length = keys.len();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{keys}");
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    format!("https://localhost:{port}/keys").parse().unwrap()
}

#[tokio::test]
async fn an_issuer_is_believed_by_the_authority_that_is_named() {
    let (ours, theirs) = (authority(), authority());
    let signer = signer();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, ours.pem()).unwrap();
    let token = signer.token(&clerk(), terms());
    for (vouching, authorities, believed) in [
        (&ours, Some(file.as_path()), true),
        (&theirs, Some(file.as_path()), false),
        (&ours, None, false),
    ] {
        let source = issuer(vouching, signer.key_set());
        let opened = Verifier::open(source, authorities, policy(), now()).await;
        let verified = opened.unwrap().verify(&token, now()).await;
        assert_eq!(verified.is_ok(), believed, "{verified:?}");
    }
}

#[tokio::test]
async fn a_file_without_authorities_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for file in [empty, folder.path().join("none.pem")] {
        let source = "https://issuer.test/keys".parse().unwrap();
        let opened = Verifier::open(source, Some(&file), policy(), now()).await;
        let refused = opened.unwrap_err().to_string();
        assert!(refused.contains("certificate authorities"), "{refused}");
    }
}
