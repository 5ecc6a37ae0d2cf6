//! How a dossier's facts are stored. Instants are microseconds since 1970.

use std::collections::BTreeMap;

use jiff::Timestamp;
use measures::{Ended, Facts, Petition};
use serde::{Deserialize, Serialize};

/// A dossier's facts as JSON. Fields that hold their usual value are left out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FactsRow {
    unit: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    before: Vec<(String, i64)>,
    procedure: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<(i64, EndedRow, bool)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disliked: Option<i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    petitions: BTreeMap<i32, (i64, bool, bool)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<FlagRow>,
    positions: [i64; 3],
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndedRow {
    Completed,
    Refused,
    Stopped,
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FlagRow {
    Online,
    Identity,
    Duty,
    PaidOnline,
    Overdue,
    Digitised,
    Reused,
    Electronic,
    Portal,
    Store,
}

impl From<&Facts> for FactsRow {
    fn from(facts: &Facts) -> Self {
        let flags = [
            (facts.online, FlagRow::Online),
            (facts.identity, FlagRow::Identity),
            (facts.duty, FlagRow::Duty),
            (facts.paid_online, FlagRow::PaidOnline),
            (facts.overdue, FlagRow::Overdue),
            (facts.digitised, FlagRow::Digitised),
            (facts.reused, FlagRow::Reused),
            (facts.electronic, FlagRow::Electronic),
            (facts.portal, FlagRow::Portal),
            (facts.store, FlagRow::Store),
        ];
        let micros = Timestamp::as_microsecond;
        Self {
            unit: facts.unit.clone(),
            before: facts
                .before
                .iter()
                .map(|(unit, until)| (unit.clone(), micros(*until)))
                .collect(),
            procedure: facts.procedure.clone(),
            received: facts.received.map(micros),
            due: facts.due.map(micros),
            ended: facts.ended.map(|(at, ended)| {
                let (kind, late) = match ended {
                    Ended::Completed { late } => (EndedRow::Completed, late),
                    Ended::Refused => (EndedRow::Refused, false),
                    Ended::Stopped { late } => (EndedRow::Stopped, late),
                    Ended::Withdrawn { late } => (EndedRow::Withdrawn, late),
                };
                (micros(at), kind, late)
            }),
            disliked: facts.disliked.map(micros),
            petitions: facts
                .petitions
                .iter()
                .map(|(number, petition)| {
                    (
                        *number,
                        (micros(petition.filed), petition.on_time, petition.satisfied),
                    )
                })
                .collect(),
            flags: flags
                .into_iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, flag)| flag)
                .collect(),
            positions: facts.positions,
        }
    }
}

impl From<FactsRow> for Facts {
    fn from(row: FactsRow) -> Self {
        let at = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
        let holds = |flag| row.flags.contains(&flag);
        Self {
            online: holds(FlagRow::Online),
            identity: holds(FlagRow::Identity),
            duty: holds(FlagRow::Duty),
            paid_online: holds(FlagRow::PaidOnline),
            overdue: holds(FlagRow::Overdue),
            digitised: holds(FlagRow::Digitised),
            reused: holds(FlagRow::Reused),
            electronic: holds(FlagRow::Electronic),
            portal: holds(FlagRow::Portal),
            store: holds(FlagRow::Store),
            unit: row.unit,
            before: row
                .before
                .into_iter()
                .map(|(unit, until)| (unit, at(until)))
                .collect(),
            procedure: row.procedure,
            received: row.received.map(at),
            due: row.due.map(at),
            ended: row.ended.map(|(micros, kind, late)| {
                let ended = match kind {
                    EndedRow::Completed => Ended::Completed { late },
                    EndedRow::Refused => Ended::Refused,
                    EndedRow::Stopped => Ended::Stopped { late },
                    EndedRow::Withdrawn => Ended::Withdrawn { late },
                };
                (at(micros), ended)
            }),
            disliked: row.disliked.map(at),
            petitions: row
                .petitions
                .into_iter()
                .map(|(number, (filed, on_time, satisfied))| {
                    (
                        number,
                        Petition {
                            filed: at(filed),
                            on_time,
                            satisfied,
                        },
                    )
                })
                .collect(),
            positions: row.positions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_as_they_were_stored() {
        let at = Timestamp::from_microsecond(1_700_000_000_123_456).expect("in range");
        let facts = Facts {
            unit: "H40.01".into(),
            before: vec![("H40.02".into(), at)],
            procedure: "1.000001".into(),
            online: true,
            identity: true,
            duty: true,
            paid_online: true,
            received: Some(at),
            due: Some(at),
            overdue: true,
            ended: Some((at, Ended::Stopped { late: true })),
            digitised: true,
            reused: true,
            electronic: true,
            portal: true,
            store: true,
            disliked: Some(at),
            petitions: BTreeMap::from([(
                1,
                Petition {
                    filed: at,
                    on_time: true,
                    satisfied: false,
                },
            )]),
            positions: [1, 2, 3],
        };
        let json = serde_json::to_string(&FactsRow::from(&facts)).expect("encodes");
        let row: FactsRow = serde_json::from_str(&json).expect("decodes");
        assert_eq!(Facts::from(row), facts);
        let row: FactsRow =
            serde_json::from_str("{\"unit\":\"\",\"procedure\":\"\",\"positions\":[0,0,0]}")
                .expect("decodes");
        assert_eq!(Facts::from(row), Facts::default());
    }
}
