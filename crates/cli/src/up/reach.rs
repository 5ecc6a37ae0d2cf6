//! How others reach what runs here: a file that says it, and a token.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use allinone::{AllInOne, Development};
use anyhow::Context as _;
use identity::Caller;
use jiff::SignedDuration;

use crate::connection::{StackFile, well_known};

/// The file of the token, beside the key that signed it.
const TOKEN: &str = "token";
/// How long the token is good for: a watch that was begun with it may go on for some days.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often it is written anew, so that it never runs out while the services run.
pub(crate) const RENEWAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What was written. A file at the place where other commands look by themselves goes with it.
#[derive(Debug)]
pub(crate) struct Reach {
    caller: Caller,
    file: Option<PathBuf>,
    text: String,
    is_well_known: bool,
}

impl Reach {
    /// Writes the token and the file, whole or not at all: who waits for it may read it as soon as it is there.
    pub(crate) fn write(
        all: &AllInOne,
        province: &str,
        file: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let is_well_known = file.is_none();
        let development = all.development();
        let stack = StackFile {
            addresses: all.addresses().clone(),
            tls_ca: development.map(|it| it.ca().to_owned()),
            token_file: development.map(|it| it.folder().join(TOKEN)),
            token_key: development.map(Development::key),
        };
        let reach = Self {
            caller: Development::developer(province),
            file: file.or_else(well_known),
            text: stack.text(),
            is_well_known,
        };
        if let Some(development) = development {
            reach.write_token(development)?;
        }
        if let Some(file) = &reach.file {
            let folder = file.parent().filter(|_| is_well_known);
            folder.map_or(Ok(()), make_private)?;
            write_private(file, &reach.text)?;
        }
        Ok(reach)
    }

    /// Where the file is.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What a person is told of it.
    pub(crate) fn said(&self) -> String {
        match &self.file {
            Some(file) if self.is_well_known => {
                format!("Other commands find it by {}.\n", file.display())
            }
            Some(file) => format!(
                "Other commands find it with --stack {}, or CHISO_STACK.\n",
                file.display()
            ),
            None => "Nothing names a home where other commands would find it; say --addresses FILE, and to them \
                     --stack FILE.\n"
                .to_owned(),
        }
    }

    /// Writes the token anew.
    pub(crate) fn renew(&self, all: &AllInOne) {
        let written = all.development().map_or(Ok(()), |it| self.write_token(it));
        if let Err(error) = written {
            tracing::error!(error = &*error, "the token could not be renewed");
        }
    }

    fn write_token(&self, development: &Development) -> anyhow::Result<()> {
        let token = development.token(&self.caller, TOKEN_LIFETIME);
        write_private(&development.folder().join(TOKEN), &format!("{token}\n"))
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        let Some(file) = self.file.as_ref().filter(|_| self.is_well_known) else {
            return;
        };
        // Another one may run by now, and have said where.
        if std::fs::read_to_string(file).is_ok_and(|text| text == self.text) {
            let _ = std::fs::remove_file(file);
        }
    }
}

fn make_private(folder: &Path) -> anyhow::Result<()> {
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.with_context(|| format!("making {}", folder.display()))
}

/// Writes a file that only its owner may read.
fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(&beside)
        .and_then(|mut new| new.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, file))
        .with_context(|| format!("writing {}", file.display()))
}
