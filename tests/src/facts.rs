//! Facts of a made-up year, the same every time: enough of everything for every leaf that dossiers can move.

use cli::Services;
use contracts::assessments::v1::ReportMeasureRequest;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::dossiers::v1::{self as dossiers, ImportDossiersRequest};
use futures::stream;
use jiff::{Timestamp, ToSpan as _};

use crate::{eventually, given};

/// Dossiers of the year.
const DOSSIERS: i64 = 150;
/// Every so manieth dossier stays open.
const OPEN_EACH: i64 = 10;
/// Dossiers that stay open, and are overdue by now.
pub const OPEN: i64 = DOSSIERS / OPEN_EACH;
/// The first dossier comes in at this time, the others every two days, several at a time.
const START: Timestamp = Timestamp::constant(1_704_164_400, 0);

/// Periods in which something of it shows.
pub const PERIODS: [&str; 6] = [
    "2024-01", "2024-02", "2024-05", "2024-Q1", "2024-Q2", "2024",
];

/// Imports the dossiers, as soon as the registry's news has reached the dossiers service.
pub async fn import(services: &Services) {
    let rows: Vec<_> = (0..DOSSIERS).flat_map(dossier).collect();
    let expected = i64::try_from(rows.len()).expect("small");
    eventually("the dossiers are in", async || {
        let import = services
            .dossiers
            .clone()
            .import_dossiers(stream::iter(rows.clone()))
            .await;
        let answer = import.map_err(|status| format!("{status:?}"))?.into_inner();
        if answer.accepted + answer.repeated == expected {
            Ok(())
        } else {
            Err(format!("{answer:?}"))
        }
    })
    .await;
    overdue_told(services).await;
}

/// Waits until the timer has told of every open dossier that it is overdue.
async fn overdue_told(services: &Services) {
    let kind = "chiso.dossiers.v1.DossierOverdue";
    eventually("the open dossiers are overdue", async || {
        let kinds = crate::receipt::kinds(services, cli::Service::Dossiers).await;
        let told = kinds.iter().filter(|it| *it == kind).count();
        if i64::try_from(told) == Ok(OPEN) {
            Ok(())
        } else {
            Err(told)
        }
    })
    .await;
}

/// Reports figures that dossiers cannot say.
pub async fn report(services: &Services) {
    for (unit, month, measure, value) in [
        (given::DEPARTMENT, "2024-01", "procedures_published", "40"),
        (
            given::DEPARTMENT,
            "2024-01",
            "procedures_published_on_time",
            "31",
        ),
        (
            given::OTHER_DEPARTMENT,
            "2024-02",
            "procedures_published",
            "7",
        ),
        (
            given::OTHER_DEPARTMENT,
            "2024-02",
            "procedures_published_on_time",
            "9",
        ),
        // A later report of the same month replaces it.
        (
            given::OTHER_DEPARTMENT,
            "2024-02",
            "procedures_published_on_time",
            "6",
        ),
        (given::DEPARTMENT, "2024-05", "procedures_public", "120"),
        (given::DEPARTMENT, "2024-05", "procedures_complete", "119"),
    ] {
        eventually("a figure is reported", async || {
            let request = ReportMeasureRequest {
                unit: unit.into(),
                month: month.into(),
                measure: measure.into(),
                value: value.into(),
                source: "a test".into(),
                ..Default::default()
            };
            services.assessments.clone().report_measure(request).await
        })
        .await;
    }
}

/// One dossier's facts in the order of time.
fn dossier(n: i64) -> Vec<ImportDossiersRequest> {
    let unit = if n % 3 == 0 {
        given::OTHER_DEPARTMENT
    } else {
        given::DEPARTMENT
    };
    let received = dossiers::ImportedReception {
        procedure: given::PROCEDURE.into(),
        unit: unit.into(),
        channel: (n % 3 + 1) as i32,
        applicant: format!("applicant-{n}"),
        identity_verified: n % 2 == 0,
        ..Default::default()
    };
    let nothing = || dossiers::ImportedNothing {};
    let mut facts = vec![
        (0, Fact::Received(received)),
        (3, Fact::ProcessingStarted(nothing())),
    ];
    if n % 4 == 1 {
        let digitised = i32::from(n % 8 == 1);
        let components = dossiers::ImportedDigitisation {
            digitised,
            reused: 1,
        };
        facts.push((5, Fact::Digitised(components)));
    }
    if n % 7 == 3 {
        let reason = dossiers::ImportedReason {
            reason: "a paper is missing".into(),
        };
        facts.push((24, Fact::SupplementRequested(reason)));
        facts.push((72, Fact::SupplementCompleted(nothing())));
    }
    if n % OPEN_EACH != 0 {
        // Two to eleven days, of which five are allowed.
        facts.push((73 + n % 10 * 24, Fact::Completed(nothing())));
        if n % 2 == 0 {
            facts.push((340, Fact::ElectronicResultIssued(nothing())));
        }
        facts.push((350, Fact::Delivered(nothing())));
        let rating = dossiers::ImportedRating {
            rating: (n % 4 + 1) as i32,
        };
        facts.push((360, Fact::Rated(rating)));
    }
    if n % 5 == 2 {
        let target = dossiers::SyncTarget::NationalPortal.into();
        facts.push((
            370,
            Fact::Synchronised(dossiers::ImportedSynchronisation { target }),
        ));
    }
    let start = START + (n / 2 * 96).hours();
    let row = |(hours, fact): (i64, Fact)| ImportDossiersRequest {
        source: "made-up".into(),
        source_event_id: format!("{n}-{hours}"),
        code: format!("MADE-UP-{n:04}"),
        occurred_at: Some(contracts::wire::timestamp(start + hours.hours())),
        fact: Some(fact),
        ..Default::default()
    };
    facts.into_iter().map(row).collect()
}
