//! A province asks about its own districts: their dimensions, errors, ranks and bands follow, and too few answers give none.
//!
//! What is expected is computed here from the ballots and the text of the files alone, by none of the product's code.

use std::collections::BTreeMap;
use std::path::Path;

use cli::survey;
use contracts::assessments::v1 as pb;
use contracts::projection::v1::{ListRankingsRequest, UnitIndex};
use contracts::registry::v1 as registry;
use jiff::SignedDuration;
use rust_decimal::{Decimal, RoundingStrategy};
use system_tests::{Province, eventually, given};

const WAVE: &str = "papi-2024";
const INDEX: &str = include_str!("../../../../deploy/surveys/papi-units.index.yaml");
const INSTRUMENT: &str = "../deploy/surveys/papi-units.instrument.yaml";
/// Two districts with enough ballots, and one with too few answers to one question.
const DISTRICTS: [(&str, usize); 3] = [("H40.21", 12), ("H40.22", 13), ("H40.23", 11)];
/// The question that too few of the third district answer, and its indicator's dimension.
const SKIPPED: (&str, &str) = ("q1_1_2", "D1");
const MINIMUM: usize = 10;

/// An indicator as the file of the index says it.
#[derive(Debug, Clone)]
struct Indicator {
    code: String,
    dimension: String,
    part: String,
    from: Decimal,
    until: Decimal,
}

/// The text between two others in a line.
fn between<'a>(line: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(start)?;
    Some(rest.split_once(end)?.0.trim_matches('"'))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect(text)
}

/// The indicators, and the share F of each sub-dimension, line by line.
fn structure() -> (Vec<Indicator>, BTreeMap<String, Decimal>) {
    let (mut indicators, mut shares) = (Vec::new(), BTreeMap::new());
    let (mut dimension, mut part) = (String::new(), String::new());
    for line in INDEX.lines() {
        if let Some(code) = line.strip_prefix("  - code: D") {
            dimension = format!("D{code}");
        } else if let Some(code) = line.strip_prefix("      - code: S") {
            part = format!("S{code}");
        } else if let Some(share) = between(line, "aggregate: { rescale_from: ", " }") {
            shares.insert(part.clone(), decimal(share));
        } else if let Some(rule) = between(line, "linear: { of: ", " } }") {
            let from = between(rule, "from: ", ",").expect("a from");
            indicators.push(Indicator {
                code: between(line, "code: ", ",").expect("a code").to_owned(),
                dimension: dimension.clone(),
                part: part.clone(),
                from: decimal(from),
                until: decimal(rule.rsplit(' ').next().expect("an until")),
            });
        }
    }
    (indicators, shares)
}

/// What a respondent answers, by chance that is the same every time, as it is written and as it counts.
fn answer(question: &pb::SurveyQuestion, seed: usize) -> (String, Decimal) {
    use pb::survey_question::Kind;
    let draw = |most: usize| seed.wrapping_mul(2_654_435_761) / 97 % (most + 1);
    match question.kind.as_ref().expect("a kind") {
        Kind::YesNo(_) if draw(2) == 0 => ("no".into(), Decimal::ZERO),
        Kind::YesNo(_) => ("yes".into(), Decimal::ONE),
        Kind::Scale(of) => {
            let steps = usize::try_from(of.max - of.min).expect("a scale");
            let value = of.min + i32::try_from(draw(steps)).expect("small");
            (value.to_string(), value.into())
        }
        Kind::Number(of) => {
            let value = decimal(&of.max) * Decimal::from(draw(200)) / Decimal::from(200);
            let value = value.round_dp(2).normalize();
            (value.to_string(), value)
        }
        Kind::Likert(_) | Kind::Choice(_) => panic!("the instrument asks none of these"),
    }
}

/// Weights in the order of rows.
fn weight(row: usize) -> Decimal {
    decimal(["1", "0.5", "1.75", "2"][row % 4])
}

/// The answers to a question about a district, with weights.
type Answers = BTreeMap<(String, String), Vec<(Decimal, Decimal)>>;

/// The ballots as a table, and what they say.
fn ballots(questions: &[pb::SurveyQuestion]) -> (String, Answers) {
    let codes: Vec<&str> = questions.iter().map(|it| it.code.as_str()).collect();
    let mut table = format!("id,unit,group,weight,{}\n", codes.join(","));
    let mut answers = Answers::new();
    for (place, (unit, count)) in DISTRICTS.iter().enumerate() {
        for row in 0..*count {
            let mut cells = Vec::new();
            for (number, question) in questions.iter().enumerate() {
                let (written, value) = answer(question, (place * 50 + row) * 211 + number * 7 + 1);
                if place == 2 && question.code == SKIPPED.0 && row + 1 >= MINIMUM {
                    cells.push(String::new());
                    continue;
                }
                cells.push(written);
                let key = ((*unit).to_owned(), question.code.clone());
                answers.entry(key).or_default().push((value, weight(row)));
            }
            let weight = weight(row);
            table += &format!("{unit}-{row},{unit},citizen,{weight},{}\n", cells.join(","));
        }
    }
    (table, answers)
}

