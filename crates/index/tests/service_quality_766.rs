//! The shipped definition of Decision 766 against the published figures.

use index::Definition;

const DOCUMENT: &str = include_str!("../../../deploy/catalog/indices/service-quality-766.yaml");

fn definition() -> Definition {
    Definition::parse(DOCUMENT, "service-quality-766.yaml").unwrap_or_else(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", faults.join("\n"))
    })
}

#[test]
fn it_is_sound() {
    assert_eq!(definition().leaves().len(), 23);
}
