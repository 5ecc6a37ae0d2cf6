//! Publications as people read them.

use std::fmt::Write as _;
use std::path::Path;

use assessments::publication::{Document, Verdict};
use comfy_table::Cell;
use contracts::assessments::v1::{IndexPreview, Publication, PublishedResult, PublishedUnit};

use crate::show;

/// What was published, one a row.
pub(super) fn list(listed: &[Publication]) -> String {
    let header = [
        "Campaign",
        "№",
        "Decision",
        "Published",
        "By",
        "Corrects",
        "Why",
    ];
    let mut table = show::table(&header);
    for it in listed {
        let corrects = match it.corrects {
            0 => String::new(),
            number => number.to_string(),
        };
        table.add_row(vec![
            Cell::new(&it.campaign),
            show::figure(it.number.to_string()),
            Cell::new(&it.document),
            Cell::new(show::instant(it.published_at.as_ref())),
            Cell::new(&it.published_by),
            show::figure(corrects),
            Cell::new(&it.reason),
        ]);
    }
    show::rendered(&table)
}

/// The results of a campaign, group by group, the best first.
pub(super) fn result(publication: &Publication, result: &PublishedResult) -> String {
    let mut said = format!(
        "{} ({}, publication {}): {} of {}\n",
        result.title,
        result.campaign,
        result.number,
        result.document,
        show::instant(result.published_at.as_ref()),
    );
    if result.corrects > 0 {
        let _ = writeln!(
            said,
            "corrects publication {}: {}",
            result.corrects, result.reason
        );
    }
    for rules in &result.rules {
        let header = [
            "#", "Unit", "Claimed", "First", "Second", "Final", "%", "Band",
        ];
        let mut table = show::table(&header);
        let mut units: Vec<_> = of_group(result, &rules.group);
        units.sort_by_key(|unit| match rank(unit) {
            0 => (i32::MAX, unit.unit.clone()),
            rank => (rank, unit.unit.clone()),
        });
        for unit in units {
            let outcome = unit.outcome.clone().unwrap_or_default();
            let total = |of: Option<&IndexPreview>| {
                let total = of.map(|of| of.total.clone()).unwrap_or_default();
                show::figure(show::or_dash(&total))
            };
            let rank = match outcome.rank {
                0 => String::new(),
                rank => rank.to_string(),
            };
            table.add_row(vec![
                show::figure(show::or_dash(&rank)),
                Cell::new(&unit.unit),
                total(unit.claimed.as_ref()),
                total(unit.first.as_ref()),
                total(unit.second.as_ref()),
                show::figure(show::or_dash(&outcome.total)),
                show::figure(show::or_dash(&outcome.percent)),
                Cell::new(&outcome.band),
            ]);
        }
        let (group, index, edition) = (&rules.group, &rules.index, &rules.edition);
        let _ = writeln!(
            said,
            "\n{group}, by {index} {edition}\n{}",
            show::rendered(&table)
        );
    }
    let _ = write!(
        said,
        "\nSHA-256    {}\npublic key {}",
        show::hex(&publication.sha256),
        show::hex(&publication.public_key)
    );
    said
}

fn of_group<'a>(result: &'a PublishedResult, group: &str) -> Vec<&'a PublishedUnit> {
    let units = result.units.iter();
    units.filter(|unit| unit.group == group).collect()
}

fn rank(unit: &PublishedUnit) -> i32 {
    unit.outcome.as_ref().map_or(0, |outcome| outcome.rank)
}

/// What a verification came to; at most so many findings.
pub(super) fn verdict(file: &Path, document: &Document, verdict: &Verdict, most: usize) -> String {
    let events = show::count(i128::from(verdict.events));
    let (campaign, number) = (&document.result.campaign, document.result.number);
    if verdict.findings.is_empty() {
        let figures = match verdict.recomputed().as_str() {
            "" => String::new(),
            figures => format!(", figures counted again: {figures}"),
        };
        let mut said = format!(
            "{}: publication {number} of {campaign} is what the logs say: {} leaves of {} units recomputed from {events} \
             events{figures}, signature good",
            file.display(),
            verdict.leaves,
            document.result.units.len(),
        );
        unproven(&mut said, verdict, most);
        return said;
    }
    let found = verdict.findings.len();
    let mut said = format!(
        "{}: publication {number} of {campaign} is NOT what the logs say",
        file.display()
    );
    for finding in verdict.findings.iter().take(most) {
        let _ = write!(said, "\n  {finding}");
    }
    if found > most {
        let _ = write!(said, "\n  and {} more", found - most);
    }
    unproven(&mut said, verdict, most);
    said
}

fn unproven(said: &mut String, verdict: &Verdict, most: usize) {
    for it in verdict.unproven.iter().take(most) {
        let _ = write!(said, "\n  not recomputed: {it}");
    }
    if let Some(more) = verdict
        .unproven
        .len()
        .checked_sub(most)
        .filter(|more| *more > 0)
    {
        let _ = write!(said, "\n  not recomputed: {more} more");
    }
}
