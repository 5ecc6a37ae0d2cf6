use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use serde_json::{Value, json};
use tonic::Code;

use super::*;
use crate::{Role, Signer, Terms, key_pem};

mod garbage;
mod https;
mod roles;

const ISSUER: &str = "https://issuer.test";
const AUDIENCE: &str = "chiso";

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn policy() -> Policy {
    Policy {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        leeway: SignedDuration::from_secs(30),
    }
}

/// Every signer has a key of its own.
static SIGNERS: AtomicUsize = AtomicUsize::new(0);

fn signer() -> Signer {
    let number = SIGNERS.fetch_add(1, Ordering::SeqCst);
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    Signer::from_pem(key_pem(seed).as_bytes()).unwrap()
}

fn clerk() -> Caller {
    Caller {
        subject: "nv-017".to_owned(),
        client: "desk".to_owned(),
        roles: [Role::Clerk].into(),
        units: ["H40.12".parse().unwrap()].into(),
    }
}

fn terms() -> Terms<'static> {
    Terms {
        issuer: ISSUER,
        audience: AUDIENCE,
        from: now(),
        until: now() + SignedDuration::from_mins(10),
    }
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(keys: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.publish(keys);
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    fn publish(&self, keys: &str) {
        fs::write(self.path(), keys).unwrap();
    }

    async fn verifier(&self) -> Verifier {
        let source = KeySource::File(self.path());
        Verifier::open(source, None, policy(), now()).await.unwrap()
    }
}

async fn world() -> (Place, Signer, Verifier) {
    let signer = signer();
    let place = Place::new(&signer.key_set());
    let verifier = place.verifier().await;
    (place, signer, verifier)
}

/// Why a token is refused.
async fn refusal(verifier: &Verifier, token: &str, at: Timestamp) -> &'static str {
    let problem = verifier.verify(token, at).await.unwrap_err();
    assert_eq!(problem.code(), Code::Unauthenticated, "{problem}");
    for inside in ["panic", "at src", "select ", "base64", "serde", "Error"] {
        assert!(!problem.message().contains(inside), "{problem}");
    }
    problem.reason()
}

#[tokio::test]
async fn a_good_token_names_its_caller() {
    let (_place, signer, verifier) = world().await;
    let token = signer.token(&clerk(), terms());
    assert_eq!(verifier.verify(&token, now()).await, Ok(clerk()));
    // The second time from memory.
    assert_eq!(verifier.verify(&token, now()).await, Ok(clerk()));
}

#[tokio::test]
async fn times_count_with_the_leeway_also_when_the_token_is_remembered() {
    let (_place, signer, verifier) = world().await;
    let token = signer.token(&clerk(), terms());
    let secs = SignedDuration::from_secs;
    let early = now() - secs(31);
    assert_eq!(
        refusal(&verifier, &token, early).await,
        "TOKEN_NOT_YET_VALID"
    );
    assert!(verifier.verify(&token, now() - secs(30)).await.is_ok());
    assert!(verifier.verify(&token, now() + secs(629)).await.is_ok());
    let late = now() + secs(630);
    assert_eq!(refusal(&verifier, &token, late).await, "TOKEN_EXPIRED");
    assert_eq!(
        refusal(&verifier, &token, early).await,
        "TOKEN_NOT_YET_VALID"
    );
}

#[tokio::test]
async fn tokens_of_others_and_for_others_are_refused() {
    let (_place, signer, verifier) = world().await;
    let foreign = Terms {
        issuer: "https://other.test",
        ..terms()
    };
    let token = signer.token(&clerk(), foreign);
    assert_eq!(refusal(&verifier, &token, now()).await, "TOKEN_ISSUER");
    let elsewhere = Terms {
        audience: "mail",
        ..terms()
    };
    let token = signer.token(&clerk(), elsewhere);
    assert_eq!(refusal(&verifier, &token, now()).await, "TOKEN_AUDIENCE");
    let stranger = self::signer().token(&clerk(), terms());
    assert_eq!(
        refusal(&verifier, &stranger, now()).await,
        "TOKEN_SIGNATURE"
    );
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": ["mail", AUDIENCE], "sub": "nv-017", "azp": "desk",
        "exp": now().as_second() + 600, "roles": ["clerk", "role-of-another-system"],
        "units": ["H40.12"], "email": "not ours to know",
    })
}

