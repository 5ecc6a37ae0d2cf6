//! Whole years, held against the rules of a dossier.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::wire;
use decider::Decider as _;
use dossier::{
    Action, ClockPolicy, Command, Dossier, Filing, PaymentMethod, Promise, Rating, Status,
    SyncTarget,
};
use jiff::Timestamp;
use prost::Message as _;
use simulator::{Plan, World, reported, simulate};

fn plan(dossiers: usize) -> Plan {
    Plan {
        dossiers,
        seed: 766,
        year: 2024,
        now: "2024-12-30T16:30:00+07:00".parse().expect("a moment"),
    }
}

fn at(row: &pb::ImportDossiersRequest) -> Timestamp {
    wire::instant(row.occurred_at.as_ref().expect("a moment")).expect("a moment")
}

#[test]
fn a_seed_gives_the_same_year_again_and_another_seed_another_one() {
    let world = world::small();
    let bytes = |plan| -> Vec<Vec<u8>> {
        simulate(&world, plan)
            .flatten()
            .map(|row| row.encode_to_vec())
            .collect()
    };
    let first = bytes(plan(300));
    assert_eq!(first, bytes(plan(300)));
    assert_ne!(
        first,
        bytes(Plan {
            seed: 767,
            ..plan(300)
        })
    );
}

#[test]
fn as_many_dossiers_are_filed_as_asked_for_in_order_and_with_codes_of_their_own() {
    let world = world::small();
    let dossiers: Vec<_> = simulate(&world, plan(3_000)).collect();
    assert_eq!(dossiers.len(), 3_000);
    let rows: usize = dossiers.iter().map(Vec::len).sum();
    assert!((5 * 3_000..=10 * 3_000).contains(&rows), "{rows} facts");
    let codes: BTreeSet<&str> = dossiers.iter().map(|rows| rows[0].code.as_str()).collect();
    assert_eq!(codes.len(), 3_000);
    assert!(dossiers.iter().is_sorted_by_key(|rows| at(&rows[0])));
    for rows in &dossiers {
        assert!(rows.iter().is_sorted_by_key(at), "{rows:#?}");
        assert!(
            rows.iter()
                .all(|row| at(row) <= plan(1).now && row.code == rows[0].code)
        );
    }
}

#[test]
fn every_fact_is_one_that_a_dossier_allows() {
    let world = world::small();
    let calendar = Arc::new(world.calendar.clone());
    let mut late = 0;
    let mut open = 0;
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for rows in simulate(&world, plan(3_000)) {
        let mut dossier = Dossier::default();
        for row in &rows {
            let fact = row.fact.as_ref().unwrap();
            let action = action(&world, &calendar, &dossier, row);
            *kinds.entry(action.name().as_str()).or_default() += 1;
            let events = dossier
                .decide(Command {
                    at: at(row),
                    action,
                })
                .unwrap_or_else(|refusal| panic!("{fact:?} is refused: {refusal}\n{rows:#?}"));
            events.iter().for_each(|event| dossier.evolve(event));
        }
        let filed = dossier.filed().unwrap();
        late += u32::from(filed.timeliness_at(plan(1).now) == dossier::Timeliness::Late);
        open += u32::from(!dossier.status().is_some_and(Status::is_ended));
    }
    assert!((30..=450).contains(&late), "{late} of 3,000 are late");
    assert!(
        (30..=600).contains(&open),
        "{open} of 3,000 are open at the end"
    );
    // Everything that a dossier may go through, happens.
    assert!(kinds.len() >= 19, "{kinds:?}");
}

#[test]
fn a_unit_that_ends_hands_over_what_is_open_and_gets_nothing_new() {
    let world = world::small();
    let end: Timestamp = "2024-09-01T00:00:00+07:00".parse().unwrap();
    let mut handed_over = 0;
    for rows in simulate(&world, plan(4_000)) {
        let of_ended = rows[0].code.starts_with("000.00.21.");
        assert!(!of_ended || at(&rows[0]) < end, "{rows:#?}");
        let goes_over = |row: &pb::ImportDossiersRequest| matches!(&row.fact, Some(Fact::HandedOver(of)) if of.to_unit == "H40.20");
        let over = |fact: &Fact| {
            matches!(
                fact,
                Fact::Completed(_) | Fact::Refused(_) | Fact::Stopped(_) | Fact::Withdrawn(_)
            )
        };
        let open = !rows
            .iter()
            .any(|row| over(row.fact.as_ref().unwrap()) && at(row) < end);
        if of_ended && open {
            assert!(rows.iter().any(goes_over), "{rows:#?}");
            handed_over += 1;
        }
    }
    assert!(handed_over >= 3, "{handed_over} were open at the end");
}

#[test]
fn hardly_anybody_files_anything_at_tet() {
    let world = world::small();
    let mut days: BTreeMap<String, u32> = BTreeMap::new();
    for rows in simulate(&world, plan(5_000)) {
        *days
            .entry(world.offset.to_datetime(at(&rows[0])).date().to_string())
            .or_default() += 1;
    }
    let tet: u32 = days
        .range("2024-02-08".to_owned().."2024-02-15".to_owned())
        .map(|(_, n)| n)
        .sum();
    let march: u32 = days
        .range("2024-03-11".to_owned().."2024-03-18".to_owned())
        .map(|(_, n)| n)
        .sum();
    assert!(tet * 20 < march, "{tet} at Tết, {march} in a week of March");
}

