//! Stating as reported figures what counted waves say, so that the leaves that they feed are scored.
//!
//! It keeps nothing but what it already worked out: what is to be stated follows from the view, so a restart or a withheld
//! unit changes nothing in the end. Of waves that feed the same input of a unit and month the one that closes last counts.
//! While it does, nobody else states the figure ([`stating`]); once its results are withheld, that and why is stated, and
//! what people state instead stands until they are released.

use std::collections::{BTreeMap, BTreeSet};

use assessment::{Figure, Mean, ReportCommand, ReportEvent, Stated};
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Codec as _, Context};
use eventlog::{Append, EventLog, Expected, Position, StreamAppend};
use ids::{MeasureName, Month, UnitCode};
use jiff::Timestamp;
use runtime::{Clock, Ids};
use survey::{Fed, Stage, fed, feeds};

use crate::codec::{ReportCodec, report_stream};
use crate::view::{View, Viewer};

/// The name of its commands in metadata, and who acts.
const METHOD: &str = "FeedIndices";
pub(crate) const ACTOR: &str = "survey";
/// What the sources of its figures begin with; the code of the wave follows.
pub(crate) const SURVEY: &str = "survey ";
/// Figures stated at a time: a small append, and the rest follows at once.
const AT_A_TIME: usize = 500;

/// What a wave says, and where the view was then.
#[derive(Debug)]
struct Said {
    position: Position,
    closes_at: Timestamp,
    month: Month,
    figures: BTreeMap<(UnitCode, MeasureName), Fed>,
    withheld: BTreeSet<UnitCode>,
}

/// A figure that is to be stated.
#[derive(Debug)]
struct Due {
    stream: String,
    expected: Expected,
    event: ReportEvent,
}

/// States figures.
#[derive(Debug)]
pub(crate) struct Feeder {
    log: EventLog,
    view: Viewer,
    clock: Clock,
    ids: Ids,
    said: BTreeMap<String, Said>,
}

impl Feeder {
    pub(crate) fn new(log: EventLog, view: Viewer, clock: Clock, ids: Ids) -> Self {
        Self {
            log,
            view,
            clock,
            ids,
            said: BTreeMap::new(),
        }
    }

    /// States some of what is to be stated; says whether there was anything.
    ///
    /// # Errors
    /// The log does not answer, or somebody else stated a figure at the same moment: then it is looked at again.
    pub(crate) async fn feed(&mut self) -> Result<bool, Problem> {
        let due = {
            let view = self.view.borrow();
            listen(&mut self.said, &view);
            due(&self.said, &view)
        };
        if due.is_empty() {
            return Ok(false);
        }
        let context = Context::internal(METHOD, ACTOR, self.ids.uuid(), self.clock.now());
        let streams = due.into_iter().enumerate().map(|(index, due)| {
            let (kind, payload) = ReportCodec::encode(&due.event);
            StreamAppend {
                stream: due.stream,
                expected: due.expected,
                events: vec![context.event(index, kind, payload)],
            }
        });
        let append = Append {
            streams: streams.collect(),
            receipts: Vec::new(),
        };
        self.log.append(append).await?;
        Ok(true)
    }
}

/// Works out what counted waves say where something happened to them.
fn listen(said: &mut BTreeMap<String, Said>, view: &View) {
    for (code, kept) in &view.surveys.waves {
        if said
            .get(code)
            .is_some_and(|said| said.position == kept.position)
        {
            continue;
        }
        let counted = kept.state.stage() == Some(Stage::Counted);
        let Some(plan) = kept.state.plan().filter(|_| counted) else {
            continue;
        };
        let withheld = plan.units.iter().filter(|it| kept.state.withholds(it));
        let now = Said {
            position: kept.position,
            closes_at: plan.closes_at,
            month: plan.period.last_month(),
            figures: fed(&kept.state),
            withheld: withheld.cloned().collect(),
        };
        said.insert(code.clone(), now);
    }
}

/// What differs from what is reported, some of it.
fn due(said: &BTreeMap<String, Said>, view: &View) -> Vec<Due> {
    let mut waves: Vec<(&String, &Said)> = said.iter().collect();
    waves.sort_by_key(|(code, said)| (said.closes_at, *code));
    let mut wanted = BTreeMap::new();
    for (code, said) in waves {
        for (of, told) in &said.figures {
            let withheld = said.withheld.contains(&of.0);
            wanted.insert((of, said.month), (told, code, withheld));
        }
    }
    let due =
        wanted
            .into_iter()
            .filter_map(|(((unit, measure), month), (told, wave, withheld))| {
                let stream = report_stream(unit, measure);
                let kept = view.reports.get(&stream);
                let figure = stated(told, wave)?;
                let known = match kept.and_then(|kept| kept.state.month(month)) {
                    None => false,
                    // What people state instead of what is withheld stands.
                    Some((_, source)) if withheld && !is_of_survey(source, said) => true,
                    Some((stands, _)) => *stands == figure,
                };
                if known {
                    return None;
                }
                let command = ReportCommand::State {
                    unit: unit.clone(),
                    measure: measure.clone(),
                    month,
                    figure,
                    source: format!("{SURVEY}{wave}"),
                };
                let report = kept.map(|kept| kept.state.clone()).unwrap_or_default();
                let event = report.decide(command).ok()?.into_iter().next()?;
                Some(Due {
                    stream,
                    expected: kept
                        .map_or(Expected::NoStream, |kept| Expected::Version(kept.version)),
                    event,
                })
            });
    due.take(AT_A_TIME).collect()
}

/// What is stated of what a wave says.
pub(crate) fn stated(told: &Fed, wave: &str) -> Option<Stated> {
    match told {
        Fed::Count(count) => Some(Stated::Figure(Figure::count(*count))),
        Fed::Mean(mean) => Mean::new(mean.sum, mean.of).map(Stated::Mean),
        Fed::Withheld(reason) => Some(Stated::Withheld(format!("{SURVEY}{wave}: {reason}"))),
    }
}

/// Whether a wave stated a figure, by the figure's source.
fn is_of_survey(source: &str, said: &BTreeMap<String, Said>) -> bool {
    let wave = source.strip_prefix(SURVEY);
    wave.is_some_and(|wave| said.contains_key(wave))
}

/// The counted wave that states an input of a unit in the wave's whole period, unless its results are withheld: of those of
/// one period the one that closes last.
pub(crate) fn stating<'a>(
    view: &'a View,
    unit: &UnitCode,
    input: &MeasureName,
    month: Month,
) -> Option<&'a str> {
    let mut newest = BTreeMap::new();
    for (code, kept) in &view.surveys.waves {
        let Some(plan) = kept.state.plan() else {
            continue;
        };
        let period = plan.period.first_month()..=plan.period.last_month();
        if !period.contains(&month) || !feeds(&kept.state, unit, input) {
            continue;
        }
        let this = (plan.closes_at, code, kept.state.withholds(unit));
        let of_period = newest.entry(plan.period.last_month()).or_insert(this);
        *of_period = this.max(*of_period);
    }
    let mut stating = newest.into_values().filter(|(.., withheld)| !withheld);
    stating.next().map(|(_, code, _)| code.as_str())
}
