//! Whether what surveys reported is what was counted in them.

use std::collections::{BTreeMap, BTreeSet};

use assessment::{ReportEvent, Stated};
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};
use ids::{MeasureName, Month, UnitCode};
use index::Inputs;
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
    said: BTreeMap<Said, Vec<Stated>>,
    /// What stands of each unit, input and month, where a survey stated it: by which wave.
    stated: BTreeMap<(UnitCode, MeasureName, Month), (String, Stated)>,
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
                for ((unit, input), told) in fed(wave) {
                    let said = self.said.entry((code.to_owned(), unit, input));
                    said.or_default().extend(feeding::stated(&told, code));
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
                self.stated.insert(key, (wave.to_owned(), figure));
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
    ) -> impl Iterator<Item = (&'a MeasureName, Month, &'a str, &'a Stated)> + use<'a> {
        let stated = self.stated.iter();
        stated
            .filter(move |((of, _, month), _)| of == unit && *month <= until)
            .map(|((_, measure, month), (wave, value))| (measure, *month, &**wave, value))
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
            let said = self.said.get(&said).map_or(&[][..], Vec::as_slice);
            let words: Vec<_> = said.iter().map(ToString::to_string).collect();
            (!said.contains(value)).then(|| Difference {
                unit: unit.to_string(),
                leaf: String::new(),
                what: format!("{measure} of {month}, by the ballots of wave {wave}"),
                published: value.to_string(),
                recomputed: words.join(" or "),
            })
        });
        differences.collect()
    }
}

#[cfg(test)]
mod tests {
    use contracts::log::v1::Metadata;
    use prost::Message as _;

    use super::*;
    use crate::codec::report_stream;

    /// A figure of March as somebody states it.
    fn stated(actor: &str, source: &str, value: &str) -> Recorded {
        let (unit, measure) = ("H40.01", "satisfied");
        let (unit, measure) = (
            unit.parse().expect("a code"),
            measure.parse().expect("a name"),
        );
        let stream = report_stream(&unit, &measure);
        let event = ReportEvent::Stated {
            unit,
            measure,
            month: march(),
            figure: Stated::Figure(value.parse().expect("a figure")),
            source: source.to_owned(),
        };
        let (kind, payload) = ReportCodec::encode(&event);
        let metadata = Metadata {
            actor: actor.to_owned(),
            ..Metadata::default()
        };
        Recorded {
            position: 1,
            stream,
            version: 1,
            kind: kind.to_owned(),
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
            metadata: metadata.encode_to_vec().into(),
            payload,
            hash: [0; 32],
        }
    }

    fn march() -> Month {
        Month::new(2024, 3).expect("a month")
    }

    /// What is told of the unit after these.
    fn told(events: &[Recorded], input: &str) -> Vec<String> {
        let mut waves = Waves::default();
        for event in events {
            waves.apply(event).expect("it can be read");
        }
        let inputs = [(input, 15_i64)].into_iter().collect();
        let unit = "H40.01".parse().expect("a code");
        let differences = waves.differences(&unit, march(), &inputs);
        differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_stated_in_the_name_of_a_wave_that_never_said_it_is_told() {
        let by_wave = stated(feeding::ACTOR, "survey sipas", "15");
        let said = "H40.01 satisfied of 2024-03, by the ballots of wave sipas: published 15, recomputed nothing";
        assert_eq!(told(std::slice::from_ref(&by_wave), "satisfied"), [said]);
        // It is none of the figures that are published, or somebody answers for it.
        assert_eq!(told(std::slice::from_ref(&by_wave), "handled"), [""; 0]);
        let by_hand = stated("lan", "survey sipas", "15");
        assert_eq!(told(&[by_wave, by_hand], "satisfied"), [""; 0]);
    }
}
