//! What the compiler does not hold: who may depend on whom, sizes, names, and what must not stand in the repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Crates of rules: what they say follows from what they are given, and from nothing else.
const PURE: [&str; 9] = [
    "ids",
    "decider",
    "calendar",
    "unit",
    "dossier",
    "assessment",
    "measures",
    "index",
    "survey",
];
/// Translate between the contracts and the pure crates, and do nothing else; the later ones may use those before them.
const TRANSLATIONS: [&str; 2] = ["directory", "figures"];
const SERVICES: [&str; 5] = [
    "registry",
    "dossiers",
    "assessments",
    "scoring",
    "projection",
];
/// What pure crates may not touch.
const WORLD: [&str; 14] = [
    "tokio",
    "tokio-stream",
    "tokio-util",
    "tonic",
    "tonic-prost",
    "sqlx",
    "async-nats",
    "tracing",
    "futures",
    "prost",
    "prost-types",
    "serde",
    "serde_json",
    "metrics",
];
/// Longest source file; `tests/tidy.rs` has no exceptions to it.
const LINES_MAX: usize = 400;
const README_LINES_MAX: usize = 150;
const NAMES_FORBIDDEN: [&str; 9] = [
    "util", "utils", "common", "helpers", "helper", "misc", "shared", "base", "manager",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps();
    command.exec().expect("cargo metadata")
}

/// What a package's own code depends on; tests may use more.
fn dependencies(package: &Package) -> BTreeSet<&str> {
    let normal = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development);
    normal.map(|dependency| dependency.name.as_str()).collect()
}

/// Files that belong to the repository: those under version control and those about to be; in an exported copy, all but
/// what builds leave.
fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output();
    if let Ok(output) = listed
        && output.status.success()
    {
        let names = String::from_utf8(output.stdout).expect("names are UTF-8");
        let files = names.split_terminator('\0').map(|name| root().join(name));
        return files.filter(|file| file.is_file()).collect();
    }
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            match path.is_dir() {
                true if ["target", ".cache", ".git"].contains(&name.as_str()) => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

fn relative(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.to_string_lossy().into_owned()
}

/// Text of a file; none when it is no text.
fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn is_generated(path: &Path) -> bool {
    relative(path).starts_with("crates/contracts/src/gen/")
}

fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    tracked()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !is_generated(path))
        .filter_map(|path| text(&path).map(|text| (path, text)))
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn pure_crates_depend_on_nothing_that_touches_the_world() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut faults = Vec::new();
    for package in metadata
        .packages
        .iter()
        .filter(|package| PURE.contains(&package.name.as_str()))
    {
        for dependency in dependencies(package) {
            if WORLD.contains(&dependency)
                || (ours.contains(dependency) && !PURE.contains(&dependency))
            {
                faults.push(format!("{} must not depend on {dependency}", package.name));
            }
        }
    }
    for (place, translation) in TRANSLATIONS.iter().enumerate() {
        let may = |dependency: &str| {
            PURE.contains(&dependency)
                || TRANSLATIONS[..place].contains(&dependency)
                || ["contracts", "prost", "prost-types"].contains(&dependency)
        };
        let package = metadata.packages.iter().find(|it| it.name == *translation);
        for dependency in dependencies(package.expect("it is a member")) {
            let touches = WORLD.contains(&dependency) || ours.contains(dependency);
            if touches && !may(dependency) {
                faults.push(format!("{translation} must not depend on {dependency}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn layers_depend_downwards_only() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        for dependency in dependencies(package) {
            let forbidden = match (name, dependency) {
                ("contracts", it) => ours.contains(it),
                ("identity", it) => ours.contains(it) && !["contracts", "ids"].contains(&it),
                ("runtime", it) => ours.contains(it) && !["contracts", "identity"].contains(&it),
                ("eventlog", it) => {
                    let may = ["contracts", "decider", "identity", "ids"];
                    it == "async-nats" || (ours.contains(it) && !may.contains(&it))
                }
                (service, it) if SERVICES.contains(&service) && SERVICES.contains(&it) => true,
                (it, "sqlx") => {
                    !SERVICES.contains(&it) && !["eventlog", "jetstream", "readmodel"].contains(&it)
                }
                (it, "async-nats") => it != "jetstream",
                _ => false,
            };
            if forbidden {
                faults.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    none(&faults);
}

#[test]
fn every_member_takes_lints_and_versions_from_the_workspace() {
    let mut faults = Vec::new();
    for package in metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        if !manifest.contains("[lints]\nworkspace = true") {
            faults.push(format!(
                "{}: write [lints] workspace = true",
                package.manifest_path
            ));
        }
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
            } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") {
                faults.push(format!(
                    "{}: {line}: name the version in the workspace's manifest",
                    package.manifest_path
                ));
            }
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !manifest.contains(&format!("{key}.workspace = true")) {
                faults.push(format!(
                    "{}: write {key}.workspace = true",
                    package.manifest_path
                ));
            }
        }
    }
    none(&faults);
}

#[test]
fn files_are_short_enough_to_be_read_at_once() {
    let mut faults: Vec<String> = sources()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{}: {lines} lines; split it by meaning", relative(&path)))
        .collect();
    let readme = text(&root().join("README.md"))
        .expect("a readme")
        .lines()
        .count();
    if readme >= README_LINES_MAX {
        faults.push(format!(
            "README.md: {readme} lines; fewer than {README_LINES_MAX} are read"
        ));
    }
    none(&faults);
}

#[test]
fn names_say_what_a_thing_is() {
    let mut faults = Vec::new();
    for package in metadata().packages {
        if NAMES_FORBIDDEN.contains(&package.name.as_str()) {
            faults.push(format!(
                "{}: name the crate after what it does",
                package.name
            ));
        }
    }
    for (path, text) in sources() {
        let modules = text.lines().filter_map(|line| {
            let line = line.trim_start();
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
            let name = line.strip_prefix("mod ")?;
            Some(name.trim_end_matches([';', '{', ' ']).to_owned())
        });
        for module in modules.filter(|module| NAMES_FORBIDDEN.contains(&module.as_str())) {
            faults.push(format!(
                "{}: module {module}: name it after what it does",
                relative(&path)
            ));
        }
    }
    none(&faults);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X:"].concat(),
    ];
    let macros = [["todo", "!("].concat(), ["unimplemented", "!("].concat()];
    let mut faults = Vec::new();
    for path in tracked().into_iter().filter(|path| !is_generated(path)) {
        let Some(text) = text(&path) else { continue };
        if path.ends_with("Cargo.lock") {
            continue;
        }
        for (line, content) in (1..).zip(text.lines()) {
            let left = marks
                .iter()
                .chain(&macros)
                .find(|mark| content.contains(mark.as_str()));
            if let Some(mark) = left {
                faults.push(format!("{}:{line}: {mark}", relative(&path)));
            }
        }
    }
    none(&faults);
}

