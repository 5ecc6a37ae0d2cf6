//! Who may do what on NATS: users, their passwords, and the part of the server's configuration that says so.
//!
//! Services share one account; each has a user that may publish below its own log's subjects, manage its own JetStream
//! stream, and make consumers of those that it follows. Analysts have an account of their own, which imports the public
//! feed and reading its messages by position, and nothing else: a server publishes its answer to whatever subject a
//! request names, whether its sender may publish there or not, so that who shares an account with the logs and may ask
//! for anything at all could have answers put into them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::StackError;
use crate::error::doing;
use crate::folder::write_private;

/// Every service, with the logs that it follows.
const SERVICES: [(&str, &[&str]); 5] = [
    ("registry", &[]),
    ("dossiers", &["registry"]),
    ("assessments", &[]),
    ("scoring", &["registry", "dossiers", "assessments"]),
    ("projection", &["registry", "assessments", "scoring"]),
];
/// Reads the public feed of a province.
const ANALYST: &str = "analyst";
/// May do everything, in all provinces.
const OPERATOR: &str = "operator";
/// The log whose subjects are the public feed.
const PUBLIC: &str = "projection";

/// What a user may do.
struct Rights {
    publish: Vec<String>,
    subscribe: Vec<String>,
}

/// The users of one server: passwords in files of one line, `user:password`, that only their owner reads.
#[derive(Debug)]
pub(crate) struct Users {
    folder: PathBuf,
    /// Passwords, by province and user.
    provinces: BTreeMap<String, BTreeMap<String, String>>,
    operator: String,
}

impl Users {
    /// The users of `folder`: those that an earlier server of a kept folder had, at least the operator.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, StackError> {
        let reading = || doing("reading the users of NATS");
        fs::create_dir_all(&folder).map_err(reading())?;
        let operator = password(&folder.join(OPERATOR), OPERATOR)?;
        let mut users = Self {
            folder,
            provinces: BTreeMap::new(),
            operator,
        };
        for entry in fs::read_dir(&users.folder).map_err(reading())? {
            let entry = entry.map_err(reading())?;
            if let (true, Some(province)) = (entry.path().is_dir(), entry.file_name().to_str()) {
                users.admit(province)?;
            }
        }
        Ok(users)
    }

    /// Gives a province its users; says whether it had none.
    pub(crate) fn admit(&mut self, province: &str) -> Result<bool, StackError> {
        if self.provinces.contains_key(province) {
            return Ok(false);
        }
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if province.is_empty() || !province.bytes().all(sound) {
            return Err(StackError::Missing {
                what: format!("{province:?} can have no users of NATS"),
                remedy: "name a province of letters, digits, - and _",
            });
        }
        let folder = self.folder.join(province);
        fs::create_dir_all(&folder).map_err(doing("making the users of NATS"))?;
        let mut passwords = BTreeMap::new();
        for user in SERVICES.iter().map(|(name, _)| *name).chain([ANALYST]) {
            let name = user_name(province, user);
            passwords.insert(user.to_owned(), password(&folder.join(user), &name)?);
        }
        self.provinces.insert(province.to_owned(), passwords);
        Ok(true)
    }

    /// The part of a server's configuration that says who may do what.
    pub(crate) fn configuration(&self) -> String {
        let mut services = line(OPERATOR, &self.operator, None);
        let mut analysts = String::new();
        for (province, passwords) in &self.provinces {
            for (user, password) in passwords {
                let name = user_name(province, user);
                let follows = SERVICES.iter().find(|(name, _)| name == user);
                match follows {
                    Some((_, follows)) => {
                        let rights = Rights::of_service(province, user, follows);
                        services.push_str(&line(&name, password, Some(&rights)));
                    }
                    None => {
                        let rights = Rights::of_analyst(province);
                        analysts.push_str(&line(&name, password, Some(&rights)));
                    }
                }
            }
        }
        format!(
            "accounts {{\n\
             CHISO {{\n\
             jetstream: enabled\n\
             users: [\n{services}]\n\
             exports: [\n\
             {{stream: \"chiso.*.{PUBLIC}.>\"}}\n\
             {{service: \"$JS.API.DIRECT.GET.*\", response: stream}}\n\
             ]\n\
             }}\n\
             FEED {{\n\
             users: [\n{analysts}]\n\
             imports: [\n\
             {{stream: {{account: CHISO, subject: \"chiso.*.{PUBLIC}.>\"}}}}\n\
             {{service: {{account: CHISO, subject: \"$JS.API.DIRECT.GET.*\"}}}}\n\
             ]\n\
             }}\n\
             }}\n"
        )
    }
}