fn encoded(
    algorithm: Algorithm,
    key_id: Option<&str>,
    key: &EncodingKey,
    claims: &Value,
) -> String {
    let mut header = Header::new(algorithm);
    header.kid = key_id.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn public(algorithm: Algorithm, key_id: &str, key: &EncodingKey) -> Value {
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(key, algorithm).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = key_id.into();
    jwk
}

fn rsa_key(bits: usize) -> EncodingKey {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).unwrap();
    EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes())
}

fn p256_key() -> EncodingKey {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn a_key_verifies_its_own_algorithm_and_no_other() {
    let (rsa, short, p256) = (rsa_key(2048), rsa_key(1024), p256_key());
    let secret = EncodingKey::from_secret(b"no server should hold one");
    let set = json!({ "keys": [
        public(Algorithm::RS256, "rsa", &rsa),
        public(Algorithm::RS256, "short", &short),
        public(Algorithm::ES256, "p256", &p256),
        {"kty": "oct", "kid": "secret", "alg": "HS256", "k": "bm8gc2VydmVyIHNob3VsZCBob2xkIG9uZQ"},
        {"kty": "of tomorrow", "kid": "new"},
        "no key at all",
    ]});
    let place = Place::new(&set.to_string());
    let verifier = place.verifier().await;
    assert_eq!(verifier.keys().0, 2);
    let claims = claims();
    for (algorithm, id, key) in [
        (Algorithm::RS256, "rsa", &rsa),
        (Algorithm::ES256, "p256", &p256),
    ] {
        let token = encoded(algorithm, Some(id), key, &claims);
        assert_eq!(verifier.verify(&token, now()).await, Ok(clerk()), "{id}");
    }
    for (algorithm, id, key, reason) in [
        (Algorithm::HS256, Some("secret"), &secret, "TOKEN_ALGORITHM"),
        // The classic: the public key taken as a secret.
        (Algorithm::HS256, Some("rsa"), &secret, "TOKEN_ALGORITHM"),
        (Algorithm::RS512, Some("rsa"), &rsa, "TOKEN_ALGORITHM"),
        (Algorithm::PS256, Some("rsa"), &rsa, "TOKEN_ALGORITHM"),
        (Algorithm::ES256, Some("rsa"), &p256, "TOKEN_ALGORITHM"),
        (Algorithm::RS256, Some("short"), &short, "TOKEN_SIGNATURE"),
        (Algorithm::ES256, Some("unknown"), &p256, "TOKEN_SIGNATURE"),
        (Algorithm::ES256, None, &p256, "TOKEN_MALFORMED"),
    ] {
        let token = encoded(algorithm, id, key, &claims);
        assert_eq!(
            refusal(&verifier, &token, now()).await,
            reason,
            "{algorithm:?} {id:?}"
        );
    }
}

#[tokio::test]
async fn a_token_that_says_nothing_sound_is_refused() {
    let key = p256_key();
    let set = json!({ "keys": [public(Algorithm::ES256, "p256", &key)] });
    let place = Place::new(&set.to_string());
    let verifier = place.verifier().await;
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        encoded(Algorithm::ES256, Some("p256"), &key, &claims)
    };
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", "tomorrow".into()),
        ("sub", Value::Null),
        ("sub", "".into()),
        ("sub", "line\nbreak".into()),
        ("sub", "x".repeat(101).into()),
        ("iss", Value::Null),
        ("aud", 7.into()),
        ("roles", "clerk".into()),
        // An appraiser whose unit went unread could judge it.
        ("units", json!(["H40.12", "no unit"])),
    ] {
        let token = with(name, value.clone());
        assert_eq!(
            refusal(&verifier, &token, now()).await,
            "TOKEN_MALFORMED",
            "{name} {value}"
        );
    }
    let later = with("iat", (now().as_second() + 60).into());
    assert_eq!(
        refusal(&verifier, &later, now()).await,
        "TOKEN_NOT_YET_VALID"
    );
    let nobody = with("roles", Value::Null);
    assert_eq!(refusal(&verifier, &nobody, now()).await, "TOKEN_MALFORMED");
}

