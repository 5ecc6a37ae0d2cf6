//! `chiso token`: tokens for development, from a key of one's own.

use std::path::PathBuf;

use clap::Args;
use identity::{AUDIENCE, Caller, DEVELOPMENT_ISSUER, Role, Signer, SignerError, Terms};
use ids::UnitCode;
use jiff::SignedDuration;
use runtime::Clock;

use crate::connection::Connection;
use crate::{Exit, Failure, out};

/// A working day.
const MINUTES: i64 = 480;
/// A token that lives longer belongs to an issuer that can take it back.
const MINUTES_MAX: i64 = 30 * 24 * 60;

/// Issues a token for development: services that read the key set of the same key believe it
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Ed25519 key (PEM, PKCS #8) to sign with; made when there is none [default: that of the `chiso up` that other
    /// commands would ask]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Write the key set here, for the services' --jwks
    #[arg(long, value_name = "FILE")]
    key_set: Option<PathBuf>,

    /// What the bearer is; may be given several times
    #[arg(
        long = "role",
        value_name = "ROLE",
        value_parser = role,
        required_unless_present = "key_set"
    )]
    roles: Vec<Role>,

    /// Code of a unit that the bearer belongs to or, as an integrator, is granted; may be given several times
    #[arg(long = "unit", value_name = "UNIT")]
    units: Vec<UnitCode>,

    /// Who the bearer is: a staff code or a client's id. Commands are recorded as theirs
    #[arg(long = "as", value_name = "SUBJECT", default_value = "developer")]
    subject: String,

    /// The program that the token is for
    #[arg(long, value_name = "CLIENT", default_value = "chiso")]
    client: String,

    /// Who issues it, as the services' --token-issuer says
    #[arg(long, value_name = "ISSUER", default_value = DEVELOPMENT_ISSUER)]
    issuer: String,

    /// Whom it is meant for, as the services' --token-audience says
    #[arg(long, value_name = "AUDIENCE", default_value = AUDIENCE)]
    audience: String,

    /// How long it is good for, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = MINUTES,
          value_parser = clap::value_parser!(i64).range(1..=MINUTES_MAX))]
    minutes: i64,
}

fn role(text: &str) -> Result<Role, String> {
    match text.parse() {
        Ok(Role::Service) => Err("is known by a certificate, never by a token".to_owned()),
        Ok(role) => Ok(role),
        Err(unknown) => Err(identity::RoleUnknown::to_string(&unknown)),
    }
}

/// Runs the command.
pub(crate) fn run(command: &Command, connection: &Connection) -> Result<Exit, Failure> {
    let key = match &command.key {
        Some(key) => key.clone(),
        None => connection.token_key()?.ok_or_else(|| {
            let why = "no `chiso up` that asks for tokens is known; start one, name its file with --stack, or a key \
                       with --key";
            Failure::new(Exit::Usage, why)
        })?,
    };
    let (signer, made) = Signer::kept_in(&key).map_err(|error| match error {
        SignerError::File(error) => Failure::file(&key, error),
        SignerError::NoKey(error) => {
            Failure::new(Exit::Data, format!("{}: {error}", key.display()))
        }
    })?;
    if made {
        let key = key.display();
        out::note(format_args!("chiso: made a development key in {key}"));
    }
    if let Some(file) = &command.key_set {
        std::fs::write(file, signer.key_set()).map_err(|error| Failure::file(file, error))?;
    }
    if command.roles.is_empty() {
        return Ok(Exit::Done);
    }
    let caller = Caller {
        subject: command.subject.clone(),
        client: command.client.clone(),
        roles: command.roles.iter().copied().collect(),
        units: command.units.iter().cloned().collect(),
    };
    let now = Clock::system().now();
    let terms = Terms {
        issuer: &command.issuer,
        audience: &command.audience,
        from: now,
        until: now + SignedDuration::from_mins(command.minutes),
    };
    out::text(&format!("{}\n", signer.token(&caller, terms)));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use clap::Parser;
    use identity::{KeySource, Policy, Verifier};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        connection: Connection,
        #[command(flatten)]
        command: Command,
    }

    #[tokio::test]
    async fn a_key_is_made_once_and_its_key_set_verifies_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let (key, set) = (
            folder.path().join("dev.key"),
            folder.path().join("keys.json"),
        );
        let line = |more: &[&str]| {
            let (key, set) = (key.to_str().unwrap(), set.to_str().unwrap());
            let given = ["token", "--key", key, "--key-set", set];
            let line = Line::try_parse_from(given.iter().chain(more)).unwrap();
            run(&line.command, &line.connection).unwrap();
        };
        line(&[]);
        let first = std::fs::read(&key).unwrap();
        assert_eq!(std::fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
        line(&["--role", "clerk", "--unit", "H40.12", "--as", "nv-017"]);
        assert_eq!(std::fs::read(&key).unwrap(), first);
        let signer = Signer::from_pem(&first).unwrap();
        let now = Clock::system().now();
        let caller = Caller {
            subject: "nv-017".to_owned(),
            client: "chiso".to_owned(),
            roles: [Role::Clerk].into(),
            units: ["H40.12".parse().unwrap()].into(),
        };
        let terms = Terms {
            issuer: DEVELOPMENT_ISSUER,
            audience: AUDIENCE,
            from: now,
            until: now + SignedDuration::from_mins(1),
        };
        let policy = Policy {
            issuer: DEVELOPMENT_ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            leeway: SignedDuration::ZERO,
        };
        let verifier = Verifier::open(KeySource::File(set), None, policy, now)
            .await
            .unwrap();
        let token = signer.token(&caller, terms);
        assert_eq!(verifier.verify(&token, now).await, Ok(caller));
    }

    #[test]
    fn a_token_says_what_its_bearer_is() {
        assert!(Line::try_parse_from(["token", "--key", "x"]).is_err());
        assert!(Line::try_parse_from(["token", "--role", "clerk"]).is_ok());
        assert!(Line::try_parse_from(["token", "--key", "x", "--role", "king"]).is_err());
        let units = [
            "token", "--key", "x", "--role", "clerk", "--unit", "no unit",
        ];
        assert!(Line::try_parse_from(units).is_err());
    }
}
