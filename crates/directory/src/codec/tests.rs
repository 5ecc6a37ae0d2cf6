use jiff::civil::date;
use prost::Name as _;
use unit::{Founding, Group, Name, Place, Statement, Succession, SuccessionKind, Text, TimeLimit};

use super::*;

fn name() -> Name {
    Name {
        vi: Text::filled("Sở Tài chính").expect("a text"),
        en: Text::new("Department of Finance").expect("a text"),
    }
}

fn place() -> Place {
    Place {
        group: Group::Department,
        parent: Some("H40".parse().expect("a code")),
    }
}

fn unit_events() -> Vec<UnitEvent> {
    let day = date(2024, 9, 1);
    vec![
        UnitEvent::Founded(Founding {
            code: "H40.14".parse().expect("a code"),
            other_codes: ["000.00.14.H40".parse().expect("a code")].into(),
            name: name(),
            place: place(),
            valid_from: day,
        }),
        UnitEvent::Renamed {
            name: name(),
            valid_from: day,
        },
        UnitEvent::Moved {
            place: place(),
            valid_from: day,
        },
        UnitEvent::CodeAdded {
            code: "X1".parse().expect("a code"),
        },
        UnitEvent::Succeeded(Succession {
            kind: SuccessionKind::Split,
            successors: ["A".parse().expect("a code"), "B".parse().expect("a code")].into(),
            valid_until: day,
        }),
    ]
}

fn procedure_events() -> Vec<ProcedureEvent> {
    let statement = |limit, units: &[&str]| Statement {
        name: name(),
        sector: Text::new("Hộ tịch").expect("a text"),
        limit,
        online: unit::OnlineLevel::Partial,
        payment_duty: true,
        payment_integrated: true,
        result_paper: true,
        identity_connected: true,
        authority: Group::District,
        units: units
            .iter()
            .map(|code| code.parse().expect("a code"))
            .collect(),
    };
    let published = |limit, units: &[&str]| ProcedureEvent::Published {
        code: "1.005129".parse().expect("a code"),
        statement: statement(limit, units),
        valid_from: date(2024, 1, 1),
    };
    vec![
        published(None, &[]),
        published(Some(TimeLimit::WorkingDays(0)), &["H40.14"]),
        published(Some(TimeLimit::WorkingHours(4)), &["H40.14", "H40.15"]),
        ProcedureEvent::Withdrawn {
            valid_until: date(2025, 1, 1),
        },
    ]
}

fn announcement() -> unit::Announcement {
    let special = |kind, hours| unit::SpecialDay {
        kind,
        label: Text::default(),
        hours,
    };
    unit::Announcement {
        name: "hanh-chinh".into(),
        utc_offset_minutes: 420,
        week: calendar::Week::office(),
        days: [
            (
                date(2024, 4, 30),
                special(unit::DayKind::Statutory, unit::Hours::closed()),
            ),
            (
                date(2024, 5, 4),
                special(unit::DayKind::SwapWork, unit::Hours::office()),
            ),
        ]
        .into(),
        covers_from: date(2024, 1, 1),
        covers_until: date(2024, 12, 31),
        source: Text::new("2450/VPCP-KGVX").expect("a text"),
    }
}

#[test]
fn every_event_is_read_as_it_was_written() {
    for event in unit_events() {
        let (kind, payload) = encode_unit(&event);
        assert_eq!(decode(kind, &payload), Ok(Event::Unit(event)), "{kind}");
    }
    for event in procedure_events() {
        let (kind, payload) = encode_procedure(&event);
        assert_eq!(
            decode(kind, &payload),
            Ok(Event::Procedure(event)),
            "{kind}"
        );
    }
    let event = WorkingCalendarEvent(announcement());
    let (kind, payload) = encode_calendar(&event);
    assert_eq!(decode(kind, &payload), Ok(Event::Calendar(event)));
    let event = PolicyEvent {
        name: unit::CLOCK_POLICY.into(),
        setting: unit::Setting {
            value: "pause".into(),
            source: Text::default(),
        },
        valid_from: date(2024, 1, 1),
    };
    let (kind, payload) = encode_policy(&event);
    assert_eq!(decode(kind, &payload), Ok(Event::Policy(event)));
}

#[test]
fn events_bear_the_names_of_their_messages() {
    for (kind, message) in [
        (UNIT_FOUNDED, pb::UnitFounded::full_name()),
        (UNIT_RENAMED, pb::UnitRenamed::full_name()),
        (UNIT_MOVED, pb::UnitMoved::full_name()),
        (UNIT_CODE_ADDED, pb::UnitCodeAdded::full_name()),
        (UNIT_SUCCEEDED, pb::UnitSucceeded::full_name()),
        (PROCEDURE_PUBLISHED, pb::ProcedurePublished::full_name()),
        (PROCEDURE_WITHDRAWN, pb::ProcedureWithdrawn::full_name()),
        (CALENDAR_ANNOUNCED, pb::CalendarAnnounced::full_name()),
        (POLICY_SET, pb::PolicySet::full_name()),
    ] {
        assert_eq!(kind, message);
    }
}

#[test]
fn what_was_never_written_is_an_error_that_names_it() {
    let unknown = decode("chiso.registry.v1.UnitForgotten", b"");
    assert!(
        matches!(unknown, Err(DecodeError::UnknownKind { .. })),
        "{unknown:?}"
    );
    let malformed = decode(UNIT_FOUNDED, &[0xff]);
    assert!(
        matches!(malformed, Err(DecodeError::Malformed { .. })),
        "{malformed:?}"
    );
    let moved = pb::UnitMoved {
        parent: "H40".into(),
        group: 99,
        valid_from: "2024-01-01".into(),
    };
    let Err(DecodeError::Invalid { source, .. }) = decode(UNIT_MOVED, &moved.encode_to_vec())
    else {
        panic!("an unknown group was accepted");
    };
    assert_eq!(source.field, "group");
}