#[tokio::test]
async fn unsigned_and_tampered_tokens_are_refused() {
    let (_place, signer, verifier) = world().await;
    let token = signer.token(&clerk(), terms());
    let parts: Vec<&str> = token.split('.').collect();
    let base64 = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    for algorithm in ["none", "None", "NONE", ""] {
        let header = base64(&json!({"alg": algorithm, "typ": "JWT"}).to_string());
        for signature in ["", parts[2]] {
            let unsigned = format!("{header}.{}.{signature}", parts[1]);
            assert_eq!(
                refusal(&verifier, &unsigned, now()).await,
                "TOKEN_MALFORMED"
            );
        }
    }
    let chair = base64(&claims().to_string().replace("clerk", "chair"));
    let promoted = format!("{}.{chair}.{}", parts[0], parts[2]);
    assert_eq!(
        refusal(&verifier, &promoted, now()).await,
        "TOKEN_SIGNATURE"
    );
    let bare = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(refusal(&verifier, &bare, now()).await, "TOKEN_SIGNATURE");
    let long = format!("{token}{}", "x".repeat(9_000));
    assert_eq!(refusal(&verifier, &long, now()).await, "TOKEN_MALFORMED");
}

#[tokio::test]
async fn keys_rotate_without_a_restart_and_a_withdrawn_one_ends() {
    let (place, old, verifier) = world().await;
    let old_token = old.token(&clerk(), terms());
    assert!(verifier.verify(&old_token, now()).await.is_ok());
    let new = signer();
    let long = Terms {
        until: now() + SignedDuration::from_hours(48),
        ..terms()
    };
    let new_token = new.token(&clerk(), long);
    place.publish(&new.key_set());
    let secs = SignedDuration::from_secs;
    // Too soon after the last reading.
    assert_eq!(
        refusal(&verifier, &new_token, now() + secs(9)).await,
        "TOKEN_SIGNATURE"
    );
    assert!(verifier.verify(&new_token, now() + secs(10)).await.is_ok());
    assert_eq!(
        refusal(&verifier, &old_token, now() + secs(11)).await,
        "TOKEN_SIGNATURE"
    );
    // A key set that cannot be read changes nothing, for a day.
    place.publish("{}");
    let hours = SignedDuration::from_hours;
    assert!(verifier.verify(&new_token, now() + hours(23)).await.is_ok());
    let problem = verifier
        .verify(&self::signer().token(&clerk(), long), now() + hours(25))
        .await;
    assert_eq!(problem.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn an_issuer_is_asked_at_a_bounded_rate() {
    let signer = signer();
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, keys) = (Arc::clone(&asked), signer.key_set());
    let answer = move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(keys.clone())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let source = format!("http://{}/keys", listener.local_addr().unwrap());
    let issuer = axum::Router::new().route("/keys", axum::routing::get(answer));
    tokio::spawn(async { axum::serve(listener, issuer).await });
    let source = source.parse().unwrap();
    let verifier = Verifier::open(source, None, policy(), now()).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    for _ in 0..20 {
        let stranger = self::signer().token(&clerk(), terms());
        assert_eq!(
            refusal(&verifier, &stranger, now()).await,
            "TOKEN_SIGNATURE"
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let later = now() + SignedDuration::from_secs(10);
    let strangers = (0..20).map(|_| {
        let verifier = verifier.clone();
        let token = self::signer().token(&clerk(), terms());
        tokio::spawn(async move { verifier.verify(&token, later).await.unwrap_err() })
    });
    for stranger in strangers.collect::<Vec<_>>() {
        assert_eq!(stranger.await.unwrap().reason(), "TOKEN_SIGNATURE");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert!(
        verifier
            .verify(&signer.token(&clerk(), terms()), later)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_issuer_that_is_away_is_no_reason_not_to_start() {
    let source = "http://127.0.0.1:9/keys".parse().unwrap();
    let verifier = Verifier::open(source, None, policy(), now()).await.unwrap();
    let token = signer().token(&clerk(), terms());
    let problem = verifier.verify(&token, now()).await.unwrap_err();
    assert_eq!(problem.code(), Code::Unavailable);
    let missing = KeySource::File("/nowhere/keys.json".into());
    assert!(
        Verifier::open(missing, None, policy(), now())
            .await
            .is_err()
    );
}
