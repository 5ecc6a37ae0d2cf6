//! The committed code in `src/gen` is what the `.proto` files generate.
//!
//! `CHISO_REGENERATE=1 cargo test -p contracts --test generated` writes it instead of comparing.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use protox::Compiler;

/// Where the `.proto` files are.
fn proto_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

/// Every `.proto` file under `dir`, sorted, so that the result does not depend on the file system.
fn proto_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(proto_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Generates code and descriptors into `out`.
fn generate(out: &Path) {
    let root = proto_root();
    let files = proto_files(&root);
    let compile = |comments: bool| {
        let mut compiler = Compiler::new([&root]).unwrap();
        compiler.include_imports(true).include_source_info(comments);
        compiler
            .open_files(&files)
            .unwrap_or_else(|error| panic!("{error:?}"));
        compiler
    };

    let mut prost = tonic_prost_build::Config::new();
    prost.enable_type_names();
    tonic_prost_build::configure()
        .out_dir(out)
        .include_file("mod.rs")
        .emit_rerun_if_changed(false)
        .btree_map(".")
        .bytes(".chiso.log.v1.Event")
        .compile_fds_with_config(compile(true).file_descriptor_set(), prost)
        .unwrap();
    // Comments would make the descriptors five times as long and are of no use at run time.
    fs::write(
        out.join("descriptor.bin"),
        compile(false).encode_file_descriptor_set(),
    )
    .unwrap();
}

/// The files of a folder by name.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(dir) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect()
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "a switch of this test, not a setting of a program"
)]
fn the_committed_code_is_what_the_proto_files_generate() {
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    let expected = contents(fresh.path());
    let committed_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gen");
    let committed = contents(&committed_dir);

    if std::env::var_os("CHISO_REGENERATE").is_some() {
        fs::create_dir_all(&committed_dir).unwrap();
        for name in committed
            .keys()
            .filter(|name| !expected.contains_key(*name))
        {
            fs::remove_file(committed_dir.join(name)).unwrap();
        }
        for (name, content) in expected
            .iter()
            .filter(|(name, new)| committed.get(*name) != Some(new))
        {
            fs::write(committed_dir.join(name), content).unwrap();
        }
        return;
    }

    let stale: Vec<&String> = expected
        .keys()
        .chain(committed.keys())
        .filter(|name| expected.get(*name) != committed.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "src/gen is not what proto/ generates ({stale:?} differ); run \
         CHISO_REGENERATE=1 cargo test -p contracts --test generated and commit the result"
    );
}
