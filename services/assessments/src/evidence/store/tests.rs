use std::io::{Seek as _, Write as _};

use futures::{StreamExt as _, TryStreamExt as _};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use object_store::Error;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use super::*;

const KEY: &str = "key-of-evidence";
const SECRET: &str = "secret-of-evidence";

#[test]
fn what_is_no_store_is_refused_with_the_forms_that_are() {
    for url in ["", "evidence", "file://evidence", "ftp://host/evidence"] {
        let refused = Store::open(url).expect_err(url);
        assert!(refused.to_string().contains("file:///folder"), "{refused}");
    }
    let nameless = Store::open("s3:///prefix").expect_err("no bucket");
    assert!(nameless.to_string().contains("no bucket"), "{nameless}");
}

#[test]
fn a_bucket_elsewhere_is_spoken_to_with_tls_only() {
    let at = |endpoint: &str| {
        let told = told(endpoint, SECRET).with_allow_http(true);
        Store::s3("evidence", "", told).map(|_| ())
    };
    for sound in [
        "https://s3.example.vn",
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
    ] {
        assert!(at(sound).is_ok(), "{sound}");
    }
    for far in [
        "http://s3.example.vn",
        "HTTP://s3.example.vn",
        "http://127.0.0.1.example.vn",
    ] {
        let refused = at(far).expect_err(far).to_string();
        assert!(refused.contains("give its https address"), "{refused}");
    }
}

/// What the environment would say.
fn told(endpoint: &str, secret: &str) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_region("us-east-1")
        .with_access_key_id(KEY)
        .with_secret_access_key(secret)
}

/// A server that speaks S3, with one bucket in a folder; its address.
async fn serving(folder: &std::path::Path) -> String {
    std::fs::create_dir(folder.join("evidence")).unwrap();
    let mut service = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                // A client that goes is no failure of the server.
                let _ = server
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    });
    endpoint
}

fn file(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    file.rewind().unwrap();
    File::from_std(file)
}

async fn read(store: &Store, sha256: &[u8; 32]) -> Vec<u8> {
    let parts: Vec<Bytes> = store
        .get(sha256)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    parts.concat()
}

#[tokio::test]
async fn contents_are_kept_in_a_bucket_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serving(folder.path()).await;
    let store = Store::s3("evidence", "nam-dinh/2026", told(&endpoint, SECRET)).unwrap();
    // In one piece, and in parts.
    let small = b"a decision".to_vec();
    let large: Vec<u8> = (0..2 * PART + 17).map(|n| (n % 251) as u8).collect();
    for (name, content) in [([1; 32], &small), ([2; 32], &large), ([3; 32], &Vec::new())] {
        store.put(&name, &mut file(content)).await.unwrap();
        assert!(read(&store, &name).await == *content, "{name:?}");
    }
    // What is there already is replaced.
    store.put(&[1; 32], &mut file(b"repaired")).await.unwrap();
    assert_eq!(read(&store, &[1; 32]).await, b"repaired");

    let places: Vec<_> = store
        .store
        .list(None)
        .map_ok(|it| it.location)
        .collect()
        .await;
    let mut places: Vec<String> = places
        .into_iter()
        .map(|it: Result<Path, Error>| it.unwrap().to_string())
        .collect();
    places.sort();
    let place = |byte: &str| format!("nam-dinh/2026/sha256/{byte}/{}", byte.repeat(32));
    assert_eq!(places, ["01", "02", "03"].map(place));

    let missing = store.get(&[9; 32]).await.map(|_| ()).unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
    // A file that cannot be read to its end leaves nothing behind.
    let mut unreadable = File::from_std(std::fs::File::create(folder.path().join("w")).unwrap());
    assert!(store.put(&[4; 32], &mut unreadable).await.is_err());
    let missing = store.get(&[4; 32]).await.map(|_| ()).unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
}

#[tokio::test]
async fn a_bucket_that_does_not_know_the_key_takes_and_gives_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = serving(folder.path()).await;
    let known = Store::s3("evidence", "", told(&endpoint, SECRET)).unwrap();
    let content = b"a decision";
    known.put(&[1; 32], &mut file(content)).await.unwrap();
    let unknown = Store::s3("evidence", "", told(&endpoint, "another secret")).unwrap();
    assert!(unknown.put(&[2; 32], &mut file(content)).await.is_err());
    assert!(unknown.get(&[1; 32]).await.is_err());
    assert!(known.get(&[2; 32]).await.is_err());
}

#[test]
fn a_content_has_one_place_under_the_prefix() {
    let store = Store {
        store: Arc::new(object_store::memory::InMemory::new()),
        prefix: Path::from("nam-dinh/evidence"),
        folder: None,
    };
    let place = store.place(&[0xab; 32]).to_string();
    let name = "ab".repeat(32);
    assert_eq!(place, format!("nam-dinh/evidence/sha256/ab/{name}"));
}
