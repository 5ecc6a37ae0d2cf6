//! What follows from the logs, beside what a document says.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use eventlog::Recorded;
use ids::UnitCode;
use index::{Definition, Inputs, Leaf};

use super::counted::{Counted, Counting};
use super::record::Published;
use super::scored::marked;
use super::{Difference, Finding, Record, Scored, Unproven, Unreadable, Verdict, compare};
use crate::LOG;
use crate::campaigns::figures::{SCORING, counted};
use crate::campaigns::terms::figures_to_wire;

/// Why frozen figures were not counted again.
const NOT_NAMED: &str = "the publication does not name which events they were counted from, so they stand as it froze them";
const NOT_READ: &str = "what they were counted from cannot be read, so they stand as it froze them";

/// What was read for a document.
pub(super) struct Read {
    record: Result<Record, Unreadable>,
    /// None when the document does not name what its figures were counted from.
    counting: Option<Result<Counting, Unreadable>>,
    scored: Option<Scored>,
}

impl Read {
    pub(super) fn of(result: &pb::PublishedResult) -> Self {
        let scoring = result.rests_on.iter().find(|basis| basis.log == SCORING);
        Self {
            record: Record::of(result),
            counting: result.counted_on.as_ref().map(Counting::of),
            scored: scoring.map(|basis| Scored::until(basis.position, &result.period)),
        }
    }

    /// The next event of a log. After one that cannot be read nothing follows any more from what it belongs to.
    pub(super) fn take(&mut self, log: &str, event: &Recorded) {
        if log == LOG
            && let Ok(record) = &mut self.record
            && let Err(why) = record.apply(event)
        {
            self.record = Err(why);
        }
        if let Some(Ok(counting)) = &mut self.counting
            && let Err(why) = counting.apply(log, event)
        {
            self.counting = Some(Err(why));
        }
        if log == SCORING
            && let Some(scored) = &mut self.scored
        {
            scored.apply(event);
        }
    }

    /// Compares all that follows with what the document says.
    pub(super) fn judge(self, result: &pb::PublishedResult, verdict: &mut Verdict) {
        if let Err(why) = self.compared(result, verdict) {
            verdict.findings.push(Finding::Unreadable(why));
        }
    }

    fn compared(
        self,
        result: &pb::PublishedResult,
        verdict: &mut Verdict,
    ) -> Result<(), Unreadable> {
        let record = self.record?;
        let published = record.published()?;
        let (counting, why) = match self.counting.transpose() {
            Ok(counting) => (counting, NOT_NAMED),
            Err(why) => {
                verdict.findings.push(Finding::Unreadable(why));
                (None, NOT_READ)
            }
        };
        let counted = counting.map(Counting::counted);
        let again = counted
            .as_ref()
            .map(|counted| counted.again(published.plan, &published.editions));
        let frozen = &published.it.figures;
        let figures = again.as_ref().map_or(frozen, |again| &again.figures);
        let recomputed = record.recomputed(&published, figures);
        let mut differences = compare(result, &recomputed);
        if let Some(again) = again {
            let otherwise = frozen_otherwise(frozen, &again.figures, &differences);
            differences.extend(otherwise);
            differences.extend(again.differences);
            (verdict.figures, verdict.surveyed) = (again.by_log, again.surveyed);
        }
        let differences = differences.into_iter().map(Finding::Differs);
        verdict.findings.extend(differences);
        leaves(
            &published,
            counted.is_some().then_some(()).ok_or(why),
            verdict,
        );
        verdict.unproven.extend(accepted(&recomputed));
        if let Some(scored) = &self.scored {
            measured(result, scored, (&published, counted.as_ref()), verdict);
        }
        Ok(())
    }
}

/// Counts the leaves that were recomputed with every figure that they take, and names what stands on figures that were not
/// counted again, for which the reason is given.
fn leaves(published: &Published<'_>, figures: Result<(), &str>, verdict: &mut Verdict) {
    let (mut units, mut standing) = (0, 0);
    for group in published.plan.participants.values() {
        let Some(definition) = published.editions.get(group) else {
            continue;
        };
        let leaves = definition.leaves();
        let taking = leaves.iter().filter(|leaf| takes_counted(definition, leaf));
        let frozen = if figures.is_ok() { 0 } else { taking.count() };
        verdict.leaves += leaves.len() - frozen;
        standing += frozen;
        units += usize::from(frozen > 0);
    }
    if let Err(why) = figures
        && standing > 0
    {
        verdict.unproven.push(Unproven {
            what: format!("the figures that {standing} leaves of {units} units take"),
            why: why.to_owned(),
        });
    }
}

