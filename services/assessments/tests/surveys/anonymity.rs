//! Nobody can tell which ballot was cast under which token.
//!
//! The test knows the truth, as it cast every ballot, each with an answer of its own. It then reads everything that the
//! service wrote (every row of every table with its place and transaction, every event, every line of output down to the
//! finest level of the service's own crates) and tries to find the truth in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use contracts::assessments::v1 as pb;
use contracts::wire::instant;
use pb::counted_answer::Answer;
use prost::Message as _;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use tracing_subscriber::EnvFilter;

use crate::sample::{DURING, OPENS, WAVE, ballot};
use crate::world::{UNITS, World, eventually};

/// Fewest ballots that may come out together.
const COMPANY: usize = 10;

/// Collects what the process says.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, said: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(said);
        Ok(said.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn listen() -> Self {
        let output = Self::default();
        let writer = output.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(
                "debug,assessments=trace,eventlog=trace,sqlx=trace",
            ))
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("the only test that listens");
        output
    }

    fn text(&self) -> String {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }
}

/// One row of a table, in the order of places.
#[derive(Debug, Clone)]
struct Stored {
    table: String,
    transaction: String,
    /// Every value as text; bytes in hexadecimal.
    values: BTreeMap<String, String>,
}

/// Every row of every table of the database.
async fn dump(pool: &PgPool) -> Vec<Stored> {
    let tables = "select format('%I.%I', schemaname, tablename) from pg_tables
                  where schemaname not in ('pg_catalog', 'information_schema') order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(pool)
        .await
        .expect("tables");
    let mut rows = Vec::new();
    for table in tables {
        let query = format!(
            "select t.xmin::text as transaction, t.ctid::text as place, key, value
             from (select xmin, ctid, * from {table}) t, jsonb_each_text(to_jsonb(t)) order by t.ctid"
        );
        let cells = sqlx::query(AssertSqlSafe(query))
            .fetch_all(pool)
            .await
            .expect("rows");
        let mut found: BTreeMap<(usize, String), Stored> = BTreeMap::new();
        let mut order: BTreeMap<String, usize> = BTreeMap::new();
        for cell in cells {
            let place: String = cell.get("place");
            let next = order.len();
            let number = *order.entry(place.clone()).or_insert(next);
            let row = found
                .entry((number, place.clone()))
                .or_insert_with(|| Stored {
                    table: table.clone(),
                    transaction: cell.get("transaction"),
                    values: BTreeMap::new(),
                });
            let value: Option<String> = cell.get("value");
            row.values
                .insert(cell.get("key"), value.unwrap_or_default());
        }
        rows.extend(found.into_values());
    }
    rows
}

/// The truth: what was answered under each token, in the order of casting.
struct Truth {
    cast: Vec<(String, i64)>,
}

impl Truth {
    /// Casts a ballot under each token, each with hours that nobody else answers, in no order of hours.
    async fn cast(world: &World, tokens: &[String], offset: i64) -> Self {
        let mut cast = Vec::new();
        for (number, token) in (0_i64..).zip(tokens) {
            let hours = offset + (number * 7_919) % 10_007;
            let text = format!("{}.{:02}", hours / 100, hours % 100);
            let request = ballot(token, &[("attitude", "4"), ("hours", &text)]);
            world
                .surveys
                .clone()
                .cast_ballot(request)
                .await
                .expect("cast");
            cast.push((token.clone(), hours));
        }
        Self { cast }
    }

