//! Questions about instruments and waves.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use contracts::page::{Page, Sizes};
use contracts::problem::Problem;
use eventlog::command::Codec;
use jiff::Timestamp;
use survey::{Code, Stage, Wave};

use super::Api;
use crate::past::{self, Until};
use crate::surveys::codec::{INSTRUMENT, InstrumentCodec, WaveCodec, wave_stream};
use crate::surveys::sampled;
use crate::surveys::wire::{self, edition, events};
use crate::view::Kept;

/// Rows of a page: editions and waves without their questions.
const ROWS: Sizes = Sizes {
    default: 100,
    max: 1_000,
};
/// Units of a page of results: with a hundred questions of a dozen answers each, a page stays below 4 MiB.
const UNITS: Sizes = Sizes {
    default: 20,
    max: 100,
};

/// Longest part of a name that a message repeats, in characters.
const NAME_SHOWN: usize = 64;

fn shown(name: &str) -> String {
    name.chars().take(NAME_SHOWN).collect()
}

pub(in crate::surveys) fn no_wave(wave: &str) -> Problem {
    let message = format!(
        "there is no wave {:?}; list those that are planned",
        shown(wave)
    );
    Problem::not_found("NO_WAVE", message)
}

pub(super) fn no_instrument(instrument: &str, edition: &str) -> Problem {
    let (instrument, edition) = (shown(instrument), shown(edition));
    let message = format!("there is no edition {edition:?} of {instrument:?}; list those put");
    Problem::not_found("NO_INSTRUMENT", message)
}

impl Api {
    pub(super) async fn instrument(
        &self,
        request: &pb::GetInstrumentRequest,
    ) -> Result<pb::Instrument, Problem> {
        let none = || no_instrument(&request.instrument, &request.edition);
        let name = events::some_code(&request.edition).map_err(|_| none())?;
        let moment = past::moment(request.as_of.as_ref(), self.clock.now())?;
        let kept = {
            let view = self.view.borrow();
            let kept = view.surveys.instruments.get(&request.instrument);
            kept.cloned().ok_or_else(none)?
        };
        let kept = match moment {
            None => kept,
            Some(moment) => {
                let stream = format!("{INSTRUMENT}{}", request.instrument);
                self.then::<InstrumentCodec>(&stream, moment).await?
            }
        };
        let (edition, used) = kept.state.edition(name.as_ref()).ok_or_else(none)?;
        Ok(pb::Instrument {
            position: kept.position,
            ..wire::instrument(edition::edition(edition), used, kept.version)
        })
    }

    pub(super) fn instruments(
        &self,
        request: &pb::ListInstrumentsRequest,
    ) -> Result<pb::ListInstrumentsResponse, Problem> {
        let list = "instruments".to_owned();
        let page = Page::parse(list, request.page_size, &request.page_token, ROWS)?;
        let view = self.view.borrow();
        let rows = view.surveys.instruments.values().flat_map(|kept| {
            kept.state.editions().map(|(edition, used)| pb::Instrument {
                position: kept.position,
                ..wire::instrument(edition::head(edition), used, kept.version)
            })
        });
        let (instruments, next_page_token) = page.take(rows, |row| {
            let edition = row.edition.as_ref();
            edition.map_or_else(String::new, |it| {
                format!("{} {}", it.instrument, it.edition)
            })
        });
        Ok(pb::ListInstrumentsResponse {
            instruments,
            next_page_token,
        })
    }

    /// What a stream was at a moment.
    async fn then<C: Codec>(
        &self,
        stream: &str,
        moment: Timestamp,
    ) -> Result<Kept<C::Aggregate>, Problem> {
        let past = past::fold::<C>(&self.log, stream, Until::Moment(moment), moment).await?;
        match past.kept.version {
            0 => {
                let message = "the log did not know it yet; ask for a later moment";
                Err(Problem::not_found("NOT_KNOWN_YET", message))
            }
            _ => Ok(past.kept),
        }
    }

    /// A wave as it is, or as it was at a moment.
    async fn known(&self, code: &Code, moment: Option<Timestamp>) -> Result<Kept<Wave>, Problem> {
        let kept = {
            let view = self.view.borrow();
            let kept = view.surveys.wave(code).cloned();
            kept.ok_or_else(|| no_wave(code.as_str()))?
        };
        match moment {
            None => Ok(kept),
            Some(moment) => self.then::<WaveCodec>(&wave_stream(code), moment).await,
        }
    }

    pub(super) async fn wave(&self, request: &pb::GetWaveRequest) -> Result<pb::Wave, Problem> {
        let none = || no_wave(&request.wave);
        let code = events::code(&request.wave).map_err(|_| none())?;
        let moment = past::moment(request.as_of.as_ref(), self.clock.now())?;
        let came = match moment {
            None => {
                // Asked before the log, so that no ballot is missed that is counted in between.
                let came = self.urn.came(&code).await?;
                if came.is_empty() {
                    // Nothing came yet, or all of it was just counted: the log knows.
                    self.shown(self.log.head().await?.position).await;
                }
                came
            }
            // What was in the box at a moment of the past is not kept.
            Some(_) => BTreeMap::new(),
        };
        let kept = self.known(&code, moment).await?;
        let plan = kept.state.plan().ok_or_else(none)?;
        let counted = kept.state.stage() == Some(Stage::Counted);
        let progress = wire::progress(&kept.state, plan, |cell| {
            let cast = plan
                .cell_at(cell)
                .filter(|_| counted)
                .and_then(|(unit, group)| {
                    let key = (unit.clone(), group.clone());
                    kept.state.cast().get(&key).copied()
                });
            cast.or_else(|| came.get(&cell).copied())
                .unwrap_or_default()
        });
        Ok(pb::Wave {
            edition: Some(edition::edition(&plan.edition)),
            progress,
            position: kept.position,
            ..wire::wave(&kept.state, kept.version)
        })
    }

