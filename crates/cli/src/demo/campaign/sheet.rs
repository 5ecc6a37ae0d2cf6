//! A unit's part in a campaign: what it declares, and what appraisers make of that.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use contracts::assessments::v1 as pb;
use index::{Definition, Leaf, Source};
use pb::AppraisalVerdict as Verdict;
use rust_decimal::Decimal;
use simulator::Stated;

use super::figures::{self, Figures};
use crate::{Link, Services};

/// A client of campaigns, for somebody.
type Campaigns = pb::campaigns_service_client::CampaignsServiceClient<Link>;

/// A unit's sheet, and what is known of its year.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) campaign: String,
    pub(super) year: i16,
    pub(super) unit: String,
    pub(super) name: String,
    pub(super) definition: Arc<Definition>,
    pub(super) figures: Figures,
    /// Whether the unit's dossiers of that year are counted here.
    pub(super) dossiers: bool,
    /// Leaves that the first appraisal changed.
    pub(super) changed: Vec<Changed>,
    pub(super) tally: Tally,
}

/// A leaf that an appraiser changed.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub(super) leaf: String,
    pub(super) claimed: Decimal,
    pub(super) first: Decimal,
    /// Whether the unit has a paper that shows what it declared.
    pub(super) proven_later: bool,
    /// Version of the leaf, to name in commands.
    pub(super) version: i64,
}

impl Changed {
    pub(super) fn lost(&self) -> Decimal {
        self.claimed - self.first
    }
}

/// How many leaves went which way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) claimed: usize,
    pub(super) accepted: usize,
    pub(super) changed: usize,
    pub(super) by_hand: usize,
    pub(super) given_back: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.claimed += other.claimed;
        self.accepted += other.accepted;
        self.changed += other.changed;
        self.by_hand += other.by_hand;
        self.given_back += other.given_back;
    }
}

impl Sheet {
    /// The unit says all that it has to say, and hands it in.
    pub(super) async fn fill_in(&mut self, assessor: &Services) -> anyhow::Result<()> {
        let mut campaigns = assessor.campaigns.clone();
        let definition = self.definition.clone();
        for leaf in definition.leaves().iter().filter(|leaf| claimable(leaf)) {
            let request = pb::ClaimLeafRequest {
                context: None,
                campaign: self.campaign.clone(),
                unit: self.unit.clone(),
                leaf: leaf.code().to_string(),
                leaf_version: 0,
                figures: figures::declared(leaf, &self.figures)?,
                claimed: None,
                explanation: String::new(),
                evidence: vec![
                    self.evidence("Báo cáo cải cách hành chính năm", leaf.code().as_str()),
                ],
            };
            let claimed = campaigns.claim_leaf(request).await;
            claimed.with_context(|| format!("{} claims leaf {}", self.unit, leaf.code()))?;
            self.tally.claimed += 1;
        }
        let submit = pb::SubmitAssessmentRequest {
            context: None,
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
        };
        let submitted = campaigns.submit_assessment(submit).await;
        submitted.with_context(|| format!("{} hands in its sheet", self.unit))?;
        Ok(())
    }

    pub(super) fn evidence(&self, title: &str, item: &str) -> pb::Evidence {
        let number = self.unit.rsplit('.').next().unwrap_or_default();
        pb::Evidence {
            title: format!("{title} {}", self.year),
            number: format!("1{number}/BC"),
            date: format!("{}-12-20", self.year),
            issuer: self.name.clone(),
            item: item.to_owned(),
            page: "4".to_owned(),
            sha256: Vec::new(),
            initiative: String::new(),
        }
    }

    /// An appraiser holds declarations against papers, accepts what needs nothing, and decides the rest by hand.
    pub(super) async fn first_appraisal(&mut self, appraiser: &Services) -> anyhow::Result<()> {
        let mut campaigns = appraiser.campaigns.clone();
        let definition = self.definition.clone();
        let seen = self.seen(&mut campaigns).await?;
        for (leaf, seen) in with_rules(&seen, &definition) {
            if claimable(leaf) {
                self.check(&mut campaigns, leaf, seen).await?;
            } else if !self.dossiers && figures::rests_on_dossiers(leaf, &definition) {
                self.by_register(&mut campaigns, leaf, seen).await?;
            }
        }
        let accept = pb::AcceptLeavesRequest {
            context: None,
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
        };
        let accepted = campaigns.accept_leaves(accept).await;
        self.tally.accepted += accepted
            .context("accepting leaves")?
            .into_inner()
            .leaves
            .len();
        self.rest(&mut campaigns).await
    }

    async fn seen(&self, campaigns: &mut Campaigns) -> anyhow::Result<Vec<pb::LeafAssessment>> {
        let request = pb::GetAssessmentRequest {
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
        };
        let answer = campaigns.get_assessment(request).await;
        let answer = answer.with_context(|| format!("reading the sheet of {}", self.unit))?;
        Ok(answer.into_inner().leaves)
    }

    /// Changes a claim that papers do not show.
    async fn check(
        &mut self,
        campaigns: &mut Campaigns,
        leaf: &Leaf,
        seen: &pb::LeafAssessment,
    ) -> anyhow::Result<()> {
        let overstated = figures::overstated(leaf, &self.figures)?;
        let Some((name, figure)) = overstated.first() else {
            return Ok(());
        };
        let mark = figures::shown(leaf, &self.figures)?;
        let claimed = figures::points(seen.claimed.as_ref());
        let (Some(claimed), Some(first)) = (claimed, figures::points(Some(&mark))) else {
            return Ok(());
        };
        if first == claimed.round_dp(2) {
            return Ok(());
        }
        let label = self
            .definition
            .input(name)
            .map(|input| input.label.vi.as_str());
        let reason = match (&figure.shown, &figure.declared) {
            (Stated::Number(shown), Stated::Number(declared)) => format!(
                "{}: tài liệu kiểm chứng thể hiện {shown}, đơn vị kê khai {declared}",
                label.unwrap_or(name)
            ),
            _ => "Tài liệu kiểm chứng chưa thể hiện nội dung đơn vị kê khai".to_owned(),
        };
        let proven_later = overstated.iter().all(|(_, figure)| figure.proven_later);
        let version = self.appraise(campaigns, seen, mark, &reason).await?;
        self.tally.changed += 1;
        self.changed.push(Changed {
            leaf: seen.leaf.clone(),
            claimed,
            first,
            proven_later,
            version,
        });
        Ok(())
    }

