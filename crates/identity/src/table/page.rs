//! The table as a page.

use std::fmt::Write as _;

use super::{Access, Grant, Rule, table};
use crate::Role;

const INTRODUCTION: &str = "# Who may call what

Generated from the table in `src/table.rs`, which the servers obey; tests compare. What a cell says nothing of is
refused. What it says has to hold all together:

| a cell | what it says |
|---|---|
| yes | whatever unit the call is about |
| own unit | only for a unit that the caller's token names |
| granted units | for the units that the client's token names, or all units of the province that it names |
| other units | never for a unit that the caller belongs to |
| assigned | the organiser has assigned the unit to the appraiser; to decide on a leaf, the leaf's component |
| claimed by another | nobody decides on a leaf that he or she claimed |
| points of other units | nobody changes the points of the own unit; to remark on them is not to change them |
| approved by another | nobody publishes what he or she approved or, in a correction, decided |

Where a service has a column *when*, it says where the campaign has to be, or the assessed unit's part in it, for the call
to change anything; a call that says again what holds already is answered at any time after. Deadlines end stages by
themselves.
";

/// The page that shows the whole table, as Markdown.
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut service = "";
    let mut staged = false;
    for rule in table() {
        if rule.service != service {
            service = rule.service;
            staged = table().any(|it| it.service == service && !it.stages.is_empty());
            let _ = writeln!(page, "\n## {service}\n");
            let mut heads: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            heads.extend(staged.then_some("*when*"));
            let _ = writeln!(page, "| | {} |", heads.join(" | "));
            let _ = writeln!(page, "|---|{}", "---|".repeat(heads.len()));
        }
        for method in rule.methods {
            let mut cells: Vec<String> = Role::ALL.iter().map(|role| cell(rule, *role)).collect();
            let stages: Vec<String> = rule.stages.iter().map(ToString::to_string).collect();
            cells.extend(staged.then_some(stages.join(", ")));
            let _ = writeln!(page, "| {method} | {} |", cells.join(" | "));
        }
    }
    page
}

fn cell(rule: &Rule, role: Role) -> String {
    let Access::To(grants) = rule.access else {
        return "open".to_owned();
    };
    let found = grants.iter().find(|grant| grant.role == role);
    let Some(Grant {
        condition,
        provisos,
        ..
    }) = found
    else {
        return String::new();
    };
    let provisos = provisos.iter().map(ToString::to_string);
    let said: Vec<String> = [condition.to_string()]
        .into_iter()
        .chain(provisos)
        .collect();
    said.join(", ")
}
