//! What stands at the top of a definition.

use std::collections::{BTreeMap, BTreeSet};

use ids::{GROUPS, UnitCode};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Head, IndexValue, Missing, Rounding, Total};
use crate::rank::{Ranking, Ties};
use crate::read::{Cursor, Fields};

/// Most digits behind the point: PAPI's tables print 4; decimals hold 28.
const DIGITS_MAX: i64 = 10;
/// Largest maximum of anything. Far above every real set, far below what a decimal can add up.
pub(super) const POINTS_MAX: i64 = 1_000_000;

/// Reads everything at the top but inputs, tree, bands and examples.
pub(super) fn read(fields: &Fields<'_>) -> Option<Head> {
    let code = fields.need("code").and_then(|code| code.parsed());
    let edition = fields
        .need("edition")
        .and_then(|edition| edition.text().map(str::to_owned));
    let name = fields.need("name").and_then(Cursor::name);
    let source = fields
        .need("source")
        .and_then(|source| source.text().map(str::to_owned));
    let groups = fields
        .need("groups")
        .and_then(|groups| self::groups(&groups));
    let in_force = fields.need("in_force").and_then(in_force);
    let rounding = fields.need("rounding").and_then(rounding);
    let missing = fields
        .get("missing")
        .map_or(Some(Missing::Withhold), |missing| {
            missing.choice(&[
                ("withhold", Missing::Withhold),
                ("leave_out", Missing::LeaveOut),
            ])
        });
    let index_value = fields
        .get("value")
        .map_or(Some(IndexValue::Points), |value| {
            value.choice(&[
                ("points", IndexValue::Points),
                ("percent", IndexValue::Percent),
            ])
        });
    let total = fields.need("total").and_then(total);
    let ranking = fields.need("ranking").and_then(ranking);
    let (from, until) = in_force?;
    Some(Head {
        code: code?,
        edition: edition?,
        name: name?,
        source: source?,
        groups: groups?,
        from,
        until,
        rounding: rounding?,
        missing: missing?,
        index_value: index_value?,
        total: total?,
        ranking: ranking?,
    })
}

fn groups(cursor: &Cursor<'_>) -> Option<BTreeSet<&'static str>> {
    let words = GROUPS.map(|group| (group, group));
    let items = cursor.items()?;
    if items.is_empty() {
        cursor.fault("a definition judges at least one group");
    }
    let mut groups = BTreeSet::new();
    for item in items {
        if let Some(group) = item.choice(&words)
            && !groups.insert(group)
        {
            item.fault(format!("the group {group} stands here twice"));
        }
    }
    Some(groups)
}

fn in_force(cursor: Cursor<'_>) -> Option<(Date, Option<Date>)> {
    let fields = cursor.fields(&["from", "until"])?;
    let from: Option<Date> = fields.need("from").and_then(|from| date(&from));
    let until = match fields.get("until") {
        Some(cursor) => Some(date(&cursor)?),
        None => None,
    };
    let from = from?;
    if until.is_some_and(|until| until < from) {
        fields.fault(format!("until lies before from, {from}"));
        return None;
    }
    Some((from, until))
}

fn date(cursor: &Cursor<'_>) -> Option<Date> {
    let text = cursor.text()?;
    let date = text.parse().ok();
    if date.is_none() {
        cursor.fault(format!(
            "{text:?} is not a day: write year-month-day, such as 2024-01-31"
        ));
    }
    date
}

fn rounding(cursor: Cursor<'_>) -> Option<Rounding> {
    let fields = cursor.fields(&["digits", "at"])?;
    let digits = fields.need("digits").and_then(|cursor| {
        let digits = cursor.decimal()?;
        let whole = i64::try_from(digits)
            .ok()
            .filter(|digits| (0..=DIGITS_MAX).contains(digits));
        if whole.is_none() || !digits.is_integer() {
            cursor.fault(format!(
                "{digits} is not a number of digits from 0 to {DIGITS_MAX}"
            ));
            return None;
        }
        whole.and_then(|digits| u32::try_from(digits).ok())
    });
    let (mut leaves, mut components) = (false, false);
    for item in fields.need("at")?.items()? {
        match item.choice(&[("leaf", 0), ("component", 1), ("total", 2)]) {
            Some(0) => leaves = true,
            Some(1) => components = true,
            // The total is always printed rounded; naming it is for the reader.
            _ => {}
        }
    }
    Some(Rounding {
        digits: digits?,
        leaves,
        components,
    })
}

fn total(cursor: Cursor<'_>) -> Option<Total> {
    let fields = cursor.fields(&["min", "max", "over"])?;
    let max = fields.need("max").and_then(|max| maximum(&max));
    let min = fields
        .get("min")
        .map_or(Some(Decimal::ZERO), |min| min.points());
    let may_exceed = fields.get("over").map_or(Some(false), |over| {
        over.choice(&[("capped", false), ("allowed", true)])
    });
    let (min, max) = (min?, max?);
    if min >= max {
        fields.fault(format!(
            "the total's min, {min}, is not below its max, {max}"
        ));
        return None;
    }
    Some(Total {
        min,
        max,
        may_exceed: may_exceed?,
    })
}

/// Points from 0 to [`POINTS_MAX`].
pub(super) fn maximum(cursor: &Cursor<'_>) -> Option<Decimal> {
    let points = cursor.points()?;
    if points > Decimal::from(POINTS_MAX) {
        cursor.fault(format!("{points} points are more than {POINTS_MAX}"));
        return None;
    }
    Some(points)
}

fn ranking(cursor: Cursor<'_>) -> Option<Ranking> {
    let fields = cursor.fields(&["ties", "on", "exclude", "least_max"])?;
    let ties = fields
        .need("ties")
        .and_then(|ties| ties.choice(&[("standard", Ties::Standard), ("dense", Ties::Dense)]));
    let on_rounded = fields
        .need("on")
        .and_then(|on| on.choice(&[("rounded", true), ("unrounded", false)]));
    let excluded = fields
        .get("exclude")
        .map_or(Some(BTreeMap::new()), |list| excluded(&list));
    let least_max = fields
        .get("least_max")
        .map_or(Some(Decimal::ZERO), |least| least.points());
    Some(Ranking {
        ties: ties?,
        on_rounded: on_rounded?,
        excluded: excluded?,
        least_max: least_max?,
    })
}

fn excluded(cursor: &Cursor<'_>) -> Option<BTreeMap<String, String>> {
    let mut excluded = BTreeMap::new();
    for item in cursor.items()? {
        let fields = item.fields(&["unit", "reason"])?;
        let unit = fields
            .need("unit")
            .and_then(|unit| unit.parsed::<UnitCode>());
        let reason = fields.need("reason")?.text()?.to_owned();
        let unit = unit?.to_string();
        if excluded.insert(unit.clone(), reason).is_some() {
            fields.fault(format!("{unit} is excluded twice"));
        }
    }
    Some(excluded)
}
