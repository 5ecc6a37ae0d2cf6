//! A campaign from its plan to its publication, every stage closed as soon as everybody is done.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use contracts::registry::v1::Unit;
use futures::{TryStreamExt as _, stream};
use jiff::civil::date;
use pb::CampaignStage as Stage;
use simulator::{Plan, assessed};

use super::cast::{Cast, Homes};
use super::contest::{self, Contest};
use super::sets::{self, Set};
use super::sheet::{Sheet, Tally};
use super::{figures, stages};
use crate::demo::screen::Screen;
use crate::demo::{reports, settle, world};
use crate::{Services, show};

/// Units that are at work at once: what keeps two cores busy.
const IN_FLIGHT: usize = 8;

/// What became of a campaign.
#[derive(Debug)]
pub(super) struct Played {
    /// Its code.
    pub(super) code: String,
    pub(super) sets: Vec<Set>,
    /// Units that the registry knew on the campaign's day.
    pub(super) units: BTreeMap<String, Unit>,
    /// Who contested which leaf up to the council; none where nothing was there to contest.
    pub(super) contest: Option<Contest>,
    pub(super) homes: Homes,
    tally: Tally,
}

impl Played {
    /// The Vietnamese name of a unit.
    pub(super) fn name(&self, unit: &str) -> &str {
        let name = self.units.get(unit).and_then(|unit| unit.name.as_ref());
        name.map_or("", |name| name.vi.as_str())
    }

    /// What it came to, in a line.
    pub(super) fn told(&self) -> String {
        let count = |number: usize| show::count(number as u64);
        let Tally {
            claimed,
            accepted,
            changed,
            by_hand,
            given_back,
        } = self.tally;
        format!(
            "{}: {} leaves claimed, {} accepted, {} changed, {} given back, {} by hand",
            self.code,
            count(claimed),
            count(accepted),
            count(changed),
            count(given_back),
            count(by_hand),
        )
    }
}

/// A campaign that is on, and who runs it.
struct Running<'a> {
    cast: &'a Cast,
    homes: Homes,
    organiser: Services,
    code: String,
    sheets: Vec<Sheet>,
}

/// Plays the campaign of a year. Only in the year of the plan are dossiers counted, and is a leaf contested.
pub(super) async fn play(
    cast: &Cast,
    services: &Services,
    year: i16,
    plan: Plan,
    screen: &Screen,
) -> anyhow::Result<Played> {
    let as_of = match year == plan.year {
        true => world::day(plan.now),
        false => date(year, 12, 31),
    };
    let as_of = as_of.to_string();
    let units = world::units_on(services, &as_of).await?;
    let assessed = units
        .into_iter()
        .filter(|unit| world::group(unit.group()).is_some());
    let units: BTreeMap<String, Unit> = assessed.map(|it| (it.code.clone(), it)).collect();
    let homes = Homes::among(&units)?;
    let organiser = cast.organiser(&homes)?;
    let mut sets = sets::of_year(&organiser, year).await?;
    sets.retain(|set| units.values().any(|unit| set.judges(unit)));
    let code = format!("par-{year}");
    let planned = stages::plan(&organiser, &code, year, &as_of, &sets, plan.now).await?;
    stages::open(&organiser, &planned, &homes).await?;
    let mut running = Running {
        cast,
        homes,
        organiser,
        code,
        sheets: sheets(&units, &sets, plan, year),
    };
    running.self_assessment(services, year).await?;
    settle::until_reflected(services, plan.year, screen).await?;
    running.first_appraisal().await?;
    let contest = match year == plan.year {
        true => Contest::of(&running.sheets),
        false => None,
    };
    let contest = running.until_the_council(contest).await?;
    stages::publish(cast, &running.code, year).await?;
    let mut tally = Tally::default();
    running.sheets.iter().for_each(|sheet| tally += sheet.tally);
    let Running { code, homes, .. } = running;
    Ok(Played {
        code,
        homes,
        sets,
        units,
        contest,
        tally,
    })
}

fn sheets(units: &BTreeMap<String, Unit>, sets: &[Set], plan: Plan, year: i16) -> Vec<Sheet> {
    let sheet = |unit: &Unit| {
        let set = sets.iter().find(|set| set.judges(unit))?;
        Some(Sheet {
            campaign: format!("par-{year}"),
            year,
            unit: unit.code.clone(),
            name: unit.name.clone().unwrap_or_default().vi,
            definition: set.definition.clone(),
            figures: assessed(&unit.code, year, plan.seed),
            dossiers: year == plan.year,
            changed: Vec::new(),
            tally: Tally::default(),
        })
    };
    units.values().filter_map(sheet).collect()
}

impl Running<'_> {
    /// Others report what they count, and every unit hands in its sheet.
    async fn self_assessment(&mut self, services: &Services, year: i16) -> anyhow::Result<()> {
        let mut of_others = Vec::new();
        for sheet in &self.sheets {
            let told = figures::of_others(&sheet.unit, &sheet.definition, &sheet.figures)?;
            of_others.extend(told);
        }
        reports::state(services, of_others, year).await?;
        let cast = self.cast;
        self.each(async |sheet| {
            let assessor = cast.assessor(&sheet.unit)?;
            sheet.fill_in(&assessor).await
        })
        .await?;
        self.close(Stage::SelfAssessment).await
    }

    async fn first_appraisal(&mut self) -> anyhow::Result<()> {
        self.each_appraised(async |sheet, appraiser| sheet.first_appraisal(&appraiser).await)
            .await?;
        self.close(Stage::FirstAppraisal).await
    }

    /// Units explain, appraisers look again; what a unit contests goes to the council.
    async fn until_the_council(
        &mut self,
        mut contest: Option<Contest>,
    ) -> anyhow::Result<Option<Contest>> {
        let cast = self.cast;
        self.each(async |sheet| {
            let assessor = cast.assessor(&sheet.unit)?;
            sheet.explain(&assessor).await
        })
        .await?;
        if let Some(contest) = &mut contest {
            contest.contested(cast, contest::FIRST).await?;
        }
        self.close(Stage::Explanation).await?;
        self.each_appraised(async |sheet, appraiser| sheet.second_appraisal(&appraiser).await)
            .await?;
        if let Some(contest) = &mut contest {
            contest.kept(cast, &self.homes).await?;
        }
        self.close(Stage::SecondAppraisal).await?;
        if let Some(contest) = &mut contest {
            contest.contested(cast, contest::AGAIN).await?;
            contest.decided(cast).await?;
        }
        self.close(Stage::Council).await?;
        Ok(contest)
    }

    async fn close(&self, stage: Stage) -> anyhow::Result<()> {
        stages::close(&self.organiser, &self.code, stage).await
    }

    /// The same for every unit, some at once.
    async fn each(
        &mut self,
        act: impl AsyncFn(&mut Sheet) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        stream::iter(self.sheets.iter_mut().map(Ok))
            .try_for_each_concurrent(IN_FLIGHT, |sheet| act(sheet))
            .await
    }

    async fn each_appraised(
        &mut self,
        act: impl AsyncFn(&mut Sheet, Services) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (cast, homes) = (self.cast, &self.homes);
        stream::iter(self.sheets.iter_mut().map(Ok))
            .try_for_each_concurrent(IN_FLIGHT, |sheet| {
                let act = &act;
                async move {
                    let appraiser = cast.appraiser_of(&sheet.unit, homes)?;
                    act(sheet, appraiser).await
                }
            })
            .await
    }
}