    /// Ways to write a token and an answer that must stand nowhere.
    fn forbidden(&self) -> Vec<String> {
        let mut forbidden = Vec::new();
        for (token, hours) in &self.cast {
            let plain = token.replace('-', "");
            forbidden.extend([
                token.clone(),
                token.to_lowercase(),
                plain.to_lowercase(),
                plain.clone(),
            ]);
            forbidden.extend([hex(token.as_bytes()), hex(plain.as_bytes())]);
            forbidden.push(format!("{}.{:02}", hours / 100, hours % 100));
        }
        forbidden
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A ballot's answer in hours, as it is stored in the clear.
fn stored_answer(hours: i64) -> String {
    let answer = pb::CountedAnswer {
        question: "hours".into(),
        answer: Some(Answer::Hundredths(hours)),
    };
    hex(&answer.encode_to_vec())
}

fn hours(ballot: &pb::SurveyBallot) -> i64 {
    let answer = ballot
        .answers
        .iter()
        .find(|answer| answer.question == "hours");
    match answer.and_then(|answer| answer.answer.as_ref()) {
        Some(Answer::Hundredths(hours)) => *hours,
        _ => panic!("a ballot without hours: {ballot:?}"),
    }
}

fn of<'a>(rows: &'a [Stored], table: &str) -> Vec<&'a Stored> {
    rows.iter().filter(|row| row.table == table).collect()
}

/// Ballots stand in the clear in events only, and there at least ten together.
fn ballots_come_in_company(rows: &[Stored], truth: &Truth) {
    for (_, hours) in &truth.cast {
        let answer = stored_answer(*hours);
        for row in rows
            .iter()
            .filter(|row| row.values.values().any(|it| it.contains(&answer)))
        {
            assert_eq!(row.table, "eventlog.events", "{row:?}");
            let others = truth.cast.iter().map(|(_, hours)| stored_answer(*hours));
            let together = others
                .filter(|it| row.values["payload"].contains(it))
                .count();
            assert!(together >= COMPANY, "{together} in {row:?}");
        }
    }
}

/// No value, transaction or place joins a mark to a row that holds a ballot in the clear.
fn nothing_joins(rows: &[Stored], truth: &Truth) {
    let answers: Vec<String> = truth
        .cast
        .iter()
        .map(|(_, hours)| stored_answer(*hours))
        .collect();
    let tells = |row: &&Stored| {
        row.values
            .values()
            .any(|value| answers.iter().any(|answer| value.contains(answer)))
    };
    let telling: Vec<&Stored> = rows.iter().filter(tells).collect();
    for mark in of(rows, "public.survey_spent") {
        let own = mark
            .values
            .iter()
            .filter(|(column, _)| !["xmin", "ctid", "wave"].contains(&column.as_str()));
        let own: Vec<&str> = own
            .map(|(_, value)| value.trim_start_matches("\\x"))
            .collect();
        for row in &telling {
            assert_ne!(mark.transaction, row.transaction, "{mark:?} {row:?}");
            for value in row.values.values() {
                let joined = own
                    .iter()
                    .any(|own| value.contains(own.trim_start_matches("\\x")));
                assert!(!joined, "{mark:?} {row:?}");
            }
        }
    }
}

/// Neither tokens nor answers are in a row, an event or a line of output, and no table keeps a time or an order beside
/// them.
fn nothing_tells(rows: &[Stored], output: &str, truth: &Truth) {
    for forbidden in truth.forbidden() {
        for row in rows {
            let told = row.values.values().any(|value| value.contains(&forbidden));
            // Short numbers occur in moments and hashes by chance; a whole answer is looked for by itself.
            assert!(!told || forbidden.len() < 10, "{forbidden} in {row:?}");
        }
        for line in output.lines().filter(|line| line.contains(&forbidden)) {
            let answer = format!("\"{forbidden}\"");
            assert!(
                forbidden.len() < 10 && !line.contains(&answer),
                "{forbidden} in {line}"
            );
        }
    }
    for mark in of(rows, "public.survey_spent") {
        let columns: Vec<&str> = mark.values.keys().map(String::as_str).collect();
        let of_ours: Vec<&&str> = columns
            .iter()
            .filter(|it| !["xmin", "ctid"].contains(*it))
            .collect();
        assert_eq!(of_ours, [&"mark", &"wave"]);
        let digest = mark.values["mark"].trim_start_matches("\\x");
        assert!(
            !output.contains(digest),
            "a mark is in the output: {digest}"
        );
    }
    for receipt in of(rows, "eventlog.receipts") {
        assert_ne!(receipt.values["method"], "CastBallot");
    }
}

