//! What units, appraisers and the council write, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};

use contracts::assessments::v1 as pb;
use pb::AppraisalVerdict as Verdict;
use rust_decimal::{Decimal, RoundingStrategy};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::cast::{CAMPAIGN, Campaigns};
use super::sets::{self, Case, Set};

/// Points of each leaf as they stand in the end; none where it does not apply.
pub(super) type Decided = BTreeMap<String, Option<Decimal>>;

/// A unit's part.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) unit: String,
    pub(super) set: Set,
    pub(super) decided: Decided,
    /// SHA-256 of files that claims name as evidence, by leaf.
    pub(super) shows: BTreeMap<String, Vec<u8>>,
    /// Leaves that an appraiser asked about.
    pub(super) asked: BTreeSet<String>,
}

impl Sheet {
    pub(super) fn of(unit: &str, group: &str) -> Self {
        Self {
            unit: unit.to_owned(),
            set: sets::of(group),
            decided: Decided::new(),
            shows: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }

    /// One of a leaf's examples, another one for each unit and each version.
    fn case(&self, leaf: &str, version: i64) -> &Case {
        let cases = &self.set.leaves[leaf].cases;
        let salt: usize = self.unit.bytes().chain(leaf.bytes()).map(usize::from).sum();
        let version = usize::try_from(version).expect("not negative");
        &cases[(salt + version) % cases.len()]
    }

    /// The unit claims every leaf that is its own to claim, and hands the sheet in.
    pub(super) async fn filled_in(&mut self, mut assessor: Campaigns) {
        let own = self.set.leaves.iter().filter(|(_, leaf)| leaf.claimed);
        let own: Vec<String> = own.map(|(code, _)| code.clone()).collect();
        let (last, rest) = own.split_last().expect("leaves");
        for leaf in rest {
            self.claimed(&mut assessor, leaf, 0).await;
        }
        let early = assessor.submit_assessment(self.submission()).await;
        let status = early.expect_err("a leaf is missing");
        assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
        let lacks = status.get_details_precondition_failure().expect("what");
        let named: Vec<&str> = lacks
            .violations
            .iter()
            .map(|lack| lack.subject.as_str())
            .collect();
        assert!(named.contains(&last.as_str()), "{named:?}");
        self.claimed(&mut assessor, last, 0).await;
        self.submitted(&mut assessor).await;
    }

    /// The unit hands the sheet in.
    pub(super) async fn submitted(&self, assessor: &mut Campaigns) {
        let submitted = assessor.submit_assessment(self.submission()).await;
        submitted.unwrap_or_else(|status| panic!("{}: {status:?}", self.unit));
    }

    /// The unit says something else of a leaf.
    pub(super) async fn claimed_anew(
        &mut self,
        assessor: &mut Campaigns,
        leaf: &pb::LeafAssessment,
    ) {
        self.claimed(assessor, &leaf.leaf, leaf.leaf_version).await;
    }

    fn submission(&self) -> pb::SubmitAssessmentRequest {
        pb::SubmitAssessmentRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            unit: self.unit.clone(),
        }
    }

