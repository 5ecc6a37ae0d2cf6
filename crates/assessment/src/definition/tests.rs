use super::*;
use decider::spec::given;

fn edition(name: &str, document: u8, months: std::ops::RangeInclusive<i8>) -> Edition {
    let month = |month| Month::new(2024, month).expect("a month");
    Edition {
        index: "service-quality".parse().expect("a code"),
        name: name.into(),
        document: document.to_string(),
        sha256: [document; 32],
        scope: Scope {
            groups: BTreeSet::from(["department".into()]),
            from: month(*months.start()),
            until: Some(month(*months.end())),
        },
    }
}

fn in_force(edition: Edition) -> DefinitionEvent {
    DefinitionEvent::PutInForce(edition)
}

#[test]
fn an_edition_is_put_in_force_once() {
    given::<Definition>([])
        .when(DefinitionCommand::PutInForce(edition("1", 1, 1..=6)))
        .then([in_force(edition("1", 1, 1..=6))]);
    given::<Definition>([in_force(edition("1", 1, 1..=6))])
        .when(DefinitionCommand::PutInForce(edition("1", 1, 1..=6)))
        .then([]);
}

#[test]
fn an_edition_in_force_cannot_change() {
    given::<Definition>([in_force(edition("1", 1, 1..=6))])
        .when(DefinitionCommand::PutInForce(edition("1", 2, 1..=6)))
        .then_refused(&DefinitionRefusal::Immutable("1".into()));
}

#[test]
fn two_editions_never_judge_the_same_group_at_the_same_time() {
    let given = || given::<Definition>([in_force(edition("1", 1, 1..=6))]);
    given()
        .when(DefinitionCommand::PutInForce(edition("2", 2, 7..=12)))
        .then([in_force(edition("2", 2, 7..=12))]);
    given()
        .when(DefinitionCommand::PutInForce(edition("2", 2, 6..=12)))
        .then_refused(&DefinitionRefusal::Overlap {
            edition: "2".into(),
            other: "1".into(),
            group: "department".into(),
            month: Month::new(2024, 6).expect("a month"),
        });
}

fn draft(name: &str, document: u8) -> Draft {
    Draft {
        index: "service-quality".parse().expect("a code"),
        name: name.into(),
        document: document.to_string(),
        sha256: [document; 32],
        copied_from: String::new(),
    }
}

fn change(name: &str, document: u8) -> DefinitionCommand {
    DefinitionCommand::Change {
        name: name.into(),
        document: document.to_string(),
        sha256: [document; 32],
    }
}

fn changed(name: &str, document: u8) -> DefinitionEvent {
    DefinitionEvent::DraftChanged {
        index: "service-quality".parse().expect("a code"),
        name: name.into(),
        document: document.to_string(),
        sha256: [document; 32],
    }
}

fn campaign() -> CampaignCode {
    "par-2024".parse().expect("a code")
}

fn wanted(period: &str) -> DefinitionCommand {
    DefinitionCommand::Use(Use {
        edition: "1".into(),
        campaign: campaign(),
        group: "department".into(),
        period: period.parse().expect("a period"),
    })
}

fn used() -> DefinitionEvent {
    DefinitionEvent::Used {
        index: "service-quality".parse().expect("a code"),
        name: "1".into(),
        campaign: campaign(),
    }
}

fn ending(month: i8) -> Retirement {
    Retirement {
        last: Month::new(2024, month).expect("a month"),
        reason: "a new decree".into(),
    }
}

fn retire(month: i8, running: &[CampaignCode]) -> DefinitionCommand {
    DefinitionCommand::Retire {
        name: "1".into(),
        retirement: ending(month),
        running: running.iter().cloned().collect(),
    }
}

fn retired(month: i8) -> DefinitionEvent {
    DefinitionEvent::Retired {
        index: "service-quality".parse().expect("a code"),
        name: "1".into(),
        retirement: ending(month),
    }
}

