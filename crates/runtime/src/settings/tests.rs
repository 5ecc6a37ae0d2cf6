use super::*;

#[derive(Args, Debug)]
struct Config {
    #[command(flatten)]
    settings: Settings,

    /// A secret of its own.
    #[arg(long, env = "CHISO_TEST_KEY", hide_env_values = true)]
    key: Option<String>,
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}

const DATABASE: &str = "--database-url=postgres://u:p%40ss@w@db/chiso?sslpassword=abc";

fn given(arguments: &[&str]) -> Result<Outcome<Config>, Invalid> {
    read("test", [&["test"], arguments].concat())
}

fn problems(arguments: &[&str]) -> Vec<String> {
    given(arguments).expect_err("the settings are not sound").0
}

#[test]
fn every_value_that_cannot_be_read_is_reported_at_once() {
    let problems = problems(&[
        "--listen=here",
        "--nats-url=http://x",
        "--province=H 40",
        "--drain-ms=soon",
        "--clock-at=yesterday",
        "--log-format=xml",
        "--log-filter=a=b=c",
        "--otlp-endpoint=collector",
        "--insecure-loopback",
    ]);
    for flag in [
        "--listen",
        "--database-url is missing; give it or set CHISO_DATABASE_URL",
        "--nats-url",
        "--province",
        "--drain-ms",
        "--clock-at",
        "--log-format",
        "--log-filter",
        "--otlp-endpoint",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(flag)),
            "{flag}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), 9, "{problems:#?}");
}

#[test]
fn everything_wrong_between_settings_is_reported_at_once() {
    let problems = problems(&[
        DATABASE,
        "--listen=0.0.0.0:1",
        "--metrics-listen=0.0.0.0:1",
        "--deadline-default-ms=20",
        "--deadline-max-ms=10",
        "--drain-ms=999999999",
        "--max-calls=0",
        "--insecure-loopback",
    ]);
    assert_eq!(problems.len(), 5, "{problems:#?}");
}

#[test]
fn a_bad_secret_is_not_quoted() {
    let text = Invalid(problems(&["--database-url=mysql://u:hunter2@db/x"])).to_string();
    assert!(text.contains("--database-url"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn flags_that_do_not_exist_are_refused() {
    assert!(problems(&["--lisen=x"])[0].contains("--lisen"));
}

#[test]
fn sound_settings_are_read_with_their_defaults() {
    let Ok(Outcome::Read(Config { settings, .. })) = given(&[DATABASE, "--insecure-loopback"])
    else {
        panic!("the settings are sound");
    };
    assert_eq!(settings.listen, LISTEN);
    assert_eq!(settings.province, "H40");
    assert_eq!(settings.drain(), Duration::from_secs(15));
    assert_eq!(settings.clock(), Clock::system());
}

#[test]
fn printed_settings_hold_no_secret() {
    let Ok(Outcome::Answer(text)) = given(&[
        DATABASE,
        "--key=hunter2",
        "--nats-url=nats://tok@host:4222",
        "--print-config",
    ]) else {
        panic!("asked for the settings");
    };
    assert!(
        text.contains("CHISO_DATABASE_URL=postgres://u:***@db/chiso?***  # flag"),
        "{text}"
    );
    assert!(text.contains("CHISO_PROVINCE=H40  # default"), "{text}");
    assert!(text.contains("CHISO_TEST_KEY=***  # flag"), "{text}");
    for secret in ["p%40ss", "hunter2", "abc", "tok"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[test]
fn help_names_every_variable_and_a_reason_for_every_default() {
    let Ok(Outcome::Answer(help)) = given(&["--help"]) else {
        panic!("asked for help")
    };
    let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for variable in [
        "CHISO_LISTEN",
        "CHISO_DATABASE_URL",
        "CHISO_NATS_URL",
        "CHISO_NATS_CA",
        "CHISO_NATS_CREDENTIALS",
        "CHISO_PROVINCE",
        "CHISO_LOG_FORMAT",
        "CHISO_LOG",
        "CHISO_OTLP_ENDPOINT",
        "CHISO_METRICS_LISTEN",
        "CHISO_DEADLINE_DEFAULT_MS",
        "CHISO_DEADLINE_MAX_MS",
        "CHISO_DRAIN_MS",
        "CHISO_MAX_CALLS",
        "CHISO_CLOCK_AT",
        "CHISO_INSECURE_LOOPBACK",
        "CHISO_TLS_CERT",
        "CHISO_TLS_KEY",
        "CHISO_TLS_CA",
        "CHISO_TLS_CLIENT_CA",
        "CHISO_TLS_RELOAD_S",
        "CHISO_JWKS",
        "CHISO_JWKS_CA",
        "CHISO_TOKEN_ISSUER",
        "CHISO_TOKEN_AUDIENCE",
        "CHISO_TOKEN_LEEWAY_S",
    ] {
        assert!(help.contains(variable), "{variable}: {help}");
    }
    assert_eq!(help.matches("[default: ").count(), 12, "{help}");
}

#[test]
fn a_local_service_has_sound_settings() {
    assert!(
        Settings::local("postgres://x/y", "nats://z")
            .problems()
            .is_empty()
    );
}

const SECURE: [&str; 5] = [
    "--database-url=postgres://u@db.example.vn/chiso?sslmode=verify-full",
    "--tls-cert=cert.pem",
    "--tls-key=key.pem",
    "--jwks=keys.json",
    "--token-issuer=https://issuer.test",
];

#[test]
fn a_service_is_either_secure_or_says_that_it_is_not() {
    assert_eq!(problems(&[SECURE[0]]).len(), 4);
    let both = [&SECURE[..], &["--insecure-loopback", "--tls-ca=ca.pem"]].concat();
    assert_eq!(problems(&both).len(), 5);
    let one = problems(&[SECURE[0], SECURE[1], SECURE[3], SECURE[4]]);
    assert!(
        one[0].starts_with("--tls-key is missing; give it or set CHISO_TLS_KEY"),
        "{one:?}"
    );
    assert_eq!(one.len(), 1, "{one:?}");
    let plain = problems(&[&SECURE[..], &["--jwks=http://issuer.test/keys"]].concat());
    assert!(plain[0].contains("--jwks"), "{plain:?}");
}

#[test]
fn a_secure_service_listens_anywhere_and_calls_with_tls_only() {
    let arguments = [
        &SECURE[..],
        &["--listen=0.0.0.0:7400", "--tls-ca=/nowhere/ca.pem"],
    ]
    .concat();
    let Ok(Outcome::Read(Config { settings, .. })) = given(&arguments) else {
        panic!("the settings are sound");
    };
    let plain = settings.channel("http://registry:7401").unwrap_err();
    assert!(
        plain.to_string().contains("give its https address"),
        "{plain}"
    );
    let unread = settings.channel("https://registry:7401").unwrap_err();
    assert!(
        unread.to_string().contains("cert.pem of --tls-cert"),
        "{unread}"
    );
}

#[test]
fn a_secure_service_speaks_to_a_nats_elsewhere_with_tls_only() {
    let given = |url: &str| given(&[&SECURE[..], &[url]].concat());
    for sound in [
        "--nats-url=nats://127.0.0.1:4222",
        "--nats-url=tls://nats.example.vn",
    ] {
        assert!(given(sound).is_ok(), "{sound}");
    }
    let far = given("--nats-url=tls://nats.example.vn,nats://u:hunter2@other.example.vn");
    let Invalid(problems) = far.expect_err("one server is without TLS");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains("give its tls:// address"),
        "{problems:?}"
    );
    assert!(!problems[0].contains("hunter2"), "{problems:?}");
}

#[test]
fn a_secure_service_speaks_to_a_database_elsewhere_with_tls_only() {
    let plain = problems(&[DATABASE, SECURE[1], SECURE[2], SECURE[3], SECURE[4]]);
    assert_eq!(plain.len(), 1, "{plain:?}");
    assert!(plain[0].starts_with("--database-url"), "{plain:?}");
    assert!(!plain[0].contains("p%40ss"), "{plain:?}");
    assert!(given(&[DATABASE, "--insecure-loopback"]).is_ok());
}
