//! The table as a page.

use std::fmt::Write as _;

use super::{Access, table};
use crate::Role;

const INTRODUCTION: &str = "# Who may call what

Generated from the table in `src/table.rs`, which the servers obey; a test compares. What a cell says nothing of is
refused. `own unit`: only for a unit that the caller's token names. `granted units`: for the units that the client's
token names, or all units of the province that it names. `other units`: never for a unit that the caller belongs to.
Stages, deadlines and assignments are decided afterwards by what they are about.
";

/// The page that shows the whole table, as Markdown.
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut service = "";
    for rule in table() {
        if rule.service != service {
            service = rule.service;
            let _ = writeln!(page, "\n## {service}\n");
            let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            let _ = writeln!(page, "| | {} |", names.join(" | "));
            let _ = writeln!(page, "|---|{}", "---|".repeat(names.len()));
        }
        for method in rule.methods {
            let cells = Role::ALL.map(|role| match rule.access {
                Access::Open => "open".to_owned(),
                Access::To(grants) => grants
                    .iter()
                    .find(|grant| grant.role == role)
                    .map_or_else(String::new, |grant| grant.condition.to_string()),
            });
            let _ = writeln!(page, "| {method} | {} |", cells.join(" | "));
        }
    }
    page
}