fn takes_counted(definition: &Definition, leaf: &Leaf) -> bool {
    let mut inputs = leaf.inputs();
    inputs.any(|name| {
        let input = definition.input(name.as_str());
        input.is_some_and(|input| counted(input.kind))
    })
}

/// Measured leaves that stand as somebody accepted them while they were measured otherwise. Which figures there were at that
/// moment is in no publication.
fn accepted(recomputed: &pb::PublishedResult) -> Vec<Unproven> {
    let leaves = recomputed.units.iter().flat_map(|unit| {
        let leaves = unit.leaves.iter();
        leaves.map(move |leaf| (&unit.unit, leaf))
    });
    let standing = leaves.filter_map(|(unit, leaf)| {
        let decided = [&leaf.council, &leaf.second, &leaf.first];
        let decision = decided.into_iter().flatten().next()?;
        let accepted = decision.reason.is_empty() && leaf.source == "measured";
        (accepted && leaf.r#final != leaf.measured).then(|| Unproven {
            what: format!(
                "{unit} {} final {}",
                leaf.leaf,
                marked(leaf.r#final.as_ref())
            ),
            why: format!(
                "it was accepted as it was measured then; by the frozen figures it is {}",
                marked(leaf.measured.as_ref())
            ),
        })
    });
    standing.collect()
}

/// Figures that the log of assessments froze otherwise than they are counted, where the document does not say so too.
fn frozen_otherwise(
    frozen: &BTreeMap<UnitCode, Inputs>,
    again: &BTreeMap<UnitCode, Inputs>,
    told: &[Difference],
) -> Vec<Difference> {
    let only_figures = |figures: &BTreeMap<UnitCode, Inputs>| {
        let units = figures.iter().map(|(unit, of_unit)| pb::PublishedUnit {
            unit: unit.to_string(),
            figures: figures_to_wire(of_unit),
            ..pb::PublishedUnit::default()
        });
        pb::PublishedResult {
            units: units.filter(|unit| !unit.figures.is_empty()).collect(),
            ..pb::PublishedResult::default()
        }
    };
    let differences = compare(&only_figures(frozen), &only_figures(again)).into_iter();
    differences
        .filter(|difference| !told.contains(difference))
        .map(|difference| Difference {
            what: format!("{}, as the log froze it", difference.what),
            ..difference
        })
        .collect()
}

/// Measured leaves beside what scoring told of them in its log.
fn measured(
    result: &pb::PublishedResult,
    scored: &Scored,
    (published, counted): (&Published<'_>, Option<&Counted>),
    verdict: &mut Verdict,
) {
    let mut untold = 0;
    for unit in &result.units {
        let rules = result.rules.iter().find(|rules| rules.group == unit.group);
        let (Some(rules), Some(definition)) = (rules, published.editions.get(&unit.group)) else {
            continue;
        };
        let had_to = || {
            let code: Option<UnitCode> = unit.unit.parse().ok();
            let (counted, code) = counted.zip(code)?;
            Some(counted.is_scored(&code, published.plan.period, definition))
        };
        for leaf in unit.leaves.iter().filter(|leaf| leaf.source == "measured") {
            match scored.compare(rules, &unit.unit, leaf) {
                Some(Ok(())) => verdict.told += 1,
                Some(Err(difference)) => verdict.findings.push(Finding::Differs(difference)),
                None => match had_to() {
                    Some(true) => verdict.findings.push(Finding::Untold {
                        unit: unit.unit.clone(),
                        leaf: leaf.leaf.clone(),
                    }),
                    // It had nothing to tell.
                    Some(false) => {}
                    None => untold += 1,
                },
            }
        }
    }
    if untold > 0 {
        verdict.unproven.push(Unproven {
            what: format!("{untold} measured leaves, by the log of scoring"),
            why: "it never told them".to_owned(),
        });
    }
}
