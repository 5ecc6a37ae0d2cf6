//! From rows to facts, and what becomes of them.

use contracts::dossiers::v1::ImportDossiersResponse;
use contracts::dossiers::v1::RefusedRow;

use super::*;
use crate::import::plan::Sending;
use crate::import::send::Batch;

const RECEIPT: &str = "\
case:channel,case:concept:name,case:deadline,case:department,case:enddate,case:startdate,concept:instance,concept:name,org:resource,time:timestamp
Internet,case-2,2011-12-06 13:41:31.788000+01:00,General,,2011-10-11 13:42:22.688000+02:00,task-2,T02 Check,Resource10,2011-10-12 08:26:25.398000+02:00
Internet,case-2,2011-12-06 13:41:31.788000+01:00,General,,2011-10-11 13:42:22.688000+02:00,task-1,Confirmation of receipt,Resource21,2011-10-11 13:45:40.276000+02:00
Desk,case-1,2011-06-01 00:00:00+02:00,Experts,2011-04-20 12:00:00+02:00,2011-04-06 10:00:00+02:00,task-3,Confirmation of receipt,Resource01,2011-04-06 09:59:58+02:00
Desk,case-1,2011-06-01 00:00:00+02:00,Experts,2011-04-20 12:00:00+02:00,2011-04-06 10:00:00+02:00,task-4,T10 Determine,Resource01,2011-04-21 10:00:00+02:00
Fax,case-3,2011-06-01 00:00:00+02:00,Experts,,2011-07-06 10:00:00+02:00,task-5,T10 Determine,Resource01,2011-07-21 10:00:00+02:00
Desk,case-4,2011-06-01 00:00:00+02:00,Experts,,2011-07-06 10:00:00+02:00,task-6,T10 Determine,Resource01,soon
";

fn receipt_mapping() -> Mapping {
    Mapping::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/receipt-mapping.yaml"))
        .expect("sound")
}

fn read(name: &str, text: &str, mapping: &Mapping) -> (tempfile::TempDir, Table) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("a file");
    let table = Table::read(&file, mapping).expect("sound");
    (folder, table)
}

/// One line for each fact: the row (1 for the first), its id, when, and what.
fn told(sendings: &[Sending]) -> Vec<String> {
    sendings
        .iter()
        .map(|sending| {
            let mut json = out::json(&sending.request);
            let fact = sending.happening.name();
            let at = json["occurredAt"].take();
            let id = json["sourceEventId"].take();
            let mut fact_json = serde_json::Value::Null;
            if let Some(object) = json.as_object_mut() {
                object.retain(|key, _| {
                    !["occurredAt", "sourceEventId", "source"].contains(&key.as_str())
                });
                fact_json = serde_json::Value::Object(object.clone());
            }
            format!("{} {id} {at} {fact} {fact_json}", sending.row + 1)
        })
        .collect()
}