    async fn claimed(&mut self, assessor: &mut Campaigns, leaf: &str, version: i64) {
        let case = self.case(leaf, version).clone();
        let shown = self.shows.get(leaf).cloned();
        let request = pb::ClaimLeafRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            unit: self.unit.clone(),
            leaf: leaf.to_owned(),
            leaf_version: version,
            figures: case.figures.clone(),
            claimed: None,
            explanation: "as the annual report says".to_owned(),
            evidence: vec![evidence(shown.unwrap_or_default())],
        };
        let answer = assessor.claim_leaf(request).await;
        let answer = answer.unwrap_or_else(|status| panic!("{} {leaf}: {status:?}", self.unit));
        let claimed = value(answer.into_inner().claimed.as_ref()).expect("points");
        // The set's examples are rounded; what is added up is not.
        assert_eq!(claimed.map(rounded), case.points, "{} {leaf}", self.unit);
        self.decided.insert(leaf.to_owned(), claimed);
    }

    /// An appraiser accepts what needs nothing, and decides on the rest by the reports that it has.
    pub(super) async fn appraised(&mut self, mut appraiser: Campaigns) {
        let accept = pb::AcceptLeavesRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            unit: self.unit.clone(),
        };
        let accepted = appraiser.accept_leaves(accept).await.expect("accepted");
        let accepted = accepted.into_inner().leaves;
        assert!(accepted.len() > self.set.leaves.len() / 3, "{accepted:?}");
        for leaf in self.leaves(&mut appraiser).await {
            let own = self.set.leaves[&leaf.leaf].claimed;
            if accepted.contains(&leaf.leaf) && !own {
                // A measured leaf is what scoring counted.
                assert_eq!(leaf.decided, leaf.measured, "{} {}", self.unit, leaf.leaf);
                let measured = value(leaf.decided.as_ref()).expect("a figure");
                self.decided.insert(leaf.leaf.clone(), measured);
            }
            let asked = self.asked.contains(&leaf.leaf);
            if accepted.contains(&leaf.leaf) || leaf.first.is_some() || asked {
                continue;
            }
            let (verdict, mark, text) = if own {
                (Verdict::Accept, None, "")
            } else {
                let points = self.reported(&leaf.leaf);
                self.decided.insert(leaf.leaf.clone(), Some(points));
                (Verdict::Change, mark(points), "by the report of the survey")
            };
            let request = self.appraisal(&leaf, verdict, mark, text);
            let answer = appraiser.appraise_leaf(request).await;
            answer.unwrap_or_else(|status| panic!("{} {}: {status:?}", self.unit, leaf.leaf));
        }
    }

    /// What the reports say of a leaf that the unit does not claim.
    fn reported(&self, leaf: &str) -> Decimal {
        let cases = self.set.leaves[leaf].cases.iter();
        let points = cases.filter_map(|case| case.points).max();
        points.expect("an example with points")
    }

    pub(super) fn appraisal(
        &self,
        leaf: &pb::LeafAssessment,
        verdict: Verdict,
        mark: Option<pb::Mark>,
        text: &str,
    ) -> pb::AppraiseLeafRequest {
        pb::AppraiseLeafRequest {
            context: None,
            campaign: CAMPAIGN.to_owned(),
            unit: self.unit.clone(),
            leaf: leaf.leaf.clone(),
            leaf_version: leaf.leaf_version,
            verdict: verdict.into(),
            mark,
            text: text.to_owned(),
        }
    }

    pub(super) async fn leaves(&self, by: &mut Campaigns) -> Vec<pb::LeafAssessment> {
        let request = pb::GetAssessmentRequest {
            campaign: CAMPAIGN.to_owned(),
            unit: self.unit.clone(),
            ..Default::default()
        };
        let answer = by.get_assessment(request).await.expect("a sheet");
        answer.into_inner().leaves
    }

    pub(super) async fn leaf(&self, by: &mut Campaigns, leaf: &str) -> pb::LeafAssessment {
        let leaves = self.leaves(by).await.into_iter();
        leaves
            .into_iter()
            .find(|it| it.leaf == leaf)
            .expect("a leaf")
    }
}

/// To the hundredth, half up.
pub(super) fn rounded(points: Decimal) -> Decimal {
    points.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

pub(super) fn mark(points: Decimal) -> Option<pb::Mark> {
    let points = points.to_string();
    Some(pb::Mark {
        points,
        not_applicable: false,
    })
}

/// The points of a mark; the inner none where the leaf does not apply, the outer where there is no mark.
pub(super) fn value(mark: Option<&pb::Mark>) -> Option<Option<Decimal>> {
    let mark = mark?;
    Some((!mark.not_applicable).then(|| mark.points.parse().expect("points")))
}

/// An item of evidence; with a file where its SHA-256 is not empty.
pub(super) fn evidence(sha256: Vec<u8>) -> pb::Evidence {
    pb::Evidence {
        title: "Báo cáo cải cách hành chính năm 2024".to_owned(),
        number: "165/BC-SNV".to_owned(),
        date: "2024-12-26".to_owned(),
        issuer: "Sở Nội vụ".to_owned(),
        item: "II.3".to_owned(),
        page: "4".to_owned(),
        sha256,
        initiative: String::new(),
    }
}
