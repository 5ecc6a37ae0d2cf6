//! What one unit lost most by in the year before becomes a task of a named person; the next campaign shows what came of it.

use anyhow::Context as _;
use contracts::assessments::v1 as pb;
use contracts::wire;
use index::{Definition, Part};
use jiff::{SignedDuration, Timestamp};
use pb::task_origin::Origin;
use rust_decimal::Decimal;

use super::cast::Cast;
use super::figures;
use super::played::Played;
use crate::demo::screen::Screen;
use crate::improvement;

/// A quarter of a year.
const TIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How far the unit is, in per cent, and what it says.
const PROGRESS: (i32, &str) = (
    60,
    "Đã rà soát nguyên nhân, phân công và hoàn thành phần lớn",
);

/// A task by its code, and whose it is.
#[derive(Debug)]
pub(super) struct Assigned {
    code: String,
    unit: String,
    name: String,
}

/// Makes a task of the leaf that the last of the first group lost most by, and lets its unit note how far it is.
pub(super) async fn assign(
    cast: &Cast,
    before: &Played,
    published: &pb::PublishedResult,
    now: Timestamp,
) -> anyhow::Result<Option<Assigned>> {
    let Some(set) = before.sets.first() else {
        return Ok(None);
    };
    let units = published
        .units
        .iter()
        .filter(|unit| unit.group == set.group);
    let rank = |unit: &&pb::PublishedUnit| unit.outcome.as_ref().map_or(0, |it| it.rank);
    let Some(last) = units.max_by_key(rank) else {
        return Ok(None);
    };
    let Some(worst) = worst(last, &set.definition) else {
        return Ok(None);
    };
    let code = format!("{}-1", before.code);
    let request = pb::AssignTaskRequest {
        context: None,
        code: code.clone(),
        title: format!("Khắc phục tiêu chí {}: {}", worst.0, worst.1),
        plan: "Kế hoạch khắc phục sau công bố".to_owned(),
        origin: Some(pb::TaskOrigin {
            origin: Some(Origin::Leaf(pb::LeafOrigin {
                campaign: before.code.clone(),
                leaf: worst.0,
                ..Default::default()
            })),
        }),
        unit: last.unit.clone(),
        person: Cast::assessor_of(&last.unit),
        due_at: Some(wire::timestamp(now + TIME)),
    };
    let mut organiser = cast.organiser(&before.homes)?.improvements;
    organiser
        .assign_task(request)
        .await
        .context("assigning a task")?;
    let (percent, text) = PROGRESS;
    let request = pb::NoteProgressRequest {
        context: None,
        code: code.clone(),
        percent,
        text: text.to_owned(),
    };
    let mut assessor = cast.assessor(&last.unit)?.improvements;
    assessor
        .note_progress(request)
        .await
        .context("noting how far a task is")?;
    Ok(Some(Assigned {
        code,
        name: before.name(&last.unit).to_owned(),
        unit: last.unit.clone(),
    }))
}

/// Code and name of the leaf that a unit lost most by, among those that it answers for itself.
fn worst(unit: &pb::PublishedUnit, definition: &Definition) -> Option<(String, String)> {
    let lost = unit.leaves.iter().filter_map(|published| {
        let mut leaves = definition.leaves().iter();
        let leaf = leaves.find(|leaf| leaf.code().as_str() == published.leaf)?;
        let mut components = definition.components().iter();
        let of = components.find(|it| Some(&it.code) == leaf.component());
        let extra = of.is_some_and(|of| of.part != Part::Regular);
        let appraised = published.source == "appraised";
        let points = figures::points(published.r#final.as_ref())?;
        (appraised && !extra).then_some((leaf.max() - points, leaf))
    });
    let (lost, leaf) = lost.max_by_key(|(lost, _)| *lost)?;
    (lost > Decimal::ZERO).then(|| (leaf.code().to_string(), leaf.name().vi.clone()))
}

impl Assigned {
    /// The task with its effect, as its unit sees it.
    pub(super) async fn show(&self, cast: &Cast, screen: &mut Screen) -> anyhow::Result<()> {
        let request = pb::GetTaskRequest {
            code: self.code.clone(),
            ..Default::default()
        };
        let mut assessor = cast.assessor(&self.unit)?.improvements;
        let task = assessor
            .get_task(request)
            .await
            .context("reading a task")?
            .into_inner();
        screen.heading(&format!(
            "Improvement · what {} lost most by, and what came of it",
            self.name
        ));
        for line in improvement::told(&task).lines() {
            screen.line(format!("  {line}").trim_end());
        }
        Ok(())
    }
}
