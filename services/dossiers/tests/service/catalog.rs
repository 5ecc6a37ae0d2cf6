//! What the registry of these tests says.

use contracts::dossiers::v1 as pb;
use contracts::registry::v1 as registry;
use prost::Message;
use registry::time_limit::Limit;

/// Five working days.
pub(crate) const FIVE_DAYS: &str = "1.005129";
/// One working hour, with a fee.
pub(crate) const ONE_HOUR: &str = "1.002891";
/// No limit.
pub(crate) const NO_LIMIT: &str = "2.000635";
/// A department; its other code is `000.00.12.H40`.
pub(crate) const UNIT: &str = "H40.12";
/// Another one.
pub(crate) const OTHER: &str = "H40.13";

/// All of it, as the registry stores it: stream, type, message.
pub(crate) fn events() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut events = vec![
        unit("H40", "", "", registry::UnitGroup::Province),
        unit(
            UNIT,
            "000.00.12.H40",
            "H40",
            registry::UnitGroup::Department,
        ),
        unit(OTHER, "", "H40", registry::UnitGroup::Department),
        calendar(),
        policy("restart", "2010-01-01"),
        policy("pause", "2024-06-01"),
        policy("subtract", "2025-01-01"),
        procedure(NO_LIMIT, None),
        procedure(ONE_HOUR, Some(Limit::WorkingHours(1))),
    ];
    // The last: who knows it knows all.
    events.push(procedure(FIVE_DAYS, Some(Limit::WorkingDays(5))));
    events
}

/// The filing of a dossier with everything that it needs.
pub(crate) fn registration(code: &str) -> pb::RegisterDossierRequest {
    pb::RegisterDossierRequest {
        context: None,
        code: code.into(),
        procedure: FIVE_DAYS.into(),
        receiving_unit: String::new(),
        unit: UNIT.into(),
        channel: pb::Channel::Online.into(),
        applicant: "036099001234 Nguyễn Văn A".into(),
        identity_verified: true,
    }
}

/// The reception of a dossier filed at the counter.
pub(crate) fn reception(code: &str, procedure: &str) -> pb::ReceiveDossierRequest {
    pb::ReceiveDossierRequest {
        context: None,
        code: code.into(),
        procedure: procedure.into(),
        receiving_unit: UNIT.into(),
        unit: UNIT.into(),
        channel: pb::Channel::Counter.into(),
        applicant: String::new(),
        identity_verified: false,
    }
}

fn name(of: &str) -> Option<registry::Name> {
    Some(registry::Name {
        vi: of.into(),
        en: of.into(),
    })
}

fn unit(
    code: &str,
    other: &str,
    parent: &str,
    group: registry::UnitGroup,
) -> (String, &'static str, Vec<u8>) {
    let founded = registry::UnitFounded {
        code: code.into(),
        other_codes: [other]
            .iter()
            .filter(|code| !code.is_empty())
            .map(ToString::to_string)
            .collect(),
        name: name(code),
        group: group.into(),
        parent: parent.into(),
        valid_from: "2000-01-01".into(),
    };
    (
        format!("unit-{code}"),
        "chiso.registry.v1.UnitFounded",
        founded.encode_to_vec(),
    )
}

fn procedure(code: &str, limit: Option<Limit>) -> (String, &'static str, Vec<u8>) {
    let published = registry::ProcedurePublished {
        code: code.into(),
        name: name(code),
        sector: "test".into(),
        limit: limit.map(|limit| registry::TimeLimit { limit: Some(limit) }),
        online: registry::OnlineLevel::Full.into(),
        payment_duty: code == ONE_HOUR,
        authority: registry::UnitGroup::Department.into(),
        valid_from: "2000-01-01".into(),
        ..Default::default()
    };
    (
        format!("procedure-{code}"),
        "chiso.registry.v1.ProcedurePublished",
        published.encode_to_vec(),
    )
}

fn policy(value: &str, valid_from: &str) -> (String, &'static str, Vec<u8>) {
    let set = registry::PolicySet {
        name: "clock_policy".into(),
        value: value.into(),
        valid_from: valid_from.into(),
        source: "test".into(),
    };
    (
        "policy-clock_policy".into(),
        "chiso.registry.v1.PolicySet",
        set.encode_to_vec(),
    )
}

/// Monday to Friday, without holidays.
fn calendar() -> (String, &'static str, Vec<u8>) {
    let span = |from_minute, to_minute| registry::Interval {
        from_minute,
        to_minute,
    };
    let day = |weekday| {
        let open = weekday <= 5;
        let intervals = if open {
            vec![span(420, 690), span(810, 1020)]
        } else {
            Vec::new()
        };
        registry::DayHours { weekday, intervals }
    };
    let announced = registry::CalendarAnnounced {
        name: "office".into(),
        utc_offset_minutes: 420,
        week: (1..=7).map(day).collect(),
        days: Vec::new(),
        covers_from: "2023-01-01".into(),
        covers_until: "2027-12-31".into(),
        source: "test".into(),
    };
    (
        "calendar-office".into(),
        "chiso.registry.v1.CalendarAnnounced",
        announced.encode_to_vec(),
    )
}
