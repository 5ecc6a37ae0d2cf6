//! A set for another year or group.

use std::collections::BTreeSet;
use std::path::Path;

use index::{Definition, Heading, HeadingError};

use crate::given::sound;

fn heading() -> Heading {
    Heading {
        code: "par-copy".parse().expect("a code"),
        edition: "2026 \"thử\"".to_owned(),
        groups: BTreeSet::from(["commune".to_owned(), "district".to_owned()]),
        from: "2026-01-01".parse().expect("a day"),
        until: Some("2026-12-31".parse().expect("a day")),
    }
}

#[test]
fn every_set_of_the_catalog_copies_and_judges_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalog/indices");
    for file in std::fs::read_dir(folder).expect("the catalog") {
        let document = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        let copy = heading().put_on(&document).expect("a copy");
        let (older, newer) = (sound(&document), sound(&copy));
        assert_eq!(newer.edition(), "2026 \"thử\"");
        let said: Vec<_> = older
            .differences(&newer)
            .into_iter()
            .flat_map(|difference| difference.changes)
            .map(|change| change.what)
            .filter(|what| !["code", "groups"].contains(what))
            .collect();
        assert!(said.is_empty(), "{said:?}");
        let comments = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(comments(&document), comments(&copy));
    }
}

#[test]
fn values_over_several_lines_are_replaced_whole() {
    let document = "code: a\ngroups:\n- department\n# kept\nedition: '1'\nin_force:\n  from: 2024-01-01\n\nrest: 1\n";
    let copy = heading().put_on(document).expect("a copy");
    let expected = "code: par-copy\ngroups: [commune, district]\n# kept\nedition: \"2026 \\\"thử\\\"\"\n\
        in_force: { from: 2026-01-01, until: 2026-12-31 }\n\nrest: 1\n";
    assert_eq!(copy, expected);
}

#[test]
fn a_document_without_lines_of_its_own_is_not_copied() {
    let refused = heading().put_on("{ code: a, edition: b }").unwrap_err();
    assert_eq!(refused, HeadingError::Missing("code"));
}

#[test]
fn a_definition_that_ended_covers_nothing_beyond() {
    let document = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../deploy/catalog/indices/par-departments.yaml"),
    );
    let mut definition: Definition = sound(&document.expect("text"));
    let year = definition.in_force_from().year();
    definition.end(jiff::civil::date(year, 6, 30));
    for (period, covered) in [("-05", true), ("-Q2", true), ("-07", false), ("", false)] {
        let period = format!("{year}{period}").parse().expect("a period");
        assert_eq!(definition.covers(period), covered, "{period}");
    }
}
