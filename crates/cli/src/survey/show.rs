//! Surveys as people read them.

use std::path::Path;

use comfy_table::Cell;
use contracts::assessments::v1 as pb;

use crate::show;

/// One line about an instrument.
pub(super) fn instrument(instrument: &pb::Instrument) -> String {
    let edition = instrument.edition.clone().unwrap_or_default();
    format!(
        "{} {}: {}, {} questions to {} groups",
        edition.instrument,
        edition.edition,
        edition.title,
        edition.questions.len(),
        edition.groups.len()
    )
}

/// One line about a wave, and what is withheld of it.
pub(super) fn wave(wave: &pb::Wave) -> String {
    let stage = match wave.stage() {
        pb::WaveStage::Unspecified => "unknown",
        pb::WaveStage::Planned => "planned",
        pb::WaveStage::Open => "open",
        pb::WaveStage::Closed => "closed",
        pb::WaveStage::Counted => "counted",
    };
    let mut lines = vec![format!(
        "{}: {}, {}, {stage}, {} to {}",
        wave.wave,
        wave.title,
        wave.period,
        show::instant(wave.opens_at.as_ref()),
        show::instant(wave.closes_at.as_ref())
    )];
    if !wave.withheld_reason.is_empty() {
        lines.push(format!("withheld: {}", wave.withheld_reason));
    }
    lines.extend(wave.withheld_units.iter().map(withheld));
    lines.join("\n")
}

fn withheld(of: &pb::WithheldUnit) -> String {
    format!("{} is withheld: {}", of.unit, of.reason)
}

/// How many ballots came.
pub(super) fn progress(of: &pb::Wave) -> String {
    let mut table = show::table(&["Unit", "Group", "Wanted", "Tokens", "Ballots"]);
    for it in &of.progress {
        table.add_row(vec![
            Cell::new(&it.unit),
            Cell::new(&it.group),
            show::figure(match it.quota {
                0 => "–".to_owned(),
                quota => show::count(quota),
            }),
            show::figure(show::count(it.issued)),
            show::figure(show::count(it.ballots)),
        ]);
    }
    format!("{}\n{}", wave(of), show::rendered(&table))
}

/// What became of tokens, which are not shown.
pub(super) fn issued(count: i32, file: &Path, answer: &pb::IssueTokensResponse) -> String {
    format!(
        "{} tokens are in {}, {} are issued to the group about the unit in all",
        show::count(count),
        file.display(),
        show::count(answer.issued)
    )
}

/// What became of imported ballots.
pub(super) fn imported(answer: &pb::ImportBallotsResponse) -> String {
    let mut lines = vec![format!(
        "{} taken in, {} known, {} refused",
        show::count(answer.accepted),
        show::count(answer.repeated),
        show::count(answer.refused)
    )];
    lines.extend(answer.refusals.iter().map(|refusal| {
        format!(
            "row {} ({}): {}",
            refusal.row, refusal.source_row_id, refusal.reason
        )
    }));
    lines.join("\n")
}

/// What a wave adds up to.
pub(super) fn results(results: &pb::SurveyResults) -> String {
    let mut table = show::table(&[
        "Unit",
        "Question",
        "Answers",
        "Mean",
        "± error",
        "Interval",
        "Satisfied",
        "",
    ]);
    let total = results.total.iter();
    for block in total.chain(&results.units) {
        let unit = if block.unit.is_empty() {
            "all"
        } else {
            &block.unit
        };
        if !block.withheld_reason.is_empty() {
            let mut row = vec![Cell::new(unit)];
            row.extend((0..6).map(|_| Cell::new("")));
            row.push(Cell::new(format!("withheld: {}", block.withheld_reason)));
            table.add_row(row);
            continue;
        }
        for item in &block.items {
            let interval = match item.low.is_empty() {
                true => String::new(),
                false => format!("{}..{}", item.low, item.high),
            };
            table.add_row(vec![
                Cell::new(unit),
                Cell::new(&item.question),
                show::figure(show::count(item.answered)),
                show::figure(show::or_dash(&item.mean)),
                show::figure(show::or_dash(&item.standard_error)),
                show::figure(interval),
                show::figure(&item.satisfied),
                Cell::new(&item.no_mean_reason),
            ]);
        }
    }
    let mut lines = vec![format!(
        "{} {}: intervals of {} standard errors; figures rest on {} answers or more, {} ballots were destroyed",
        results.wave, results.period, results.factor, results.minimum, results.destroyed
    )];
    lines.push(show::rendered(&table));
    if results.units.iter().any(|unit| !unit.indices.is_empty()) {
        lines.push(indices(results));
    }
    lines.extend(results.withheld_units.iter().map(withheld));
    lines.join("\n")
}

/// What the shares and means make of indices, unit by unit: leaves, components and the total.
fn indices(results: &pb::SurveyResults) -> String {
    let mut table = show::table(&["Unit", "Index", "Part", "Points", "± error", "Interval", ""]);
    for unit in &results.units {
        for index in &unit.indices {
            for part in &index.parts {
                let interval = match part.low.is_empty() {
                    true => String::new(),
                    false => format!("{}..{}", part.low, part.high),
                };
                table.add_row(vec![
                    Cell::new(&unit.unit),
                    Cell::new(format!("{} {}", index.index, index.edition)),
                    Cell::new(if part.code.is_empty() {
                        "total"
                    } else {
                        &part.code
                    }),
                    show::figure(show::or_dash(&part.points)),
                    show::figure(show::or_dash(&part.standard_error)),
                    show::figure(interval),
                    Cell::new(&part.reason),
                ]);
            }
        }
    }
    show::rendered(&table)
}
