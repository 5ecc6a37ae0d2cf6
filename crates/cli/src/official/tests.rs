use super::*;

const MAPPING: &str = "\
index: papi
year: 2023
source: a report
columns: { subject: code, name_vi: name, total: total, rank: rank }
withheld: { column: status, value: withheld, reason: withheld by the publisher }
figures: { D1: d1, D2: d2 }
standard_errors: { D1: d1_se }
";

#[test]
fn a_table_is_read_cell_by_cell_and_an_empty_cell_is_no_figure() {
    let mapping = Mapping::parse(MAPPING).expect("sound");
    let table = "code,name,status,total,rank,d1,d1_se,d2\n\
                 36,Nam Định,published,43.1782227,23,5.4362884,0.1,\n\
                 22,Quảng Ninh,withheld,,,,,\n";
    let rows = table::read(table, &mapping).expect("rows");
    assert_eq!((rows[0].total.as_str(), rows[0].rank), ("43.1782227", 23));
    let figures: Vec<_> = rows[0]
        .figures
        .iter()
        .map(|figure| {
            (
                figure.code.as_str(),
                figure.value.as_str(),
                figure.standard_error.as_str(),
            )
        })
        .collect();
    assert_eq!(figures, [("D1", "5.4362884", "0.1")]);
    assert_eq!(rows[1].withheld, "withheld by the publisher");
    assert!(rows[1].figures.is_empty() && rows[1].total.is_empty());
    let request = mapping.request(rows, "");
    assert_eq!((request.index.as_str(), request.year), ("papi", 2023));
}

#[test]
fn what_is_wrong_with_a_mapping_or_a_table_is_named_with_its_line() {
    let faults = Mapping::parse("index: papi\nsorce: x\ncolumns: { name_vi: name }\n");
    let faults: Vec<_> = faults
        .expect_err("wrong")
        .iter()
        .map(ToString::to_string)
        .collect();
    for said in [
        "line 1: a mapping needs source",
        "line 3: columns needs subject",
        "line 1: a mapping needs year",
        "line 2: a mapping has no field \"sorce\"",
    ] {
        assert!(
            faults.iter().any(|fault| fault.starts_with(said)),
            "{said}: {faults:?}"
        );
    }
    let mapping = Mapping::parse(MAPPING).expect("sound");
    let missing = table::read("code,name,total,rank,d1,d1_se,d2\n", &mapping);
    assert_eq!(
        missing.expect_err("no such column"),
        ["has no column \"status\", which the mapping names"]
    );
    let wrong = "code,name,status,total,rank,d1,d1_se,d2\n36,Nam Định,,,first,,,\n";
    assert_eq!(
        table::read(wrong, &mapping).expect_err("no rank"),
        ["line 2: the rank is \"first\", which is no whole number"]
    );
}
