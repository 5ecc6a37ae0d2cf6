//! Whether what surveys reported is what was counted in them.

use std::collections::{BTreeMap, BTreeSet};

use assessment::ReportEvent;
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};
use ids::{MeasureName, Month, UnitCode};
use index::Inputs;
use rust_decimal::Decimal;
use survey::{Stage, Wave, fed};

use super::Difference;
use crate::codec::{REPORT, ReportCodec};
use crate::surveys::feeding::{self, SURVEY};
use crate::surveys::{WAVE, WaveCodec};

/// Wave, unit and input.
type Said = (String, UnitCode, MeasureName);

/// What waves said, and what was stated in their name.
#[derive(Debug, Default)]
pub(super) struct Waves {
    waves: BTreeMap<String, Wave>,
    /// Everything that a counted wave ever said: results are withheld and released.
    said: BTreeMap<Said, BTreeSet<u64>>,
    /// What stands of each unit, input and month, where a survey stated it: by which wave.
    stated: BTreeMap<(UnitCode, MeasureName, Month), (String, Decimal)>,
}

impl Waves {
    /// The next event of the log of assessments.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        if let Some(code) = event.stream.strip_prefix(WAVE) {
            let wave = self.waves.entry(code.to_owned()).or_default();
            wave.evolve(&WaveCodec::read(event)?);
            if wave.stage() == Some(Stage::Counted) {
                for ((unit, input), count) in fed(wave) {
                    let said = self.said.entry((code.to_owned(), unit, input));
                    said.or_default().insert(count);
                }
            }
        } else if event.stream.starts_with(REPORT) {
            self.state(event)?;
        }
        Ok(())
    }

    fn state(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let ReportEvent::Stated {
            unit,
            measure,
            month,
            figure,
            source,
        } = ReportCodec::read(event)?;
        let key = (unit, measure, month);
        // By hand anybody may name a survey as the source of a figure; the service itself names the wave.
        let by_survey = event.metadata().is_ok_and(|it| it.actor == feeding::ACTOR);
        match source.strip_prefix(SURVEY).filter(|_| by_survey) {
            Some(wave) => {
                self.stated.insert(key, (wave.to_owned(), figure.value()));
            }
            None => {
                self.stated.remove(&key);
            }
        }
        Ok(())
    }

    /// What surveys stated of a unit up to a month.
    fn stated<'a>(
        &'a self,
        unit: &'a UnitCode,
        until: Month,
    ) -> impl Iterator<Item = (&'a MeasureName, Month, &'a str, Decimal)> + use<'a> {
        let stated = self.stated.iter();
        stated
            .filter(move |((of, _, month), _)| of == unit && *month <= until)
            .map(|((_, measure, month), (wave, value))| (measure, *month, &**wave, *value))
    }

    /// The inputs of a unit up to a month that surveys stated.
    pub(super) fn inputs<'a>(&'a self, unit: &'a UnitCode, until: Month) -> BTreeSet<&'a str> {
        let stated = self.stated(unit, until);
        stated.map(|(measure, ..)| measure.as_str()).collect()
    }

    /// What of these inputs of a unit was stated up to a month in the name of a wave that never said it.
    pub(super) fn differences(
        &self,
        unit: &UnitCode,
        until: Month,
        inputs: &Inputs,
    ) -> Vec<Difference> {
        let stated = self.stated(unit, until);
        let stated = stated.filter(|(measure, ..)| inputs.get(measure.as_str()).is_some());
        let differences = stated.filter_map(|(measure, month, wave, value)| {
            let said = (wave.to_owned(), unit.clone(), measure.clone());
            let said = self.said.get(&said).into_iter().flatten();
            let said: Vec<u64> = said.copied().collect();
            let known = said.iter().any(|count| Decimal::from(*count) == value);
            let said: Vec<_> = said.iter().map(ToString::to_string).collect();
            (!known).then(|| Difference {
                unit: unit.to_string(),
                leaf: String::new(),
                what: format!("{measure} of {month}, by the ballots of wave {wave}"),
                published: value.to_string(),
                recomputed: said.join(" or "),
            })
        });
        differences.collect()
    }
}
