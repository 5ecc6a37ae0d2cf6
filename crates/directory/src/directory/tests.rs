use jiff::civil::date;
use unit::{
    Founding, Name, OnlineLevel, Place, PolicyEvent, ProcedureEvent, Statement, SuccessionKind,
    Text, WorkingCalendarEvent,
};

use super::*;

const FOUNDED: Date = date(1997, 1, 1);
const MERGER: Date = date(2025, 3, 1);

fn code(text: &str) -> UnitCode {
    text.parse().expect("a unit code")
}

fn procedure_code(text: &str) -> ProcedureCode {
    text.parse().expect("a procedure code")
}

fn name(vi: &str) -> Name {
    Name {
        vi: Text::filled(vi).expect("a text"),
        en: Text::default(),
    }
}

fn tell_unit(directory: &mut Directory, of: &str, event: &UnitEvent) {
    let (kind, payload) = codec::encode_unit(event);
    directory
        .apply(&stream::unit(&code(of)), kind, &payload)
        .expect("a sound event");
}

fn found(directory: &mut Directory, of: &str, other: &str, group: Group) {
    let parent = (group != Group::Province).then(|| code("H40"));
    let founding = Founding {
        code: code(of),
        other_codes: [code(other)].into(),
        name: name(of),
        place: Place { group, parent },
        valid_from: FOUNDED,
    };
    tell_unit(directory, of, &UnitEvent::Founded(founding));
}

fn merge(directory: &mut Directory, of: &str, into: &str, valid_until: Date) {
    let kind = SuccessionKind::Merged;
    let end = Succession {
        kind,
        successors: [code(into)].into(),
        valid_until,
    };
    tell_unit(directory, of, &UnitEvent::Succeeded(end));
}

fn publish(directory: &mut Directory, of: &str, authority: Group, units: &[&str]) {
    let statement = Statement {
        name: name(of),
        sector: Text::filled("Hộ tịch").expect("a text"),
        limit: None,
        online: OnlineLevel::Full,
        payment_duty: false,
        payment_integrated: false,
        result_paper: false,
        identity_connected: false,
        authority,
        units: units.iter().map(|unit| code(unit)).collect(),
    };
    let of = procedure_code(of);
    let valid_from = FOUNDED;
    let event = ProcedureEvent::Published {
        code: of.clone(),
        statement,
        valid_from,
    };
    let (kind, payload) = codec::encode_procedure(&event);
    directory
        .apply(&stream::procedure(&of), kind, &payload)
        .expect("a sound event");
}

fn province() -> Directory {
    let mut directory = Directory::default();
    found(&mut directory, "H40", "000.00.00.H40", Group::Province);
    found(&mut directory, "H40.14", "000.00.14.H40", Group::Department);
    found(&mut directory, "H40.15", "000.00.15.H40", Group::Department);
    found(&mut directory, "H40.31", "000.00.31.H40", Group::District);
    directory
}

#[test]
fn a_unit_answers_to_every_code_and_keeps_the_one_that_names_it() {
    let directory = province();
    for asked in ["H40.14", "000.00.14.H40"] {
        let unit = directory.unit(&code(asked), FOUNDED).expect("it exists");
        assert_eq!(unit.code, &code("H40.14"));
    }
    assert_eq!(directory.unit(&code("H40.99"), FOUNDED), None);
    assert_eq!(directory.unit(&code("H40.14"), date(1996, 12, 31)), None);
    assert_eq!(directory.version("unit-H40.14"), 1);
    assert_eq!(directory.version("unit-H40.99"), 0);
}

#[test]
fn a_code_belongs_to_the_unit_that_claimed_it_first() {
    let mut directory = province();
    tell_unit(
        &mut directory,
        "H40.15",
        &UnitEvent::CodeAdded {
            code: code("H40.14"),
        },
    );
    assert_eq!(directory.resolve(&code("H40.14")), Some(&code("H40.14")));
}

