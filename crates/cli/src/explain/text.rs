//! Explanations for people.

use comfy_table::Cell;
use contracts::projection::v1::UnitIndex;
use contracts::scoring::v1::{ExplainScoreResponse, ExplainedDossier, LeafScore};

use super::{behind, weakest};
use crate::organised::predecessors;
use crate::show;

/// Components of a line.
const LINE: usize = 10;

/// An index for people: total, components, leaves.
pub fn index_text(index: &UnitIndex) -> String {
    let total = match index.total.as_str() {
        "" => format!("no total: {}", index.reason),
        total => format!("{total} of {}", index.max),
    };
    let mut lines = vec![format!(
        "{} {} · {} ({}) · {}",
        index.subject, index.subject_name_vi, index.index, index.edition, index.period
    )];
    let mut facts = vec![total];
    if !index.band_name_vi.is_empty() {
        facts.push(index.band_name_vi.clone());
    }
    if index.rank > 0 {
        facts.push(format!(
            "rank {} of {} {}",
            index.rank,
            index.ranked,
            show::rank_change(index.rank_before, index.rank)
        ));
    }
    if !index.change.is_empty() {
        facts.push(format!(
            "{} on the period before",
            show::change(&index.change)
        ));
    }
    let facts: Vec<&str> = facts.iter().map(|fact| fact.trim_end()).collect();
    lines.push(facts.join(" · "));
    let components: Vec<String> = index
        .components
        .iter()
        .map(|score| {
            let points = format!("{} {}", score.component, show::or_dash(&score.points));
            show::of_max(&points, "/", &score.max)
        })
        .collect();
    lines.extend(components.chunks(LINE).map(|part| part.join(" · ")));
    lines.extend(predecessors(&index.predecessors));
    lines.push(leaves(&index.leaves));
    lines.join("\n")
}

fn leaves(leaves: &[LeafScore]) -> String {
    let weakest = weakest(leaves).map(|leaf| leaf.leaf.as_str());
    let mut table = show::table(&["", "Leaf", "Points", "Max", "Figures"]);
    for leaf in leaves {
        let inputs: Vec<String> = leaf
            .inputs
            .iter()
            .map(|input| format!("{} {}", input.name, input.value))
            .collect();
        let why = if leaf.reason.is_empty() {
            inputs.join(", ")
        } else {
            leaf.reason.clone()
        };
        table.add_row(vec![
            Cell::new(if weakest == Some(leaf.leaf.as_str()) {
                "weakest"
            } else {
                ""
            }),
            Cell::new(&leaf.leaf),
            show::figure(show::or_dash(&leaf.points)),
            show::figure(&leaf.max),
            Cell::new(why),
        ]);
    }
    show::rendered(&table)
}

/// A score for people: rule, calculation, figures, dossiers.
pub fn score_text(explained: &ExplainScoreResponse) -> String {
    let empty = LeafScore::default();
    let score = explained.score.as_ref().unwrap_or(&empty);
    let points = match score.points.as_str() {
        "" => format!("no score: {}", score.reason),
        points => format!("{points} of {}", score.max),
    };
    let mut lines = vec![
        format!(
            "{} {} · {} · {} ({}) · {}",
            explained.leaf_number,
            score.leaf,
            explained.subject,
            explained.index,
            explained.edition,
            explained.period
        ),
        format!("{} / {}", explained.leaf_name_vi, explained.leaf_name_en),
        format!("  points       {points}"),
        format!(
            "  rule         {}",
            explained.rule.trim().replace('\n', "\n               ")
        ),
        format!("  calculation  {}", explained.calculation),
    ];
    let mut figures = show::table(&["Figure", "Value", "From", "Dossiers", ""]);
    for input in &explained.inputs {
        figures.add_row(vec![
            Cell::new(&input.name),
            show::figure(&input.value),
            Cell::new(&input.source),
            show::figure(if input.source == "dossiers" {
                show::count(input.dossier_count)
            } else {
                String::new()
            }),
            Cell::new(&input.label_vi),
        ]);
    }
    lines.push(show::rendered(&figures));
    lines.extend(predecessors(&explained.predecessors));
    let behind = behind(explained);
    if !behind.is_empty() {
        lines.push(dossiers(&behind));
    }
    let basis: Vec<String> = explained
        .basis
        .iter()
        .map(|cause| format!("{} {}", cause.log, show::count(cause.position)))
        .collect();
    lines.push(format!("as of {}", basis.join(", ")));
    lines.join("\n")
}