    /// Dossiers of that year are on paper: an appraiser counts there.
    async fn by_register(
        &mut self,
        campaigns: &mut Campaigns,
        leaf: &Leaf,
        seen: &pb::LeafAssessment,
    ) -> anyhow::Result<()> {
        let mark = figures::shown(leaf, &self.figures)?;
        let reason = format!(
            "Theo sổ theo dõi hồ sơ năm {}: hồ sơ của năm này không có trong hệ thống",
            self.year
        );
        self.appraise(campaigns, seen, mark, &reason).await?;
        self.tally.by_hand += 1;
        Ok(())
    }

    /// What nobody has decided on rests on dossiers that the unit did not have.
    async fn rest(&mut self, campaigns: &mut Campaigns) -> anyhow::Result<()> {
        let seen = self.seen(campaigns).await?;
        let definition = self.definition.clone();
        for (leaf, seen) in with_rules(&seen, &definition) {
            if seen.decided.is_some() || leaf.max().is_zero() {
                continue;
            }
            if !figures::rests_on_dossiers(leaf, &definition) {
                bail!("nobody decided on leaf {} of {}", leaf.code(), self.unit);
            }
            let mark = pb::Mark {
                points: String::new(),
                not_applicable: true,
            };
            let reason = "Trong năm không phát sinh hồ sơ";
            self.appraise(campaigns, seen, mark, reason).await?;
            self.tally.by_hand += 1;
        }
        Ok(())
    }

    async fn appraise(
        &self,
        campaigns: &mut Campaigns,
        seen: &pb::LeafAssessment,
        mark: pb::Mark,
        reason: &str,
    ) -> anyhow::Result<i64> {
        let request = self.change(&seen.leaf, seen.leaf_version, mark, reason);
        let answer = campaigns.appraise_leaf(request).await;
        let answer = answer.with_context(|| format!("appraising {} of {}", seen.leaf, self.unit));
        Ok(answer?.into_inner().leaf_version)
    }

    fn change(
        &self,
        leaf: &str,
        leaf_version: i64,
        mark: pb::Mark,
        reason: &str,
    ) -> pb::AppraiseLeafRequest {
        pb::AppraiseLeafRequest {
            context: None,
            campaign: self.campaign.clone(),
            unit: self.unit.clone(),
            leaf: leaf.to_owned(),
            leaf_version,
            verdict: Verdict::Change.into(),
            mark: Some(mark),
            text: reason.to_owned(),
        }
    }

    /// The unit brings the papers that it left out.
    pub(super) async fn explain(&mut self, assessor: &Services) -> anyhow::Result<()> {
        let mut campaigns = assessor.campaigns.clone();
        for place in self.proven_later() {
            let changed = &self.changed[place];
            let request = pb::ExplainLeafRequest {
                context: None,
                campaign: self.campaign.clone(),
                unit: self.unit.clone(),
                leaf: changed.leaf.clone(),
                leaf_version: changed.version,
                text: "Đơn vị bổ sung tài liệu còn thiếu khi nộp phiếu".to_owned(),
                evidence: vec![self.evidence("Tài liệu bổ sung năm", &changed.leaf)],
            };
            let answer = campaigns.explain_leaf(request).await;
            let answer = answer.with_context(|| format!("{} explains", self.unit))?;
            self.changed[place].version = answer.into_inner().leaf_version;
        }
        Ok(())
    }

    /// An appraiser gives back the points that papers show now.
    pub(super) async fn second_appraisal(&mut self, appraiser: &Services) -> anyhow::Result<()> {
        let mut campaigns = appraiser.campaigns.clone();
        for place in self.proven_later() {
            let changed = &self.changed[place];
            let reason = "Tài liệu bổ sung đủ để chấp nhận điểm tự chấm";
            let mark = figures::mark(changed.claimed);
            let request = self.change(&changed.leaf, changed.version, mark, reason);
            let answer = campaigns.appraise_leaf(request).await;
            answer.with_context(|| format!("appraising {} again", self.unit))?;
            self.tally.given_back += 1;
        }
        Ok(())
    }

    fn proven_later(&self) -> Vec<usize> {
        let changed = self.changed.iter().enumerate();
        changed
            .filter(|(_, changed)| changed.proven_later)
            .map(|(place, _)| place)
            .collect()
    }
}

/// Leaves of a sheet, each with the rules that it is judged by.
fn with_rules<'a>(
    seen: &'a [pb::LeafAssessment],
    definition: &'a Definition,
) -> impl Iterator<Item = (&'a Leaf, &'a pb::LeafAssessment)> {
    seen.iter().filter_map(|seen| {
        let mut leaves = definition.leaves().iter();
        let leaf = leaves.find(|leaf| leaf.code().as_str() == seen.leaf)?;
        Some((leaf, seen))
    })
}

/// Whether a unit says something of a leaf that counts.
fn claimable(leaf: &Leaf) -> bool {
    match leaf.source() {
        Source::Appraised | Source::Reported => !leaf.max().is_zero(),
        Source::Measured | Source::Surveyed => false,
    }
}
