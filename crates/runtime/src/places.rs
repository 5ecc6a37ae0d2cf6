//! Where programs of this user keep things.

use std::path::{Path, PathBuf};

/// The folder of what this user's programs remember from one run to the next, by the rules of the XDG base directories;
/// none where the environment names no home.
#[expect(
    clippy::disallowed_methods,
    reason = "the places of a user are no settings of a program; this is their one reader"
)]
pub fn state_folder() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| folder("HOME").map(|home| Path::new(&home).join(".local/state")));
    state.map(|state| state.join("chiso"))
}