/// What left the box is in the order of what it says, and nothing about it differs but that and when the log heard of it.
async fn order_says_nothing(world: &World, truth: &Truth) -> Vec<BTreeSet<i64>> {
    let mut released = Vec::new();
    for (event, batch) in world.events::<pb::BallotsReleased>(WAVE).await {
        let said: Vec<i64> = batch.ballots.iter().map(hours).collect();
        assert!(said.is_sorted() && said.len() >= COMPANY, "{said:?}");
        let metadata = contracts::log::v1::Metadata::decode(event.metadata).expect("metadata");
        assert_eq!(metadata.actor, "ballot box");
        assert_eq!(
            (metadata.traceparent.as_str(), metadata.client.as_str()),
            ("", "")
        );
        let at = metadata.occurred_at.as_ref().and_then(instant);
        assert_eq!(at, Some(OPENS.parse().expect("a moment")));
        released.push(said.into_iter().collect());
    }
    let all: BTreeSet<i64> = truth.cast.iter().map(|(_, hours)| *hours).collect();
    let out: Vec<i64> = released.iter().flatten().copied().collect();
    assert!(out.iter().all(|hours| all.contains(hours)));
    assert_eq!(
        out.iter().collect::<BTreeSet<_>>().len(),
        out.len(),
        "a ballot came twice"
    );
    released
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_event_or_log_line_links_a_token_to_its_ballot() {
    let output = Output::listen();
    let world = World::start_at(DURING).await;
    world.planned().await;
    world.open().await;
    let pool = world.pool().await;
    let tokens = world.tokens(UNITS[0], "citizen", 55).await;
    let (used, unused) = tokens.split_at(47);
    let truth = Truth::cast(&world, used, 10_000).await;
    eventually("full pools let ballots go", async || {
        let rows = dump(&pool).await;
        let pools = of(&rows, "public.survey_pool");
        let held = pools
            .iter()
            .map(|pool| pool.values["held"].parse::<usize>().expect("a number"));
        held.max()
            .is_some_and(|held| held < 2 * COMPANY)
            .then_some(())
    })
    .await;

    let rows = dump(&pool).await;
    assert_eq!(of(&rows, "public.survey_spent").len(), 47);
    nothing_tells(&rows, &output.text(), &truth);
    ballots_come_in_company(&rows, &truth);
    nothing_joins(&rows, &truth);
    let early = order_says_nothing(&world, &truth).await;
    assert!(
        !early.is_empty(),
        "some ballots are out before the wave closes"
    );
    let out: usize = early.iter().map(BTreeSet::len).sum();
    assert!(
        (COMPANY..2 * COMPANY).contains(&(47 - out)),
        "{out} are out"
    );

    // A few of other units and groups, who are too few to be told apart.
    let few = world.tokens(UNITS[1], "citizen", 6).await;
    let few = Truth::cast(&world, &few, 60_000).await;
    let alone = world.tokens(UNITS[2], "official", 1).await;
    let alone = Truth::cast(&world, &alone, 90_000).await;
    world.close().await;
    let counted = world.counted(WAVE).await;
    assert_eq!(counted.destroyed, 7);

    let rows = dump(&pool).await;
    assert!(
        of(&rows, "public.survey_spent").is_empty(),
        "marks outlive the count"
    );
    assert!(
        of(&rows, "public.survey_pool").is_empty(),
        "pools outlive the count"
    );
    let all = Truth {
        cast: [truth.cast, few.cast, alone.cast].concat(),
    };
    nothing_tells(&rows, &output.text(), &all);
    ballots_come_in_company(&rows, &all);
    let released = order_says_nothing(&world, &all).await;
    assert_eq!(released.iter().map(BTreeSet::len).sum::<usize>(), 47);
    for (_, hours) in &all.cast[47..] {
        assert!(!rows.iter().any(|row| {
            row.values
                .values()
                .any(|it| it.contains(&stored_answer(*hours)))
        }));
    }
    assert!(!output.text().contains(&unused[0]));
    assert!(
        output.text().contains("survey_spent"),
        "the output of the service was heard"
    );
}