#[test]
fn units_are_listed_by_group_and_day() {
    let mut directory = province();
    merge(&mut directory, "H40.15", "H40.14", MERGER);
    let on = |day| {
        let units = directory.units_in(Group::Department, day);
        units.map(|unit| unit.code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(on(date(2025, 2, 28)), ["H40.14", "H40.15"]);
    assert_eq!(on(MERGER), ["H40.14"]);
    assert_eq!(
        directory.province(MERGER).map(|unit| unit.code),
        Some(&code("H40"))
    );
    assert_eq!(directory.all_units().count(), 4);
}

#[test]
fn the_work_of_an_ended_unit_is_followed_through_every_succession() {
    let mut directory = province();
    merge(&mut directory, "H40.15", "H40.14", MERGER);
    merge(&mut directory, "H40.14", "H40", date(2026, 1, 1));
    let does = |day| {
        let units = directory.successors(&code("000.00.15.H40"), day);
        units
            .into_iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(does(date(1996, 1, 1)), [""; 0]);
    assert_eq!(does(date(2025, 2, 28)), ["H40.15"]);
    assert_eq!(does(MERGER), ["H40.14"]);
    assert_eq!(does(date(2026, 1, 1)), ["H40"]);
}

#[test]
fn a_unit_resolves_what_names_it_its_group_or_a_unit_that_it_succeeds() {
    let mut directory = province();
    publish(&mut directory, "1.000001", Group::Department, &["H40.15"]);
    publish(&mut directory, "1.000002", Group::District, &[]);
    merge(&mut directory, "H40.15", "H40.14", MERGER);
    let of = |unit: &str, day| {
        let procedures = directory.procedures_of(&code(unit), day);
        procedures
            .iter()
            .map(|procedure| procedure.code.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("H40.15", date(2025, 2, 28)), ["1.000001"]);
    assert_eq!(of("H40.14", date(2025, 2, 28)), [""; 0]);
    assert_eq!(of("H40.14", MERGER), ["1.000001"]);
    assert_eq!(of("H40.15", MERGER), [""; 0]);
    assert_eq!(of("000.00.31.H40", MERGER), ["1.000002"]);
}

#[test]
fn every_version_of_a_calendar_stays() {
    let mut directory = Directory::default();
    for year in [2024, 2025] {
        let event = WorkingCalendarEvent(Announcement {
            name: "hanh-chinh".into(),
            utc_offset_minutes: 420,
            week: calendar::Week::office(),
            days: BTreeMap::new(),
            covers_from: date(2024, 1, 1),
            covers_until: date(year, 12, 31),
            source: Text::default(),
        });
        let (kind, payload) = codec::encode_calendar(&event);
        directory
            .apply("calendar-hanh-chinh", kind, &payload)
            .expect("a sound event");
    }
    let version = |calendar: Option<&Arc<Calendar>>| calendar.map(|calendar| calendar.version());
    assert_eq!(version(directory.calendar("hanh-chinh")), Some(2));
    assert_eq!(
        version(directory.calendar_version("hanh-chinh", 1)),
        Some(1)
    );
    assert_eq!(version(directory.calendar_version("hanh-chinh", 3)), None);
    assert_eq!(
        version(directory.calendar_version("hanh-chinh", i64::MIN)),
        None
    );
    let covers = |version| {
        directory
            .announcement("hanh-chinh", version)
            .map(|(_, calendar)| calendar.covers_until)
    };
    assert_eq!(covers(0), Some(date(2025, 12, 31)));
    assert_eq!(covers(1), Some(date(2024, 12, 31)));
}

#[test]
fn a_policy_is_asked_by_day() {
    let mut directory = Directory::default();
    let setting = Setting {
        value: "restart".into(),
        source: Text::default(),
    };
    let valid_from = date(2018, 6, 21);
    let event = PolicyEvent {
        name: unit::CLOCK_POLICY.into(),
        setting,
        valid_from,
    };
    let (kind, payload) = codec::encode_policy(&event);
    directory
        .apply("policy-clock_policy", kind, &payload)
        .expect("a sound event");
    let value = |day| {
        directory
            .policy(unit::CLOCK_POLICY, day)
            .map(|(_, it)| it.value.as_str())
    };
    assert_eq!(value(date(2018, 6, 20)), None);
    assert_eq!(value(valid_from), Some("restart"));
}

#[test]
fn an_event_in_the_wrong_stream_is_an_error_and_changes_nothing() {
    let mut directory = province();
    let (kind, payload) = codec::encode_unit(&UnitEvent::CodeAdded { code: code("X1") });
    for wrong in ["policy-clock_policy", "unit-", "unit-a b", ""] {
        let told = directory.apply(wrong, kind, &payload);
        assert!(
            matches!(told, Err(DecodeError::Misplaced { .. })),
            "{wrong}: {told:?}"
        );
    }
    assert_eq!(directory, province());
}
