//! `chiso catalog apply`: what exists, from files into the registry and the assessments.
//!
//! Everything is read and checked before anything is applied; then each item becomes one idempotent command, in the order
//! in which they need each other.

mod apply;
mod item;
mod request;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use contracts::assessments::v1::PutDefinitionInForceRequest;

pub use apply::{Applied, Change, apply};
pub use item::{Item, Wanted};
use request::Read;

use crate::yaml::{self, Content, Fault, Node};
use crate::{Exit, Failure, Services, out};

/// The lists that a file may have.
const LISTS: [(&str, Read); 6] = [
    ("calendars", request::calendar),
    ("policies", request::policy),
    ("units", request::unit),
    ("procedures", request::procedure),
    ("successions", request::succession),
    ("reports", request::report),
];

/// Units, procedures, calendars, policies and index definitions
#[derive(Debug, Args)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Apply(Apply),
}

/// Make the services say what files say; a second time changes nothing
///
/// Files are YAML. One with the lists `calendars`, `policies`, `units`, `procedures`, `successions` or `reports` says what
/// exists; one with a `code` and `components` (or `leaves`) is an index definition. All of them are read and checked before
/// anything is applied, and then applied in the order in which they need each other. The format is described in
/// deploy/catalog/README.md.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  chiso catalog apply deploy/catalog/namdinh deploy/catalog/indices\n  \
    chiso catalog apply units.yaml --dry-run"
)]
struct Apply {
    /// Files, or folders of .yaml files
    #[arg(required = true, value_name = "FILE_OR_FOLDER")]
    files: Vec<PathBuf>,

    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Say nothing of what stays as it is
    #[arg(long)]
    quiet: bool,
}

/// Everything that the files of one call want, in the order of applying.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// The items.
    pub items: Vec<Item>,
}

/// Applies the files and says what changed.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let Action::Apply(command) = &command.action;
    let catalog = read(&command.files)?;
    let mut counts = [0_usize; 3];
    apply(services, &catalog, command.dry_run, |applied| {
        counts[applied.change as usize] += 1;
        if json {
            out::line(applied.json());
        } else if !(command.quiet && applied.change == Change::Unchanged) {
            out::line(applied);
        }
    })
    .await?;
    if !json {
        let [created, changed, unchanged] = counts;
        let would = if command.dry_run { "would be " } else { "" };
        out::line(format_args!(
            "{created} {would}created, {changed} {would}changed, {unchanged} unchanged"
        ));
    }
    Ok(Exit::Done)
}

/// Reads files, and the `.yaml` files of folders (with all folders in them) in the order of their names.
///
/// # Errors
/// When a file cannot be read; or everything that is wrong in all of them, at once.
pub fn read(paths: &[PathBuf]) -> Result<Catalog, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        for file in files(path)? {
            let text =
                std::fs::read_to_string(&file).map_err(|error| Failure::file(&file, error))?;
            texts.push((file.display().to_string(), text));
        }
    }
    if texts.is_empty() {
        let message =
            "there is no .yaml file in what was named; name files, or folders that have some";
        return Err(Failure::new(Exit::NoInput, message));
    }
    if texts.is_empty() {
        let message = "no .yaml file is in the folders given; name the files, or the folders that they are in";
        return Err(Failure::new(Exit::NoInput, message));
    }
    let texts: Vec<_> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    read_texts(&texts)
}

/// Reads documents with their names.
///
/// # Errors
/// Everything that is wrong in them, at once, with file and line.
pub fn read_texts(texts: &[(&str, &str)]) -> Result<Catalog, Failure> {
    let mut items = Vec::new();
    let mut wrong = Vec::new();
    for (name, text) in texts {
        let mut faults = Vec::new();
        document(name, text, &mut items, &mut faults);
        faults.sort();
        wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    if !wrong.is_empty() {
        return Err(Failure::new(Exit::Data, wrong.join("\n")));
    }
    // What holds earlier comes first, whichever file has it: a later statement changes an earlier one.
    let place = |item: &Item| (item.wanted.turn(), item.wanted.since().to_owned());
    items.sort_by_cached_key(place);
    Ok(Catalog {
        items: units_after_what_they_refer_to(items),
    })
}

/// The YAML files of a folder and of those in it, in the order of their names; a file is itself.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error| Failure::file(path, error);
    let mut inside = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        inside.push(entry.map_err(failed)?.path());
    }
    inside.sort();
    let mut found = Vec::new();
    for path in inside {
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml || path.is_dir() {
            found.extend(files(&path)?);
        }
    }
    Ok(found)
}