/// Points with the square of their standard error.
#[derive(Debug, Clone, Copy, Default)]
struct Expected {
    points: Decimal,
    square: Decimal,
}

/// An indicator rescaled to 0..1: `mean ± error`, and half of how far that moves it, squared.
fn indicator(it: &Indicator, answers: &[(Decimal, Decimal)]) -> Expected {
    let total: Decimal = answers.iter().map(|(_, weight)| weight).sum();
    let sum: Decimal = answers.iter().map(|(value, weight)| value * weight).sum();
    let mean = sum / total;
    let squares = answers.iter().map(|(value, weight)| {
        let pull = weight * (value - mean);
        pull * pull
    });
    let n = Decimal::from(answers.len());
    let square = squares.sum::<Decimal>() * n / (n - Decimal::ONE) / (total * total);
    let error = root(square);
    let rescaled = |x: Decimal| {
        let share = (x - it.from) / (it.until - it.from);
        share.clamp(Decimal::ZERO, Decimal::ONE)
    };
    let swing = (rescaled(mean + error) - rescaled(mean - error)) / Decimal::TWO;
    Expected {
        points: rescaled(mean),
        square: swing * swing,
    }
}

/// A root by halving, to 12 digits.
fn root(square: Decimal) -> Decimal {
    let (mut low, mut high) = (Decimal::ZERO, square.max(Decimal::ONE));
    for _ in 0..80 {
        let middle = (low + high) / Decimal::TWO;
        if middle * middle <= square {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The dimensions of a district and their sum, by code; `""` is the total.
fn expected(unit: &str, answers: &Answers) -> BTreeMap<String, Expected> {
    let (indicators, shares) = structure();
    assert_eq!((indicators.len(), shares.len()), (111, 28));
    let mut dimensions: BTreeMap<String, Expected> = BTreeMap::new();
    for (part, share) in &shares {
        let of_part: Vec<&Indicator> = indicators.iter().filter(|it| it.part == *part).collect();
        let rescaled: Vec<Expected> = of_part
            .iter()
            .map(|it| {
                let question = format!("q{}", it.code.replace('.', "_"));
                indicator(it, &answers[&(unit.to_owned(), question)])
            })
            .collect();
        let n = Decimal::from(rescaled.len());
        let mean = rescaled.iter().map(|it| it.points).sum::<Decimal>() / n;
        let reach = Decimal::from(9) * share / n;
        let squares: Decimal = rescaled.iter().map(|it| it.square).sum();
        for code in [of_part[0].dimension.as_str(), ""] {
            let sum = dimensions.entry(code.to_owned()).or_default();
            sum.points += share * (Decimal::ONE + Decimal::from(9) * mean);
            sum.square += reach * reach * squares;
        }
    }
    dimensions
}

/// Whether a printed figure is that to the sixth digit.
fn agrees(printed: &str, exact: Decimal) -> bool {
    (decimal(printed) - exact).abs() <= decimal("0.000001")
}

async fn prepared(province: &Province) -> pb::SurveyEdition {
    let services = &province.services;
    given::registry(services).await;
    let mut registry = services.registry.clone();
    for (code, _) in DISTRICTS {
        let unit = registry::PutUnitRequest {
            code: code.into(),
            name: Some(registry::Name {
                vi: format!("Huyện {code}"),
                en: format!("District {code}"),
            }),
            group: registry::UnitGroup::District.into(),
            parent: "H40".into(),
            valid_from: "2020-01-01".into(),
            ..Default::default()
        };
        registry.put_unit(unit).await.expect("a unit");
    }
    given::definition(services, INDEX).await;
    let edition = survey::instrument(Path::new(INSTRUMENT)).expect("an instrument");
    let put = survey::put(services, edition.clone()).await;
    put.expect("put");
    edition
}

/// Plays the wave from its plan to its count.
async fn counted(province: &Province, table: &str) -> pb::SurveyResults {
    let services = &province.services;
    let now = runtime::Clock::system().now();
    let (opens, closes) = (
        now - SignedDuration::from_hours(1),
        now + SignedDuration::from_hours(24),
    );
    let units = DISTRICTS.map(|(unit, _)| unit).join(", ");
    let plan = format!(
        "wave: {WAVE}\ntitle: Khảo sát huyện\ninstrument: papi-units\nedition: \"2024-model\"\n\
         period: \"2024\"\nunits: [{units}]\nminimum: {MINIMUM}\nopens_at: {opens}\ncloses_at: {closes}\n"
    );
    let (_folder, file) = super::written("wave.yaml", &plan);
    let planned = survey::plan(services, survey::read_plan(&file).expect("a plan"));
    planned.await.expect("planned");
    survey::open(services, WAVE).await.expect("open");
    let (_folder, file) = super::written("ballots.csv", table);
    let rows = survey::ballots(&file, WAVE, "tablet").expect("a table");
    let answer = survey::import(services, rows).await.expect("taken in");
    assert_eq!((answer.accepted, answer.refused), (36, 0), "{answer:?}");
    survey::close(services, WAVE).await.expect("closed");
    eventually("the ballots are counted", async || {
        let level = pb::ConfidenceLevel::Unspecified;
        survey::results(services, WAVE, "", "", level).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provinces_own_survey_gives_its_districts_dimensions_errors_ranks_and_bands() {
    let province = Province::start("papi").await;
    let edition = prepared(&province).await;
    let (table, answers) = ballots(&edition.questions);
    let results = counted(&province, &table).await;
    // The instrument asks for intervals of 90 %, as official tables print them.
    assert_eq!((results.factor.as_str(), results.minimum), ("1.645", 10));
    let mut totals = Vec::new();
    for (unit, _) in &DISTRICTS[..2] {
        let expected = expected(unit, &answers);
        assert_eq!(expected.len(), 9, "eight dimensions and the total");
        let block = results.units.iter().find(|block| block.unit == *unit);
        let index = &block.expect("a district").indices[0];
        for (code, of) in &expected {
            let part = index.parts.iter().find(|part| part.code == *code);
            let part = part.expect("a part");
            let error = root(of.square);
            assert!(agrees(&part.points, of.points), "{unit} {part:?} {of:?}");
            assert!(agrees(&part.standard_error, error), "{part:?} {error}");
            let reach = decimal("1.645") * error;
            assert!(agrees(&part.low, of.points - reach), "{part:?}");
            assert!(agrees(&part.high, of.points + reach), "{part:?}");
        }
        totals.push((expected[""].points, *unit));
        shown(&province, unit, &expected).await;
    }
    totals.sort();
    ranked(&province, totals[1].1, totals[0].1).await;
    too_few_say_so(&province, &results).await;
}

/// The public index of a district has the same dimensions, rounded as the index says.
async fn shown(province: &Province, unit: &str, expected: &BTreeMap<String, Expected>) {
    let four = |points: Decimal| {
        let mut points = points.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero);
        points.rescale(4);
        points.to_string()
    };
    let index = eventually("the index shows the survey", async || {
        let indices = ranking(province).await?;
        let found = indices.into_iter().find(|index| index.subject == unit);
        match found {
            Some(index) if !index.total.is_empty() => Ok(index),
            other => Err(format!("{:?}", other.map(|index| index.reason))),
        }
    })
    .await;
    assert_eq!(index.total, four(expected[""].points));
    for (code, of) in expected.iter().filter(|(code, _)| !code.is_empty()) {
        let component = index.components.iter().find(|it| it.component == *code);
        assert_eq!(
            component.expect("a dimension").points,
            four(of.points),
            "{unit} {code}"
        );
    }
}

async fn ranking(province: &Province) -> Result<Vec<UnitIndex>, String> {
    let request = ListRankingsRequest {
        index: "papi-units".into(),
        period: "2024".into(),
        group: "district".into(),
        ..Default::default()
    };
    let mut projection = province.services.projection.clone();
    let answer = projection.list_rankings(request).await;
    Ok(answer
        .map_err(|status| status.to_string())?
        .into_inner()
        .indices)
}

/// Of two the better one is above three quarters of them, the other one below a quarter.
async fn ranked(province: &Province, first: &str, second: &str) {
    eventually("all three are ranked", async || {
        let indices = ranking(province).await?;
        let told: Vec<_> = indices
            .iter()
            .map(|it| (it.subject.as_str(), it.rank, it.ranked, it.band.as_str()))
            .collect();
        let expected = [
            (first, 1, 2, "high"),
            (second, 2, 2, "low"),
            (DISTRICTS[2].0, 0, 2, ""),
        ];
        match told == expected {
            true => Ok(()),
            false => Err(format!("{told:?}")),
        }
    })
    .await;
}

/// One question was answered too rarely: that indicator, its dimension and the total are withheld with the reason, and
/// the other dimensions are there.
async fn too_few_say_so(province: &Province, results: &pb::SurveyResults) {
    let (unit, why) = (DISTRICTS[2].0, "9 answered, and figures need at least 10");
    let block = results.units.iter().find(|block| block.unit == unit);
    let parts = &block.expect("a district").indices[0].parts;
    let part = |code: &str| parts.iter().find(|part| part.code == code).expect("a part");
    for code in ["1.1.2", "S1_1", SKIPPED.1, ""] {
        let part = part(code);
        assert_eq!(
            (part.points.as_str(), part.standard_error.as_str()),
            ("", "")
        );
        assert!(part.reason.contains(why), "{code:?} {}", part.reason);
    }
    for code in ["1.1.1", "D2", "D8"] {
        assert!(!part(code).points.is_empty(), "{code}");
    }
    let indices = ranking(province).await.expect("a ranking");
    let index = indices.into_iter().find(|index| index.subject == unit);
    let index = index.expect("the district");
    let told = format!("withheld: survey {WAVE}: {why}");
    assert!(index.reason.contains(&told), "{}", index.reason);
    assert_eq!((index.total.as_str(), index.rank), ("", 0));
    for (component, blank) in [(SKIPPED.1, true), ("D2", false)] {
        let found = index.components.iter().find(|it| it.component == component);
        assert_eq!(found.expect("a dimension").points.is_empty(), blank);
    }
}
