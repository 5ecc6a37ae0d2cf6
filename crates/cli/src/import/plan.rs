//! Rows by case, in order, as facts.

use std::collections::{BTreeMap, BTreeSet};

use contracts::dossiers::v1::ImportDossiersRequest;
use jiff::Timestamp;

use super::fact::Cells;
use super::field::{Field, Happening};
use super::mapping::{CaseFact, Mapping};
use super::status::Standing;
use super::table::Table;

/// A fact and the row of the file that it counts for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sending {
    pub(super) row: usize,
    pub(super) happening: Happening,
    pub(super) request: ImportDossiersRequest,
}

/// Why a row cannot be sent.
pub(super) type Unsent = (usize, String);

/// The rows of one case in the order of their times.
#[derive(Debug)]
struct Case {
    code: String,
    rows: Vec<(Timestamp, usize)>,
}

/// The cases of a file, in the order in which they began.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    table: &'a Table,
    mapping: &'a Mapping,
    cases: Vec<Case>,
}

impl<'a> Plan<'a> {
    /// Orders the rows; what belongs to no case or no time is told.
    pub(super) fn of(table: &'a Table, mapping: &'a Mapping) -> (Self, Vec<Unsent>) {
        let mut unsent = Vec::new();
        let mut cases: BTreeMap<&str, Vec<(Timestamp, usize)>> = BTreeMap::new();
        for row in 0..table.rows.len() {
            match place(&Cells {
                table,
                mapping,
                row,
            }) {
                Ok((case, at)) => cases.entry(case).or_default().push((at, row)),
                Err(why) => unsent.push((row, why)),
            }
        }
        let mut cases: Vec<Case> = cases
            .into_iter()
            .map(|(code, mut rows)| {
                rows.sort_unstable();
                Case {
                    code: code.to_owned(),
                    rows,
                }
            })
            .collect();
        cases.sort_by(|one, other| (one.rows[0].0, &one.code).cmp(&(other.rows[0].0, &other.code)));
        (
            Self {
                table,
                mapping,
                cases,
            },
            unsent,
        )
    }

    /// The facts of each case, in order.
    pub(super) fn cases(&self) -> impl Iterator<Item = (Vec<Sending>, Vec<Unsent>)> {
        self.cases.iter().map(|case| Reader::new(self, case).read())
    }
}

/// The case and the time of a row.
fn place<'a>(cells: &Cells<'a>) -> Result<(&'a str, Timestamp), String> {
    let case = cells.get(Field::Case)?;
    if case.is_empty() {
        return Err("case: is empty; every row needs the code of its dossier".to_owned());
    }
    let at = cells.instant(Field::Time)?;
    at.map(|at| (case, at))
        .ok_or_else(|| "time: is empty; every row needs its time".to_owned())
}

/// Makes the facts of one case.
struct Reader<'a> {
    plan: &'a Plan<'a>,
    case: &'a Case,
    /// By place before the rows, time, and order of making.
    facts: Vec<((u8, Timestamp, usize), Sending)>,
    unsent: Vec<Unsent>,
    ids: BTreeSet<String>,
}

/// The place of facts that stand where their time puts them.
const BY_TIME: u8 = u8::MAX;

impl<'a> Reader<'a> {
    fn new(plan: &'a Plan<'a>, case: &'a Case) -> Self {
        Self {
            plan,
            case,
            facts: Vec::new(),
            unsent: Vec::new(),
            ids: BTreeSet::new(),
        }
    }

    fn read(mut self) -> (Vec<Sending>, Vec<Unsent>) {
        let mut standing = Standing::default();
        for (at, row) in &self.case.rows {
            if let Err(why) = self.row(*at, *row, &mut standing) {
                self.unsent.push((*row, why));
            }
        }
        for fact in &self.plan.mapping.case {
            let carrier = match fact.happening.opens() {
                Some(_) => self.case.rows.first(),
                None => self.case.rows.last(),
            };
            let Some((_, row)) = carrier else { continue };
            if let Err(why) = self.of_case(fact, *row) {
                self.unsent
                    .push((*row, format!("{}: {why}", fact.happening.name())));
            }
        }
        self.facts.sort_by_key(|(place, _)| *place);
        (
            self.facts.into_iter().map(|(_, sending)| sending).collect(),
            self.unsent,
        )
    }