/// Where packages come from is a matter of the machine's configuration, not of the repository.
#[test]
fn no_file_names_a_registry() {
    let hosts = [
        ["crates", ".io/"].concat(),
        ["static.crates", ".io"].concat(),
        ["index.crates", ".io"].concat(),
        ["pypi", ".org"].concat(),
        ["pythonhosted", ".org"].concat(),
        ["npmjs", ".com"].concat(),
        ["npmjs", ".org"].concat(),
        ["deb.debian", ".org"].concat(),
        ["archive.ubuntu", ".com"].concat(),
        ["/releases/", "download/"].concat(),
    ];
    let mut faults = Vec::new();
    for path in tracked() {
        // Cargo writes the lock file, and names its default registry in it wherever the crates really come from.
        if path.ends_with("Cargo.lock") || relative(&path).starts_with("LICENSE") {
            continue;
        }
        let Some(text) = text(&path) else { continue };
        for (line, content) in (1..).zip(text.lines()) {
            if let Some(host) = hosts.iter().find(|host| content.contains(host.as_str())) {
                faults.push(format!("{}:{line}: {host}", relative(&path)));
            }
        }
    }
    none(&faults);
}

/// Scores replay to the same digit everywhere: they are decimals from input to wire.
#[test]
fn no_score_meets_a_binary_fraction() {
    let exact = [
        "crates/figures/",
        "crates/index/",
        "crates/measures/",
        "services/scoring/",
        "services/projection/",
    ];
    let mut faults = Vec::new();
    for path in tracked() {
        let name = relative(&path);
        let words: &[&str] = if name.ends_with(".proto") {
            &["float", "double"]
        } else if name.ends_with(".rs") && exact.iter().any(|folder| name.starts_with(folder)) {
            &["f32", "f64"]
        } else {
            continue;
        };
        let text = text(&path).expect("text");
        for (line, content) in (1..).zip(text.lines()) {
            let code = content.split("//").next().unwrap_or_default();
            let mut tokens = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            if tokens.any(|token| words.contains(&token)) {
                faults.push(format!("{name}:{line}: {}", content.trim()));
            }
        }
    }
    none(&faults);
}
