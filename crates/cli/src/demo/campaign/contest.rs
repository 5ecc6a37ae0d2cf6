//! One leaf that a unit contests up to the council.

use anyhow::Context as _;
use contracts::assessments::v1 as pb;
use pb::AppraisalVerdict as Verdict;
use rust_decimal::Decimal;

use super::cast::{Cast, Homes};
use super::figures;
use super::sheet::Sheet;
use crate::campaign::{assessment, words};
use crate::demo::screen::Screen;
use crate::document::Language;
use crate::{Services, show};

/// Why the unit contests the first appraisal.
pub(super) const FIRST: &str = "Phần còn lại đã thực hiện trong tháng 12, chưa kịp đưa vào báo cáo";
/// Why it does not rest after the second.
pub(super) const AGAIN: &str = "Giữ kiến nghị: có biên bản nghiệm thu ngày 20 tháng 12";
/// What the council says.
const REMARK: &str = "Ghi nhận một nửa: đã thực hiện nhưng báo cáo chậm";

/// A contested leaf.
#[derive(Debug)]
pub(super) struct Contest {
    campaign: String,
    pub(super) unit: String,
    name: String,
    leaf: String,
    claimed: Decimal,
    first: Decimal,
    version: i64,
}

impl Contest {
    /// The leaf that lost most among those for which no paper was left out; none where nothing was changed.
    pub(super) fn of(sheets: &[Sheet]) -> Option<Self> {
        let lost = sheets.iter().flat_map(|sheet| {
            let changed = sheet.changed.iter();
            let unproven = changed.filter(|changed| !changed.proven_later);
            unproven.map(move |changed| (changed.lost(), sheet, changed))
        });
        let (_, sheet, changed) = lost.max_by_key(|(lost, sheet, _)| (*lost, &sheet.unit))?;
        Some(Self {
            campaign: sheet.campaign.clone(),
            unit: sheet.unit.clone(),
            name: sheet.name.clone(),
            leaf: changed.leaf.clone(),
            claimed: changed.claimed,
            first: changed.first,
            version: changed.version,
        })
    }

    /// The unit wants what it claimed.
    pub(super) async fn contested(&mut self, cast: &Cast, reason: &str) -> anyhow::Result<()> {
        let request = pb::ContestLeafRequest {
            context: None,
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
            leaf: self.leaf.clone(),
            leaf_version: self.version,
            wanted: Some(figures::mark(self.claimed)),
            reason: reason.to_owned(),
        };
        let mut campaigns = cast.assessor(&self.unit)?.campaigns;
        let answer = campaigns.contest_leaf(request).await;
        let answer = answer.context("contesting a leaf")?;
        self.version = answer.into_inner().leaf_version;
        Ok(())
    }

    /// The appraiser keeps to the first value.
    pub(super) async fn kept(&mut self, cast: &Cast, homes: &Homes) -> anyhow::Result<()> {
        let request = pb::AppraiseLeafRequest {
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
            leaf: self.leaf.clone(),
            leaf_version: self.version,
            verdict: Verdict::Keep.into(),
            ..Default::default()
        };
        let mut campaigns = cast.appraiser_of(&self.unit, homes)?.campaigns;
        let answer = campaigns.appraise_leaf(request).await;
        let answer = answer.context("keeping to the first value")?;
        self.version = answer.into_inner().leaf_version;
        Ok(())
    }

    /// The council meets both half-way.
    pub(super) async fn decided(&mut self, cast: &Cast) -> anyhow::Result<()> {
        let half = (self.claimed + self.first) / Decimal::TWO;
        let request = pb::RemarkOnLeafRequest {
            context: None,
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
            leaf: self.leaf.clone(),
            leaf_version: self.version,
            mark: Some(figures::mark(half)),
            remark: REMARK.to_owned(),
        };
        let answer = cast.council()?.campaigns.remark_on_leaf(request).await;
        answer.context("deciding a contested leaf").map(drop)
    }

    /// The leaf with all that was decided and said of it.
    pub(super) async fn show(
        &self,
        services: &Services,
        screen: &mut Screen,
    ) -> anyhow::Result<()> {
        let sheet = assessment(services, &self.campaign, &self.unit).await?;
        let leaf = sheet.leaves.into_iter().find(|it| it.leaf == self.leaf);
        let leaf = leaf.context("the contested leaf is not on the sheet")?;
        screen.heading(&format!(
            "Contested · {}: {} {}, at most {}",
            self.name, leaf.leaf, leaf.name_vi, leaf.max
        ));
        let mark = |mark: Option<&pb::Mark>| {
            let points = mark.map(|mark| mark.points.clone()).unwrap_or_default();
            show::or_dash(&points).to_owned()
        };
        let decided = |decision: &Option<pb::LeafDecision>| {
            mark(
                decision
                    .as_ref()
                    .and_then(|decision| decision.mark.as_ref()),
            )
        };
        screen.line(format!(
            "  self {} · first appraisal {} · second {} · council {} · what counts {}",
            mark(leaf.claimed.as_ref()),
            decided(&leaf.first),
            decided(&leaf.second),
            decided(&leaf.council),
            mark(leaf.decided.as_ref())
        ));
        for (_, line) in said(&leaf) {
            screen.line(format!("  {line}"));
        }
        Ok(())
    }
}

/// What was said of a leaf, in the order of time.
fn said(leaf: &pb::LeafAssessment) -> Vec<((i64, i32), String)> {
    let line = |what: &str, by: &str, text: &str| format!("{what:<12} {by:<16} {text}");
    let at = |at: &Option<prost_types::Timestamp>| at.map_or((0, 0), |at| (at.seconds, at.nanos));
    let notes = leaf.notes.iter().map(|note| {
        let kind = words::note(note.kind(), Language::En);
        (at(&note.at), line(kind, &note.by, &note.text))
    });
    // What the council decides it says in a remark.
    let decisions = [("First", &leaf.first), ("Second", &leaf.second)];
    let decisions = decisions.into_iter().filter_map(|(what, decision)| {
        let decision = decision.as_ref()?;
        let reason = match decision.reason.as_str() {
            "" => "keeps to the first value",
            reason => reason,
        };
        Some((at(&decision.at), line(what, &decision.by, reason)))
    });
    let mut said: Vec<_> = notes.chain(decisions).collect();
    said.sort_by_key(|(at, _)| *at);
    said
}
