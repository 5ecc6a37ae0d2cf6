//! Checks that need more than one value: bands that cover the range.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Band, Bands, Cuts, Head, IndexValue};
use crate::read::Cursor;

/// Reads bands, which have to cover everything from the lowest to the highest index value.
pub(super) fn bands(cursor: Cursor<'_>, head: &Head) -> Option<Bands> {
    let fields = cursor.fields(&["at_cut", "percentiles_of", "list"])?;
    let cut_is_higher = fields
        .need("at_cut")
        .and_then(|cut| cut.choice(&[("higher", true), ("lower", false)]));
    let cuts = fields
        .get("percentiles_of")
        .map_or(Some(Cuts::Values), |population| {
            population.choice(&[("ranked", Cuts::Ranked), ("everyone", Cuts::Everyone)])
        });
    let items = fields.need("list")?.items()?;
    let mut list: Vec<(Band, Cursor<'_>)> = Vec::new();
    let mut codes = BTreeSet::new();
    for item in items {
        let band = band(item.clone())?;
        if !codes.insert(band.code.clone()) {
            item.fault(format!("the band {:?} stands here twice", band.code));
        }
        list.push((band, item));
    }
    list.sort_by_key(|(band, _)| std::cmp::Reverse(band.from));
    let cuts = cuts?;
    let (lowest, highest) = match (cuts, head.index_value) {
        (Cuts::Values, IndexValue::Points) => (head.total.min, head.total.max),
        _ => (Decimal::ZERO, Decimal::ONE_HUNDRED),
    };
    covers(&list, lowest, highest);
    if list.is_empty() {
        fields.fault("bands are listed here, there are none");
    }
    let list = list.into_iter().map(|(band, _)| band).collect();
    Some(Bands {
        list,
        cut_is_higher: cut_is_higher?,
        cuts,
    })
}

fn band(cursor: Cursor<'_>) -> Option<Band> {
    let fields = cursor.fields(&["code", "name", "from", "until"])?;
    let code = fields
        .need("code")
        .and_then(|code| code.text().map(str::to_owned));
    let name = fields.need("name").and_then(Cursor::name);
    let from = fields.need("from").and_then(|from| from.decimal());
    let until = fields.need("until").and_then(|until| until.decimal());
    let (from, until) = (from?, until?);
    if from >= until {
        fields.fault(format!("the band from {from} until {until} holds no value"));
    }
    Some(Band {
        code: code?,
        name: name?,
        from,
        until,
    })
}

/// `list` is sorted from the highest band to the lowest.
fn covers(list: &[(Band, Cursor<'_>)], lowest: Decimal, highest: Decimal) {
    if let Some((top, cursor)) = list.first()
        && top.until != highest
    {
        cursor.fault(format!(
            "the highest band ends at {}, the index at {highest}",
            top.until
        ));
    }
    if let Some((bottom, cursor)) = list.last()
        && bottom.from != lowest
    {
        cursor.fault(format!(
            "the lowest band starts at {}, the index at {lowest}",
            bottom.from
        ));
    }
    for pair in list.windows(2) {
        let ((above, _), (below, cursor)) = (&pair[0], &pair[1]);
        if below.until < above.from {
            cursor.fault(format!(
                "no band holds the values from {} to {}",
                below.until, above.from
            ));
        } else if below.until > above.from {
            cursor.fault(format!(
                "bands overlap from {} to {}",
                above.from, below.until
            ));
        }
    }
}
