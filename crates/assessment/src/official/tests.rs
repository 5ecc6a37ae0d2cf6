use decider::spec::given;
use index::Definition;

use super::*;

const PAPI: &str = include_str!("../../../../deploy/catalog/indices/papi.yaml");

fn papi() -> Definition {
    Definition::parse(PAPI, "papi.yaml").expect("sound")
}

fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn code(text: &str) -> LeafCode {
    text.parse().expect("a code")
}

fn row(subject: &str, figures: &[(&str, &str)]) -> Row {
    let printed = |value: &str| Printed {
        value: dec(value),
        standard_error: None,
    };
    Row {
        subject: subject.to_owned(),
        figures: figures
            .iter()
            .map(|(leaf, value)| (code(leaf), printed(value)))
            .collect(),
        ..Row::default()
    }
}

fn dimensions(subject: &str, values: [&str; 8]) -> Row {
    let names = ["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8"];
    let figures: Vec<_> = names.into_iter().zip(values).collect();
    row(subject, &figures)
}

const NAM_DINH_2023: [&str; 8] = [
    "5.4363", "5.2143", "4.2632", "6.5661", "7.1895", "7.8585", "3.3198", "3.3304",
];
const NAM_DINH_2024: [&str; 8] = [
    "5.6148", "5.4211", "4.2580", "6.9281", "7.3346", "7.8411", "3.5677", "3.3921",
];

fn publication(rows: Vec<Row>) -> Publication {
    Publication {
        index: "papi".parse().expect("a code"),
        year: 2023,
        edition: "2023".into(),
        source: "a report".into(),
        rows,
    }
}

fn import(rows: Vec<Row>, reason: &str) -> OfficialCommand {
    OfficialCommand::Import {
        publication: publication(rows),
        reason: reason.into(),
    }
}

fn imported(rows: Vec<Row>, reason: &str) -> OfficialEvent {
    OfficialEvent::Imported {
        publication: publication(rows),
        reason: reason.into(),
    }
}

#[test]
fn a_table_is_taken_in_once_and_changes_only_with_a_reason() {
    let first = || vec![row("36", &[("D1", "5.4363")])];
    let second = || vec![row("36", &[("D1", "5.4364")])];
    given::<OfficialResults>([])
        .when(import(first(), ""))
        .then([imported(first(), "")]);
    given::<OfficialResults>([imported(first(), "")])
        .when(import(first(), ""))
        .then([]);
    given::<OfficialResults>([imported(first(), "")])
        .when(import(second(), ""))
        .then_refused(&OfficialRefusal::Unreasoned {
            index: "papi".parse().expect("a code"),
            year: 2023,
        });
    given::<OfficialResults>([imported(first(), "")])
        .when(import(second(), "erratum of May"))
        .then([imported(second(), "erratum of May")]);
}

#[test]
fn a_table_has_rows_and_each_subject_once() {
    given::<OfficialResults>([])
        .when(import(vec![], ""))
        .then_refused(&OfficialRefusal::Size(0));
    given::<OfficialResults>([])
        .when(import(vec![row("36", &[]), row("36", &[])], ""))
        .then_refused(&OfficialRefusal::Twice("36".into()));
}

#[test]
fn rows_that_do_not_fit_the_definition_are_named_all_at_once() {
    let rows = [
        row("01", &[("D1", "5"), ("D9", "1"), ("S1_1", "2.6")]),
        Row {
            withheld: "tampered with".into(),
            ..row("22", &[("D1", "0")])
        },
        row("36", &[]),
        Row {
            rank: Some(1),
            band: Some("best".into()),
            ..row("74", &[])
        },
    ];
    let found = faults(&papi(), &rows);
    let found: Vec<_> = found
        .iter()
        .map(|fault| (fault.row, fault.message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (
                0,
                "has a figure for D9, which is no component or leaf of papi 2023"
            ),
            (0, "has 2.6 points for S1_1, outside 0 to 2.5"),
            (1, "is withheld and has figures; what is withheld has none"),
            (2, "has no figures; say why they are withheld"),
            (3, "has a rank without a total"),
            (3, "has the band best, which is none of the definition"),
        ]
    );
}

#[test]
fn a_total_follows_from_dimensions_and_stands_beside_the_published_one() {
    let mut published = dimensions("36", NAM_DINH_2024);
    published.total = Some(dec("44.35"));
    let compared = compare(&papi(), &[published]);
    assert_eq!(compared[0].total.computed, Some(dec("44.3575")));
    // Printed cut off: rounded half up it is 44.36.
    assert_eq!(compared[0].total.difference(), Some(dec("0.01")));
    assert_eq!(compared[0].total.value(), Some(dec("44.35")));
    let dimension = compared[0].figure(&code("D1")).expect("D1");
    assert_eq!(
        (dimension.published, dimension.computed),
        (Some(dec("5.6148")), None)
    );
}

/// The six rises that the province reported.
#[test]
fn six_of_nam_dinhs_dimensions_rose_in_2024() {
    let papi = papi();
    let before = compare(&papi, &[dimensions("36", NAM_DINH_2023)]);
    let now = compare(&papi, &[dimensions("36", NAM_DINH_2024)]);
    let changes = changes(&papi, &before[0], &now[0]);
    let shown: Vec<_> = changes
        .iter()
        .map(|change| (change.code.as_str(), change.points().to_string()))
        .collect();
    let expected = [
        ("D1", "0.1785"),
        ("D2", "0.2068"),
        ("D3", "-0.0052"),
        ("D4", "0.3620"),
        ("D5", "0.1451"),
        ("D6", "-0.0174"),
        ("D7", "0.2479"),
        ("D8", "0.0617"),
    ];
    assert_eq!(
        shown,
        expected.map(|(code, points)| (code, points.to_owned()))
    );
    let rises = changes
        .iter()
        .filter(|change| change.points() > Decimal::ZERO);
    assert_eq!(rises.count(), 6);
}

#[test]
fn what_is_withheld_has_neither_total_nor_rank_and_is_never_zero() {
    let mut one_dimension = dimensions("22", NAM_DINH_2023);
    one_dimension.figures.remove(&code("D8"));
    let nothing = Row {
        withheld: "the survey was interfered with".into(),
        ..row("74", &[])
    };
    let compared = compare(
        &papi(),
        &[nothing, one_dimension, dimensions("36", NAM_DINH_2023)],
    );
    let shown: Vec<_> = compared
        .iter()
        .map(|row| (row.row.subject.as_str(), row.rank, row.total.computed))
        .collect();
    assert_eq!(
        shown,
        [
            ("36", Some(1), Some(dec("43.1781"))),
            ("22", None, None),
            ("74", None, None)
        ]
    );
    assert!(
        compared[1].reason.starts_with("no score for 8.1"),
        "{}",
        compared[1].reason
    );
    assert_eq!(compared[2].reason, "the survey was interfered with");
}

#[test]
fn a_component_follows_from_what_was_published_below_it() {
    let mut row = dimensions("36", NAM_DINH_2023);
    for (part, value) in [
        ("S1_1", "1.1"),
        ("S1_2", "1.7641"),
        ("S1_3", "1.5259"),
        ("S1_4", "1.0468"),
    ] {
        row.figures.insert(
            code(part),
            Printed {
                value: dec(value),
                standard_error: None,
            },
        );
    }
    let compared = compare(&papi(), &[row]);
    let first = compared[0].figure(&code("D1")).expect("D1");
    assert_eq!(first.computed, Some(dec("5.4368")));
    assert_eq!(first.difference(), Some(dec("0.0005")));
    assert_eq!(compared[0].total.computed, Some(dec("43.1786")));
}