    pub(super) fn waves(
        &self,
        request: &pb::ListWavesRequest,
    ) -> Result<pb::ListWavesResponse, Problem> {
        let page = Page::parse(
            "waves".to_owned(),
            request.page_size,
            &request.page_token,
            ROWS,
        )?;
        let view = self.view.borrow();
        let rows = view.surveys.waves.values().map(|kept| pb::Wave {
            position: kept.position,
            ..wire::wave(&kept.state, kept.version)
        });
        let (waves, next_page_token) = page.take(rows, |wave| wave.wave.clone());
        Ok(pb::ListWavesResponse {
            waves,
            next_page_token,
        })
    }

    pub(super) async fn results(
        &self,
        request: &pb::GetSurveyResultsRequest,
    ) -> Result<pb::SurveyResults, Problem> {
        let code = events::code(&request.wave).map_err(|_| no_wave(&request.wave))?;
        let moment = past::moment(request.as_of.as_ref(), self.clock.now())?;
        let kept = self.known(&code, moment).await?;
        let mut results = counted(request, &code, &kept, moment)?;
        if request.group.is_empty() {
            self.add_indices(&kept.state, &mut results).await?;
        }
        Ok(results)
    }

    /// Adds to the units what the wave's shares and means make of indices.
    async fn add_indices(
        &self,
        wave: &Wave,
        results: &mut pb::SurveyResults,
    ) -> Result<(), Problem> {
        let Some(plan) = wave.plan() else {
            return Ok(());
        };
        let fed = sampled::indices(&plan.edition);
        if fed.is_empty() {
            return Ok(());
        }
        let level = edition::level(results.level)
            .ok()
            .flatten()
            .unwrap_or_default();
        let groups = self.judging.groups(plan).await?;
        for block in results
            .units
            .iter_mut()
            .filter(|block| block.withheld_reason.is_empty())
        {
            let unit = events::unit(&block.unit).map_err(|why| Problem::invalid("unit", why))?;
            let Some(group) = groups.get(&unit) else {
                continue;
            };
            for index in &fed {
                let whom = [group.clone()].into();
                for definition in self.judging.of(index, &whom, plan.period)? {
                    let sampled = sampled::of(wave, plan, &unit, &definition, level);
                    block.indices.push(wire::index(sampled));
                }
            }
        }
        Ok(())
    }
}

/// Answers, counted.
fn counted(
    request: &pb::GetSurveyResultsRequest,
    code: &Code,
    kept: &Kept<Wave>,
    moment: Option<Timestamp>,
) -> Result<pb::SurveyResults, Problem> {
    let unit = events::some_unit(&request.unit).map_err(|why| Problem::invalid("unit", why))?;
    let group = events::some_code(&request.group);
    let group = group.map_err(|why| Problem::invalid("group", why))?;
    let level = edition::level(request.level);
    let level = level.map_err(|why| Problem::invalid("level", why))?;
    let mut list = format!("results {code} {} {}", request.unit, request.group);
    if let Some(moment) = moment {
        list = format!("{list} {moment}");
    }
    let page = Page::parse(list, request.page_size, &request.page_token, UNITS)?;
    let wave = &kept.state;
    let plan = wave.plan().ok_or_else(|| no_wave(&request.wave))?;
    let level = level.unwrap_or(plan.edition.level);
    if wave.stage() != Some(Stage::Counted) {
        let message = "the wave is not counted; results are there once it is closed";
        return Err(Problem::refused("WAVE_NOT_COUNTED", message));
    }
    if let Some(unit) = unit.as_ref().filter(|unit| !plan.units.contains(unit)) {
        let why = format!("the wave does not ask about {unit}; name a unit of its plan");
        return Err(Problem::invalid("unit", why));
    }
    if let Some(group) = group
        .as_ref()
        .filter(|group| !plan.edition.has_group(group))
    {
        let why = format!("the wave does not ask {group}; name a group of its instrument");
        return Err(Problem::invalid("group", why));
    }
    let block = |unit| {
        let block = survey::results(wave, plan, unit, group.as_ref(), level);
        wire::block(&block)
    };
    let units = plan
        .units
        .iter()
        .filter(|it| unit.as_ref().is_none_or(|unit| unit == *it));
    let (units, next_page_token) = page.take(units, ToString::to_string);
    Ok(pb::SurveyResults {
        wave: code.to_string(),
        period: plan.period.to_string(),
        level: wire::level(level).into(),
        factor: level.factor().to_string(),
        minimum: events::count(plan.minimum),
        destroyed: events::count(wave.destroyed()),
        withheld_units: wire::withheld_units(wave),
        total: Some(block(unit.as_ref())),
        units: units.into_iter().map(|unit| block(Some(unit))).collect(),
        next_page_token,
        version: kept.version,
        position: kept.position,
    })
}
