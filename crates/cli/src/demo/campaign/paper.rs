//! The minutes of an appraisal as a workbook, to print and to sign.

use std::path::{Path, PathBuf};

use crate::demo::screen::Screen;
use crate::document::{self, Language};
use crate::{Services, campaign};

/// Where it goes, below the current folder.
const FOLDER: &str = "target/demo";

/// Writes the minutes of a unit, and says where they are.
pub(super) async fn show(
    services: &Services,
    code: &str,
    unit: &str,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let minutes = campaign::minutes(services, code, Some(unit), Language::Vi).await?;
    let path = folder().join(format!("{code}-{unit}.xlsx"));
    document::write_workbook(&minutes, &path)?;
    let rows: usize = minutes.tables.iter().map(|table| table.rows.len()).sum();
    screen.line(format!(
        "\n  The minutes, {rows} rows to print and to sign: {}",
        path.display()
    ));
    Ok(())
}

/// A folder that can be written to; the system's for passing files where the current one cannot.
fn folder() -> PathBuf {
    match std::fs::create_dir_all(FOLDER) {
        Ok(()) => Path::new(FOLDER).to_owned(),
        Err(_) => std::env::temp_dir(),
    }
}