#[test]
fn a_draft_changes_until_it_is_in_force() {
    let drafted = || DefinitionEvent::Drafted(draft("1", 1));
    given::<Definition>([])
        .when(DefinitionCommand::Draft(draft("1", 1)))
        .then([drafted()]);
    given::<Definition>([drafted()])
        .when(DefinitionCommand::Draft(draft("1", 2)))
        .then_refused(&DefinitionRefusal::Drafted("1".into()));
    given::<Definition>([drafted()])
        .when(change("1", 2))
        .then([changed("1", 2)]);
    given::<Definition>([drafted()])
        .when(change("1", 1))
        .then([]);
    given::<Definition>([])
        .when(change("1", 2))
        .then_refused(&DefinitionRefusal::NoDraft("1".into()));
    let now = [drafted(), changed("1", 2)];
    given::<Definition>(now.clone())
        .when(DefinitionCommand::PutDraftInForce(edition("1", 1, 1..=6)))
        .then_refused(&DefinitionRefusal::DraftMoved("1".into()));
    given::<Definition>(now.clone())
        .when(DefinitionCommand::PutDraftInForce(edition("1", 2, 1..=6)))
        .then([in_force(edition("1", 2, 1..=6))]);
    let [first, second] = now;
    let now = [first, second, in_force(edition("1", 2, 1..=6))];
    given::<Definition>(now.clone())
        .when(change("1", 3))
        .then_refused(&DefinitionRefusal::Immutable("1".into()));
    given::<Definition>(now)
        .when(DefinitionCommand::Draft(draft("1", 3)))
        .then_refused(&DefinitionRefusal::Immutable("1".into()));
}

#[test]
fn an_edition_is_taken_into_use_where_it_is_in_force() {
    let given = || given::<Definition>([in_force(edition("1", 1, 1..=6))]);
    given().when(wanted("2024-Q1")).then([used()]);
    given()
        .when(wanted("2024"))
        .then_refused(&DefinitionRefusal::NotInForce {
            edition: "1".into(),
            group: "department".into(),
            period: "2024".parse().expect("a period"),
        });
    decider::spec::given::<Definition>([in_force(edition("1", 1, 1..=6)), used()])
        .when(wanted("2024-Q1"))
        .then([]);
}

#[test]
fn an_edition_that_a_running_campaign_uses_is_not_retired() {
    let given = || given::<Definition>([in_force(edition("1", 1, 1..=6)), used()]);
    given()
        .when(retire(3, &[campaign()]))
        .then_refused(&DefinitionRefusal::InUse {
            edition: "1".into(),
            campaigns: vec![campaign()],
        });
    given().when(retire(3, &[])).then([retired(3)]);
}

#[test]
fn an_edition_ends_earlier_and_never_later() {
    let now = [in_force(edition("1", 1, 1..=6)), retired(3)];
    let given = || given::<Definition>(now.clone());
    given().when(retire(3, &[])).then([]);
    given().when(retire(2, &[])).then([retired(2)]);
    given()
        .when(retire(4, &[]))
        .then_refused(&DefinitionRefusal::Ended {
            edition: "1".into(),
            until: Month::new(2024, 3).expect("a month"),
        });
    given()
        .when(wanted("2024-Q2"))
        .then_refused(&DefinitionRefusal::NotInForce {
            edition: "1".into(),
            group: "department".into(),
            period: "2024-Q2".parse().expect("a period"),
        });
    decider::spec::given::<Definition>([])
        .when(retire(3, &[]))
        .then_refused(&DefinitionRefusal::NoEdition("1".into()));
}

#[test]
fn what_a_retired_edition_leaves_another_may_judge() {
    given::<Definition>([in_force(edition("1", 1, 1..=6)), retired(3)])
        .when(DefinitionCommand::PutInForce(edition("2", 2, 4..=12)))
        .then([in_force(edition("2", 2, 4..=12))]);
}
