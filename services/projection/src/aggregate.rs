//! From leaves to an index, from indices to ranks: what the definition says, applied to the model.

use std::collections::BTreeMap;
use std::ops::Bound;

use contracts::scoring::v1 as scoring;
use ids::{IndexKey, LeafCode, Month, Period, Subject, UnitCode};
use index::{Definition, LeafScore, Standing};
use rust_decimal::Decimal;

use crate::model::{Component, IndexRow, Model};

/// The units that are ranked against each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Table {
    index: String,
    period: Period,
    group: &'static str,
}

/// The index that follows from the leaves of `key`, unranked; none while its definition is not known.
pub(crate) fn index(model: &Model, key: &IndexKey) -> Option<IndexRow> {
    let definition = model.definition(key)?;
    let leaves = model.leaves.get(key)?;
    Some(row(definition, leaves.values()))
}

/// The index that follows from its leaves, unranked.
pub(crate) fn row<'a>(
    definition: &Definition,
    leaves: impl Iterator<Item = &'a scoring::LeafScore>,
) -> IndexRow {
    let scores: BTreeMap<LeafCode, LeafScore> = leaves
        .filter_map(|leaf| {
            let points = (!leaf.points.is_empty())
                .then(|| leaf.points.parse())
                .transpose()
                .ok()?;
            let max: Decimal = leaf.max.parse().ok()?;
            Some((
                leaf.leaf.parse().ok()?,
                LeafScore::told(points, max, &leaf.reason),
            ))
        })
        .collect();
    let result = definition.aggregate(&scores);
    let text =
        |points: Option<Decimal>| points.map(|points| points.to_string()).unwrap_or_default();
    IndexRow {
        edition: definition.edition().to_owned(),
        total: text(result.value),
        exact: text(result.exact_value),
        max: result.max.to_string(),
        reason: result.reason,
        components: result
            .components
            .into_iter()
            .map(|component| Component {
                code: component.code.to_string(),
                points: text(component.points),
                max: component.max.to_string(),
            })
            .collect(),
        band: result.band.unwrap_or_default(),
        rank: 0,
        ranked: 0,
    }
}

/// The ranking that an index stands in; none for groups and for the province.
pub(crate) fn table_of(model: &Model, key: &IndexKey) -> Option<Table> {
    let group = group_of(model, key).filter(|group| *group != "province")?;
    matches!(key.subject, Subject::Unit(_)).then(|| Table {
        index: key.index.clone(),
        period: key.period,
        group,
    })
}

/// Ranks a group anew: `renewed` are rows that are about to replace the model's, and get the ranks; rows of units
/// whose rank changes for others' sake are added to them.
pub(crate) fn rank(model: &Model, table: &Table, renewed: &mut BTreeMap<IndexKey, IndexRow>) {
    let members: Vec<IndexKey> = model
        .leaves
        .range((first_key(table), Bound::Unbounded))
        .map(|(key, _)| key)
        .take_while(|key| key.index == table.index && key.period == table.period)
        .filter(|key| table_of(model, key).as_ref() == Some(table))
        .cloned()
        .collect();
    let mut rows: BTreeMap<String, (IndexKey, IndexRow)> = BTreeMap::new();
    for key in members {
        let row = renewed
            .get(&key)
            .or_else(|| model.indices.get(&key))
            .cloned();
        if let Some(row) = row {
            rows.insert(key.subject.to_string(), (key, row));
        }
    }
    let Some(definition) = rows.values().find_map(|(key, _)| model.definition(key)) else {
        return;
    };
    place(definition, &mut rows);
    renewed.extend(rows.into_values());
}

/// Ranks indices of units, by the units' codes.
pub(crate) fn place(definition: &Definition, rows: &mut BTreeMap<String, (IndexKey, IndexRow)>) {
    let standings = rows.iter().map(|(unit, (_, row))| {
        let max = row.max.parse().unwrap_or_default();
        let (value, exact) = (row.total.parse().ok(), row.exact.parse().ok());
        Standing {
            unit: unit.clone(),
            value,
            exact,
            max,
            reason: row.reason.clone(),
        }
    });
    let places = definition.rank(standings.collect::<Vec<_>>());
    let count = places.iter().filter(|place| place.rank.is_some()).count();
    let ranked = i32::try_from(count).unwrap_or(i32::MAX);
    for place in places {
        if let Some((_, row)) = rows.get_mut(&place.unit) {
            row.rank = place
                .rank
                .and_then(|rank| i32::try_from(rank).ok())
                .unwrap_or(0);
            row.ranked = ranked;
            // Bands that are percentiles follow from everybody's value.
            if let Some(band) = place.band {
                row.band = band;
            }
        }
    }
}

/// The first key that an index of the table can have: units stand before groups.
fn first_key(table: &Table) -> Bound<IndexKey> {
    // No unit's code is smaller than a single zero.
    let first: Option<UnitCode> = "0".parse().ok();
    match first {
        Some(code) => Bound::Included(IndexKey {
            index: table.index.clone(),
            period: table.period,
            subject: Subject::Unit(code),
        }),
        None => Bound::Unbounded,
    }
}

/// The group of a subject's unit at the end of the period, or when it last was in it; of a group, the group.
pub(crate) fn group_of(model: &Model, key: &IndexKey) -> Option<&'static str> {
    let unit = match &key.subject {
        Subject::Group(group) => return Some(group),
        Subject::Unit(unit) => unit,
    };
    days(key.period).find_map(|day| Some(model.directory.unit(unit, day)?.place.group.as_str()))
}

/// Days of the period to look a unit up on, the last first.
fn days(period: Period) -> impl Iterator<Item = jiff::civil::Date> {
    let months = period.first_month().ordinal()..=period.last_month().ordinal();
    let ends = months
        .rev()
        .filter_map(Month::from_ordinal)
        .map(|month| Period::Month(month).last_day());
    ends.chain([period.first_day()])
}

/// Names of a subject, Vietnamese and English.
pub(crate) fn names(model: &Model, key: &IndexKey) -> (String, String) {
    match &key.subject {
        Subject::Group(group) => {
            let (vi, en) = match *group {
                "department" => ("Các sở, ban, ngành", "Departments"),
                "district" => ("Các huyện, thành phố", "Districts and cities"),
                "commune" => ("Các xã, phường, thị trấn", "Communes"),
                "central_agency" => ("Các cơ quan ngành dọc", "Central agencies"),
                _ => ("Tỉnh", "Province"),
            };
            (vi.to_owned(), en.to_owned())
        }
        Subject::Unit(unit) => days(key.period)
            .find_map(|day| model.directory.unit(unit, day))
            .map(|unit| (unit.name.vi.to_string(), unit.name.en.to_string()))
            .unwrap_or_default(),
    }
}

/// Names of a band, Vietnamese and English.
pub(crate) fn band_names(model: &Model, key: &IndexKey, band: &str) -> (String, String) {
    model
        .definition(key)
        .and_then(|definition| definition.band(band))
        .map(|band| (band.name.vi.clone(), band.name.en.clone()))
        .unwrap_or_default()
}

/// `after` minus `before`, with its sign; empty when one of them is none.
pub(crate) fn difference(before: &str, after: &str) -> String {
    match (before.parse::<Decimal>(), after.parse::<Decimal>()) {
        (Ok(before), Ok(after)) => {
            let change = after - before;
            if change.is_sign_negative() || change.is_zero() {
                change.to_string()
            } else {
                format!("+{change}")
            }
        }
        _ => String::new(),
    }
}