fn dossiers(dossiers: &[&ExplainedDossier]) -> String {
    let mut table = show::table(&["Dossier", "Unit", "Received", "Due", "Ended", "Events"]);
    for dossier in dossiers {
        let positions: Vec<String> = dossier.positions.iter().map(i64::to_string).collect();
        table.add_row(vec![
            Cell::new(&dossier.code),
            Cell::new(&dossier.unit),
            Cell::new(show::instant(dossier.received_at.as_ref())),
            Cell::new(show::instant(dossier.due_at.as_ref())),
            Cell::new(show::instant(dossier.ended_at.as_ref())),
            Cell::new(positions.join(" ")),
        ]);
    }
    show::rendered(&table)
}

#[cfg(test)]
mod tests {
    use contracts::scoring::v1::ExplainedInput;

    use super::*;
    use crate::explain::tests::leaf;

    #[test]
    fn an_index_is_explained_by_its_leaves() {
        let index = UnitIndex {
            index: "service-quality-766".to_owned(),
            edition: "2022".to_owned(),
            period: "2024-Q1".to_owned(),
            subject: "H40.03".to_owned(),
            subject_name_vi: "Sở Giáo dục và Đào tạo".to_owned(),
            total: "84.10".to_owned(),
            max: "100".to_owned(),
            band_name_vi: "Tốt".to_owned(),
            rank: 2,
            ranked: 18,
            rank_before: 3,
            change: "1.05".to_owned(),
            leaves: vec![
                leaf("A", "5.00", "6"),
                leaf("B", "0.10", "4"),
                leaf("D", "", "20"),
            ],
            ..UnitIndex::default()
        };
        insta::assert_snapshot!(index_text(&index), @r##"
        H40.03 Sở Giáo dục và Đào tạo · service-quality-766 (2022) · 2024-Q1
        84.10 of 100 · Tốt · rank 2 of 18 ▲ 1 · ▲ 1.05 on the period before
                   Leaf   Points   Max   Figures
        ─────────────────────────────────────────────
                   A        5.00     6   handled 240
         weakest   B        0.10     4   handled 240
                   D           –    20   no dossiers
        "##);
    }

    #[test]
    fn a_score_is_explained_down_to_its_dossiers() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let dossier = ExplainedDossier {
            code: "H40.03-240102-0001".to_owned(),
            unit: "H40.03".to_owned(),
            received_at: at(1_704_160_800),
            due_at: at(1_704_679_200),
            ended_at: None,
            positions: vec![12, 40],
        };
        let input = |name: &str, value: &str| ExplainedInput {
            name: name.to_owned(),
            value: value.to_owned(),
            label_vi: "hồ sơ đã xử lý".to_owned(),
            source: "dossiers".to_owned(),
            dossiers: vec![dossier.clone()],
            dossier_count: 1_240,
            ..ExplainedInput::default()
        };
        let explained = ExplainScoreResponse {
            index: "service-quality-766".to_owned(),
            edition: "2022".to_owned(),
            period: "2024-Q1".to_owned(),
            subject: "H40.03".to_owned(),
            score: Some(leaf("PROGRESS_ON_TIME", "18.67", "20")),
            leaf_number: "2.1".to_owned(),
            leaf_name_vi: "Hồ sơ đúng hạn".to_owned(),
            leaf_name_en: "On time".to_owned(),
            rule: "ratio: on_time / handled".to_owned(),
            calculation: "20 × 224 / 240 = 18.67".to_owned(),
            inputs: vec![input("on_time", "224"), input("handled", "240")],
            basis: vec![contracts::log::v1::Cause {
                log: "dossiers".to_owned(),
                position: 4_711,
            }],
            ..ExplainScoreResponse::default()
        };
        insta::assert_snapshot!(score_text(&explained), @r##"
        2.1 PROGRESS_ON_TIME · H40.03 · service-quality-766 (2022) · 2024-Q1
        Hồ sơ đúng hạn / On time
          points       18.67 of 20
          rule         ratio: on_time / handled
          calculation  20 × 224 / 240 = 18.67
         Figure    Value   From       Dossiers
        ────────────────────────────────────────────────────────
         on_time     224   dossiers      1,240   hồ sơ đã xử lý
         handled     240   dossiers      1,240   hồ sơ đã xử lý
         Dossier              Unit     Received              Due                   Ended   Events
        ──────────────────────────────────────────────────────────────────────────────────────────
         H40.03-240102-0001   H40.03   2024-01-02 09:00:00   2024-01-08 09:00:00           12 40
        as of dossiers 4,711
        "##);
    }
}