    fn cells(&self, row: usize) -> Cells<'a> {
        Cells {
            table: self.plan.table,
            mapping: self.plan.mapping,
            row,
        }
    }

    /// The facts of a row: the first has the row's id, the others that and their name.
    fn row(
        &mut self,
        row_at: Timestamp,
        row: usize,
        standing: &mut Standing,
    ) -> Result<(), String> {
        let cells = self.cells(row);
        let due = cells.instant(Field::Due)?;
        let happenings = if self.plan.mapping.by_status() {
            let paid = !matches!(cells.get(Field::Amount)?, "" | "0");
            standing.change(cells.get(Field::Status)?, due.is_some(), paid)?
        } else {
            self.plan
                .mapping
                .happenings(cells.get(Field::Activity)?)?
                .to_vec()
        };
        let id = self.id(&cells, row_at)?;
        // The last one is what the row says; what had to come before it is derived.
        let own = if self.plan.mapping.by_status() {
            happenings.len().saturating_sub(1)
        } else {
            0
        };
        for (index, happening) in happenings.into_iter().enumerate() {
            let id = if index == own {
                id.clone()
            } else {
                format!("{id}#{}", happening.name())
            };
            let at = match happening {
                Happening::Registered | Happening::Received => {
                    let received_at = cells.instant(Field::ReceivedAt)?;
                    received_at
                        .filter(|received_at| *received_at <= row_at)
                        .unwrap_or(row_at)
                }
                _ => row_at,
            };
            // What a row says stands where the row stands, also where it happened before.
            let place = (BY_TIME, row_at, self.facts.len());
            self.facts
                .push((place, self.sending(id, at, happening, due, &cells)?));
        }
        Ok(())
    }

    /// A fact of the case, told by one of its rows. Its id is of the case, so that a later export with more rows says
    /// the same.
    fn of_case(&mut self, fact: &CaseFact, row: usize) -> Result<(), String> {
        let cells = self.cells(row);
        let instant = |column: &str| match cells.table.cell(row, column) {
            "" => Ok(None),
            text => self.plan.mapping.instant(text).map(Some),
        };
        let Some(mut at) = instant(&fact.at)? else {
            return Ok(());
        };
        if fact.happening.opens().is_some() {
            // Sources that round days have cases that end before they begin: those begin when they end.
            for other in &self.plan.mapping.case {
                if other.happening.opens().is_none() {
                    at = instant(&other.at)?.map_or(at, |ended| at.min(ended));
                }
            }
        }
        let due = fact.due.as_deref().map_or(Ok(None), instant)?;
        let place = (
            fact.happening.opens().unwrap_or(BY_TIME),
            at,
            self.facts.len(),
        );
        let id = format!("{}#{}", self.case.code, fact.happening.name());
        self.facts
            .push((place, self.sending(id, at, fact.happening, due, &cells)?));
        Ok(())
    }

    fn sending(
        &self,
        id: String,
        at: Timestamp,
        happening: Happening,
        due: Option<Timestamp>,
        cells: &Cells<'_>,
    ) -> Result<Sending, String> {
        let request = ImportDossiersRequest {
            source: self.plan.mapping.source.clone(),
            source_event_id: id,
            code: self.case.code.clone(),
            occurred_at: Some(contracts::wire::timestamp(at)),
            officer: cells.get(Field::Officer)?.to_owned(),
            fact: Some(cells.fact(happening, due)?),
        };
        Ok(Sending {
            row: cells.row,
            happening,
            request,
        })
    }

    /// The identity of a row: the source's, or one made of what tells it from others.
    fn id(&mut self, cells: &Cells<'_>, at: Timestamp) -> Result<String, String> {
        let said = cells.get(Field::Event)?;
        if !said.is_empty() {
            return Ok(said.to_owned());
        }
        let what = match cells.get(Field::Status)? {
            "" => cells.get(Field::Activity)?,
            status => status,
        };
        let made = format!("{}|{at}|{what}", self.case.code);
        let mut id = made.clone();
        let mut again = 1;
        while !self.ids.insert(id.clone()) {
            again += 1;
            id = format!("{made}|{again}");
        }
        Ok(id)
    }
}