impl Rights {
    fn of_service(province: &str, log: &str, follows: &[&str]) -> Self {
        let own = stream(province, log);
        let mut publish = vec![
            format!("chiso.{province}.{log}.>"),
            format!("$JS.API.STREAM.INFO.{own}"),
            format!("$JS.API.STREAM.CREATE.{own}"),
            format!("$JS.API.STREAM.MSG.GET.{own}"),
        ];
        for log in follows {
            let followed = stream(province, log);
            publish.extend([
                format!("$JS.API.CONSUMER.CREATE.{followed}"),
                format!("$JS.API.CONSUMER.CREATE.{followed}.>"),
                format!("$JS.API.CONSUMER.INFO.{followed}.*"),
                format!("$JS.API.CONSUMER.MSG.NEXT.{followed}.*"),
                format!("$JS.API.CONSUMER.DELETE.{followed}.*"),
            ]);
        }
        // An inbox of its own: with one for all, everybody would hear what everybody else is answered.
        let subscribe = vec![format!("_INBOX_{province}_{log}.>")];
        Self { publish, subscribe }
    }

    fn of_analyst(province: &str) -> Self {
        Self {
            publish: vec![format!("$JS.API.DIRECT.GET.{}", stream(province, PUBLIC))],
            subscribe: vec![
                format!("chiso.{province}.{PUBLIC}.>"),
                "_INBOX.>".to_owned(),
            ],
        }
    }
}

/// Where a user's password is.
pub(crate) fn file(folder: &Path, province: &str, user: &str) -> Result<PathBuf, StackError> {
    if user == ANALYST || SERVICES.iter().any(|(name, _)| *name == user) {
        return Ok(folder.join(province).join(user));
    }
    Err(StackError::Missing {
        what: format!("NATS has no user {user}"),
        remedy: "name a service or analyst",
    })
}

/// Where the password of who may do everything is.
pub(crate) fn operator_file(folder: &Path) -> PathBuf {
    folder.join(OPERATOR)
}

/// As `jetstream::Bus::stream_name` names it.
fn stream(province: &str, log: &str) -> String {
    format!("CHISO_{province}_{log}").to_uppercase()
}

fn user_name(province: &str, user: &str) -> String {
    format!("{province}-{user}")
}

/// The password in a file, drawn when there is no such file.
fn password(file: &Path, user: &str) -> Result<String, StackError> {
    let kept = fs::read_to_string(file).unwrap_or_default();
    if let Some((_, password)) = kept.trim().split_once(':') {
        return Ok(password.to_owned());
    }
    let password = uuid::Uuid::new_v4().simple().to_string();
    write_private(file, format!("{user}:{password}\n").as_bytes())
        .map_err(doing("writing a password of NATS"))?;
    Ok(password)
}

/// A user as a server's configuration has it. Names, passwords and subjects hold nothing that would need escaping.
fn line(user: &str, password: &str, rights: Option<&Rights>) -> String {
    let mut line = format!("{{user: \"{user}\", password: \"{password}\"");
    if let Some(Rights { publish, subscribe }) = rights {
        // Debug quotes as the configuration does.
        let _ = write!(
            line,
            ", permissions: {{publish: {publish:?}, subscribe: {subscribe:?}}}"
        );
    }
    line.push_str("}\n");
    line
}