fn document(name: &str, text: &str, items: &mut Vec<Item>, faults: &mut Vec<Fault>) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(fault) => return faults.push(fault),
    };
    if let (Some(code), Some(_)) = (
        root.get("code").and_then(Node::text),
        root.get("components").or(root.get("leaves")),
    ) {
        let request = PutDefinitionInForceRequest {
            context: None,
            document: text.to_owned(),
            ..PutDefinitionInForceRequest::default()
        };
        let wanted = Wanted::Definition {
            code: code.to_owned(),
            request,
        };
        return items.push(Item {
            file: name.to_owned(),
            line: root.line,
            wanted,
        });
    }
    let Content::Map(entries) = &root.content else {
        let message = "is neither lists of what exists nor an index definition".to_owned();
        return faults.push(Fault {
            line: root.line,
            message,
        });
    };
    for entry in entries {
        let Some((_, read)) = LISTS.iter().find(|(key, _)| *key == entry.key) else {
            let keys = LISTS.map(|(key, _)| key).join(", ");
            let message = format!(
                "{} is not known here; the lists of a catalog are {keys}",
                entry.key
            );
            faults.push(Fault {
                line: entry.line,
                message,
            });
            continue;
        };
        let Content::List(nodes) = &entry.value.content else {
            let message = format!("{} is not a list", entry.key);
            faults.push(Fault {
                line: entry.line,
                message,
            });
            continue;
        };
        for node in nodes {
            if let Some(wanted) = read(node, faults) {
                items.push(Item {
                    file: name.to_owned(),
                    line: node.line,
                    wanted,
                });
            }
        }
    }
}

/// Puts a unit behind its parent, wherever the files have it; a parent that no file has is taken to exist.
fn units_after_what_they_refer_to(items: Vec<Item>) -> Vec<Item> {
    let mut waiting: Vec<Item> = items;
    let mut ordered: Vec<Item> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let waits = |item: &Item, rest: &[Item]| {
            let parents = item.wanted.refers_to();
            matches!(item.wanted, Wanted::Unit(_))
                && rest.iter().any(|other| {
                    matches!(&other.wanted, Wanted::Unit(unit)
                        if unit.code != item.wanted.name() && parents.contains(&unit.code.as_str()))
                })
        };
        let next = (0..waiting.len())
            .find(|place| !waits(&waiting[*place], &waiting))
            .unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_stand_before_children_and_units_before_what_ends_them() {
        let text = "\
successions:
  - { code: H40.01, kind: merged, successors: [H40.02], valid_until: 2025-03-01 }
units:
  - { code: H40.01, name: { vi: Một }, group: department, parent: H40, valid_from: 2020-01-01 }
  - { code: H40, name: { vi: Tỉnh }, group: province, valid_from: 2020-01-01 }
  - { code: H40.02, name: { vi: Hai }, group: department, parent: H40, valid_from: 2020-01-01 }
";
        let catalog = read_texts(&[("units.yaml", text)]).expect("a catalog");
        let names: Vec<_> = catalog
            .items
            .iter()
            .map(|item| (item.wanted.kind(), item.wanted.name()))
            .collect();
        assert_eq!(
            names,
            [
                ("unit", "H40".to_owned()),
                ("unit", "H40.01".to_owned()),
                ("unit", "H40.02".to_owned()),
                ("succession", "H40.01".to_owned()),
            ]
        );
    }

    #[test]
    fn every_fault_of_every_file_is_named_with_its_line() {
        let refused = read_texts(&[
            ("a.yaml", "units:\n  - code: H40\n    colour: red\n"),
            ("b.yaml", "things: []\n"),
        ])
        .expect_err("both are wrong");
        assert_eq!(refused.exit, Exit::Data);
        for said in [
            "a.yaml: line 3",
            "colour",
            "b.yaml: line 1",
            "things is not known",
        ] {
            assert!(refused.message.contains(said), "{said} is not in {refused}");
        }
    }

    #[test]
    fn the_shipped_catalog_is_sound() {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalog");
        let catalog = read(&[deploy]).expect("sound");
        let count = |kind| {
            catalog
                .items
                .iter()
                .filter(|item| item.wanted.kind() == kind)
                .count()
        };
        assert!(count("unit") >= 29 && count("procedure") >= 70);
        assert_eq!(
            (count("calendar"), count("policy"), count("definition")),
            (1, 1, 8)
        );
    }
}
