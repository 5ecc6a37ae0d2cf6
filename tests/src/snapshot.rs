//! All figures that people can see, as text: two provinces with the same text are the same to everybody.

use std::fmt::Write as _;

use contracts::projection::v1::{ListRankingsRequest, UnitIndex};
use contracts::scoring::v1::GetMeasuresRequest;
use tonic::Code;

use crate::{Province, given};

/// Rankings with totals, components, bands and changes; leaves; measures. One fact a line, in order.
pub async fn figures(province: &Province, periods: &[&str], groups: &[&str]) -> String {
    let mut text = String::new();
    for period in periods {
        for group in groups {
            for index in rankings(province, period, group).await {
                subject(province, period, &index, &mut text).await;
            }
            let whole = format!("group:{group}");
            measures(province, period, &whole, &mut text).await;
        }
    }
    text
}

async fn rankings(province: &Province, period: &str, group: &str) -> Vec<UnitIndex> {
    let request = ListRankingsRequest {
        index: given::INDEX.into(),
        period: period.into(),
        group: group.into(),
        page_size: 1_000,
        ..Default::default()
    };
    let mut projection = province.services.projection.clone();
    match projection.list_rankings(request).await {
        Ok(answer) => answer.into_inner().indices,
        Err(status) => {
            assert_eq!(status.code(), Code::NotFound, "{status:?}");
            Vec::new()
        }
    }
}

async fn subject(province: &Province, period: &str, ranked: &UnitIndex, text: &mut String) {
    let mut index = given::index(province, period, &ranked.subject, ("scoring", 0)).await;
    // By which way a figure was reached is no figure: neither positions, nor the inputs of a leaf, which are those of the
    // last time that its points changed. What the inputs are now is among the measures.
    index.position = 0;
    for leaf in &mut index.leaves {
        leaf.inputs.clear();
    }
    let mut ranked = ranked.clone();
    ranked.position = 0;
    let written = writeln!(text, "{ranked:?}\n{index:?}");
    written.expect("text grows");
    measures(province, period, &ranked.subject, text).await;
}

async fn measures(province: &Province, period: &str, subject: &str, text: &mut String) {
    let request = GetMeasuresRequest {
        period: period.into(),
        subject: subject.into(),
        ..GetMeasuresRequest::default()
    };
    let mut scoring = province.services.scoring.clone();
    match scoring.get_measures(request).await {
        Ok(answer) => {
            let written = writeln!(
                text,
                "{period} {subject} {:?}",
                answer.into_inner().measures
            );
            written.expect("text grows");
        }
        Err(status) => assert_eq!(status.code(), Code::NotFound, "{status:?}"),
    }
}