#[test]
fn receipt_rows_become_facts_by_case_and_time() {
    let mapping = receipt_mapping();
    let (_folder, table) = read("receipt.csv", RECEIPT, &mapping);
    let (plan, unsent) = Plan::of(&table, &mapping);
    assert_eq!(unsent.len(), 1);
    assert_eq!(unsent[0].0, 5);
    let (mut facts, mut refused) = (Vec::new(), Vec::new());
    for (case, unsent) in plan.cases() {
        facts.extend(told(&case));
        refused.extend(
            unsent
                .into_iter()
                .map(|(row, why)| format!("{} {why}", row + 1)),
        );
    }
    insta::assert_snapshot!(facts.join("\n"), @r##"
    3 "case-1#received" "2011-04-06T08:00:00Z" received {"code":"case-1","officer":"Resource01","received":{"channel":"CHANNEL_COUNTER","dueAt":"2011-05-31T22:00:00Z","procedure":"9.000001","unit":"H99.02"}}
    3 "task-3" "2011-04-06T07:59:58Z" activity {"activity":{"activity":"Confirmation of receipt"},"code":"case-1","officer":"Resource01"}
    4 "case-1#completed" "2011-04-20T10:00:00Z" completed {"code":"case-1","completed":{},"officer":"Resource01"}
    4 "task-4" "2011-04-21T08:00:00Z" activity {"activity":{"activity":"T10 Determine"},"code":"case-1","officer":"Resource01"}
    5 "task-5" "2011-07-21T08:00:00Z" activity {"activity":{"activity":"T10 Determine"},"code":"case-3","officer":"Resource01"}
    2 "case-2#received" "2011-10-11T11:42:22.688Z" received {"code":"case-2","officer":"Resource21","received":{"channel":"CHANNEL_ONLINE","dueAt":"2011-12-06T12:41:31.788Z","procedure":"9.000001","unit":"H99.01"}}
    2 "task-1" "2011-10-11T11:45:40.276Z" activity {"activity":{"activity":"Confirmation of receipt"},"code":"case-2","officer":"Resource21"}
    1 "task-2" "2011-10-12T06:26:25.398Z" activity {"activity":{"activity":"T02 Check"},"code":"case-2","officer":"Resource10"}
    "##);
    insta::assert_snapshot!(refused.join("\n"), @r##"
    5 received: channel: "Fax" is not among values.channel of the mapping; add it
    "##);
}

const PORTAL: &str = r#"{"MaHoSo":"000.00.12.H40-240102-0001","MaTTHC":"1.005129","DonViXuLy":"H40.12","TrangThaiHoSo":2,"ThoiDiemXuLy":"20240102080500","NgayTiepNhan":"20240102080000","NgayHenTra":"20240109080000","KenhThucHien":"2"}
{"MaHoSo":"000.00.12.H40-240102-0001","MaTTHC":"1.005129","DonViXuLy":"H40.12","TrangThaiHoSo":4,"ThoiDiemXuLy":"20240102090000","NguoiXuLy":"CB07"}

{"MaHoSo":"000.00.12.H40-240102-0001","MaTTHC":"1.005129","DonViXuLy":"H40.12","TrangThaiHoSo":10,"ThoiDiemXuLy":"20240105100000"}
"#;

#[test]
fn portal_rows_become_facts_by_the_change_of_status() {
    let mapping = Mapping::portal();
    let (_folder, table) = read("portal.jsonl", PORTAL, &mapping);
    let (plan, unsent) = Plan::of(&table, &mapping);
    assert_eq!(unsent, []);
    let facts: Vec<String> = plan.cases().flat_map(|(facts, _)| told(&facts)).collect();
    insta::assert_snapshot!(facts.join("\n"), @r##"
    1 "000.00.12.H40-240102-0001|2024-01-02T01:05:00Z|2" "2024-01-02T01:00:00Z" received {"code":"000.00.12.H40-240102-0001","received":{"channel":"CHANNEL_ONLINE","dueAt":"2024-01-09T01:00:00Z","procedure":"1.005129","unit":"H40.12"}}
    2 "000.00.12.H40-240102-0001|2024-01-02T02:00:00Z|4" "2024-01-02T02:00:00Z" processing_started {"code":"000.00.12.H40-240102-0001","officer":"CB07","processingStarted":{}}
    3 "000.00.12.H40-240102-0001|2024-01-05T03:00:00Z|10#completed" "2024-01-05T03:00:00Z" completed {"code":"000.00.12.H40-240102-0001","completed":{}}
    3 "000.00.12.H40-240102-0001|2024-01-05T03:00:00Z|10" "2024-01-05T03:00:00Z" delivered {"code":"000.00.12.H40-240102-0001","delivered":{}}
    "##);
}

#[test]
fn a_file_without_the_mapping_s_columns_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("other.csv");
    std::fs::write(&file, "a,b\n1,2\n").expect("a file");
    let failure = Table::read(&file, &receipt_mapping()).expect_err("other columns");
    assert_eq!(failure.exit, Exit::Data);
    assert!(
        failure.message.contains("has no column case:channel"),
        "{failure}"
    );
    assert!(failure.message.contains("it has a, b"), "{failure}");
}

#[test]
fn batches_hold_whole_cases() {
    let mapping = receipt_mapping();
    let mut text = RECEIPT.lines().next().expect("headers").to_owned() + "\n";
    for case in 0..500 {
        for row in 0..9 {
            text += &format!(
                "Desk,case-{case:03},2011-06-01 00:00:00+02:00,General,,2011-04-06 10:00:00+02:00,e{case}-{row},T,R,2011-04-06 10:00:0{row}+02:00\n"
            );
        }
    }
    let (_folder, table) = read("many.csv", &text, &mapping);
    let (plan, _) = Plan::of(&table, &mapping);
    let batches: Vec<Batch> = send::batches(plan.cases()).collect();
    assert_eq!(
        batches
            .iter()
            .map(|batch| batch.facts.len())
            .collect::<Vec<_>>(),
        [2_000, 2_000, 1_000]
    );
    for batch in &batches {
        assert!(
            batch.facts[0]
                .request
                .source_event_id
                .ends_with("#received")
        );
    }
}

#[test]
fn rows_of_the_file_are_counted_not_facts() {
    let mapping = receipt_mapping();
    let (_folder, table) = read("receipt.csv", RECEIPT, &mapping);
    let (plan, _) = Plan::of(&table, &mapping);
    let batch = send::batches(plan.cases()).next().expect("a batch");
    // Facts in order: case 1 received, task-3, completed, task-4; case 3 task-5; case 2 received, task-1, task-2.
    let answer = ImportDossiersResponse {
        accepted: 5,
        repeated: 2,
        repeated_rows: vec![7, 8],
        refused: 1,
        refusals: vec![RefusedRow {
            row: 5,
            reason: "it is not filed".to_owned(),
            ..RefusedRow::default()
        }],
        position: 9,
    };
    let outcomes = send::outcomes(batch.facts.len(), answer);
    let mut tally = Tally::of(table.rows.len());
    tally.refuse(5, "time: is empty");
    tally.add(send::Settled {
        batch,
        outcomes,
        position: 9,
        repeats: 0,
    });
    let summary = tally.summary(Duration::from_secs(2));
    assert_eq!(
        (
            summary.rows,
            summary.accepted,
            summary.repeated,
            summary.refused.len()
        ),
        (6, 3, 1, 2)
    );
    insta::assert_snapshot!(summary.text(Some(Path::new("receipt.csv.refused.csv"))), @r##"
    6 rows, 8 facts, in 2 s (3 rows a second)
      accepted 3
      repeated 1
      refused  2
        1 × activity: it is not filed; received: channel: "Fax" is not among values.channel of the mapping; add it
        1 × time: is empty
    the refused rows are in receipt.csv.refused.csv
    "##);
}

#[test]
fn refused_rows_are_written_with_the_reason_and_go_with_the_next_import() {
    let mapping = receipt_mapping();
    let (folder, table) = read("receipt.csv", RECEIPT, &mapping);
    let mut tally = Tally::of(table.rows.len());
    tally.refuse(4, "channel: \"Fax\" is unknown");
    let file = folder.path().join("receipt.csv");
    let summary = tally.summary(Duration::ZERO);
    let beside = summary::write_refused(&file, &table, &summary)
        .expect("written")
        .expect("refused rows");
    let text = std::fs::read_to_string(&beside).expect("the file");
    let mut lines = text.lines();
    assert!(
        lines
            .next()
            .expect("headers")
            .ends_with("time:timestamp,reason")
    );
    assert_eq!(
        lines.next().expect("a row").rsplit(',').next(),
        Some("\"channel: \"\"Fax\"\" is unknown\"")
    );
    let summary = Tally::of(table.rows.len()).summary(Duration::ZERO);
    assert_eq!(
        summary::write_refused(&file, &table, &summary).expect("nothing to write"),
        None
    );
    assert!(!beside.exists());
}