#[test]
fn every_unit_reports_figures_in_which_no_part_is_more_than_its_whole() {
    let world = world::small();
    let figures: BTreeMap<_, _> = reported(&world, plan(1))
        .into_iter()
        .map(|figure| ((figure.unit, figure.month, figure.measure), figure.value))
        .collect();
    for ((unit, month, measure), value) in &figures {
        let whole = match *measure {
            "procedures_published_on_time" => "procedures_published",
            "procedures_updated_on_time" => "procedures_to_update",
            "procedures_complete" => "procedures_public",
            "certified_copy_units" => "certified_copy_units_obliged",
            _ => continue,
        };
        assert!(
            value <= &figures[&(unit.clone(), *month, whole)],
            "{measure} of {unit} in {month}"
        );
    }
    assert_eq!(
        figures.keys().filter(|(_, month, _)| *month == 12).count(),
        3 * 8
    );
}

/// The command that a fact stands for, as the service that takes it in would make it.
fn action(
    world: &World,
    calendar: &Arc<calendar::Calendar>,
    dossier: &Dossier,
    row: &pb::ImportDossiersRequest,
) -> Action {
    let text = |reason: &pb::ImportedReason| reason.reason.clone();
    let dong = |payment: &pb::ImportedPayment| payment.amount_dong.unsigned_abs();
    let calendar = || calendar.clone();
    match row.fact.as_ref().expect("made by the simulator") {
        Fact::Registered(of) => Action::RegisterDossier(filing(row, &of.procedure, &of.unit)),
        Fact::Received(of) => {
            let filing = (!of.procedure.is_empty()).then(|| filing(row, &of.procedure, &of.unit));
            let about = filing
                .as_ref()
                .or(dossier.filed().map(|filed| &filed.filing))
                .expect("made by the simulator");
            let about = about.procedure.to_string();
            let procedure = world
                .procedures
                .iter()
                .find(|known| known.code == about)
                .expect("made by the simulator");
            Action::ReceiveDossier {
                filing,
                promise: Promise::Computed {
                    limit: procedure.limit,
                    calendar: calendar(),
                },
                clock_policy: ClockPolicy::Restart,
                payment_duty: procedure.payment_duty,
            }
        }
        Fact::Refused(of) => Action::RefuseReception { reason: text(of) },
        Fact::ProcessingStarted(_) => Action::StartProcessing {
            officer: row.officer.clone(),
        },
        Fact::Activity(of) => Action::NoteActivity {
            activity: of.activity.clone(),
            officer: String::new(),
        },
        Fact::SupplementRequested(of) => Action::RequestSupplement { reason: text(of) },
        Fact::SupplementCompleted(_) => Action::CompleteSupplement {
            calendar: calendar(),
        },
        Fact::PaymentRequested(of) => Action::RequestPayment {
            amount_dong: dong(of),
            fee: String::new(),
        },
        Fact::PaymentRecorded(of) => Action::RecordPayment {
            amount_dong: dong(of),
            method: PaymentMethod::Cash,
            reference: String::new(),
        },
        Fact::DueDateExtended(of) => Action::ExtendDueDate {
            due_at: wire::instant(of.due_at.as_ref().expect("made by the simulator"))
                .expect("made by the simulator"),
            reason: of.reason.clone(),
            calendar: calendar(),
        },
        Fact::HandedOver(of) => Action::HandOverDossier {
            to_unit: of.to_unit.parse().expect("made by the simulator"),
            reason: of.reason.clone(),
        },
        Fact::Stopped(of) => Action::StopHandling { reason: text(of) },
        Fact::Withdrawn(of) => Action::WithdrawDossier { reason: text(of) },
        Fact::Completed(_) => Action::CompleteDossier,
        Fact::ResultCorrected(of) => Action::CorrectResult { reason: text(of) },
        Fact::Delivered(_) => Action::DeliverResult,
        Fact::Digitised(of) => Action::DigitiseComponents {
            digitised: of.digitised.unsigned_abs(),
            reused: of.reused.unsigned_abs(),
        },
        Fact::ElectronicResultIssued(_) => Action::IssueElectronicResult { sha256: [0; 32] },
        Fact::ResultSigned(_) => Action::SignResult {
            signer: row.officer.clone(),
        },
        Fact::Synchronised(_) => Action::SynchroniseDossier {
            target: SyncTarget::NationalPortal,
        },
        Fact::Rated(_) => Action::RateDossier {
            rating: Rating::Satisfied,
        },
        Fact::PetitionFiled(_) => Action::FilePetition {
            limit: calendar::Limit::Days(15),
            calendar: calendar(),
        },
        Fact::PetitionAnswered(of) => Action::AnswerPetition {
            petition: of.petition.unsigned_abs(),
            satisfied: of.satisfied,
        },
    }
}

fn filing(row: &pb::ImportDossiersRequest, procedure: &str, unit: &str) -> Filing {
    Filing {
        code: row.code.parse().expect("made by the simulator"),
        procedure: procedure.parse().expect("made by the simulator"),
        receiving_unit: unit.parse().expect("made by the simulator"),
        unit: unit.parse().expect("made by the simulator"),
        channel: dossier::Channel::Counter,
        applicant: None,
        identity_verified: false,
        source: None,
    }
}
