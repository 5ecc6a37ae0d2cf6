//! The page that documents the public feed says what the contracts say.

use std::collections::BTreeSet;

/// The names of the properties of a schema on the page, which writes each on a line of its own.
fn documented(page: &str, schema: &str) -> BTreeSet<String> {
    let start = format!("    {schema}:");
    page.lines()
        .skip_while(|line| *line != start)
        .skip(1)
        .take_while(|line| line.starts_with("      "))
        .filter_map(|line| line.strip_prefix("        ")?.split_once(": {"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_field_of_the_public_feed_is_documented_under_its_json_name() {
    let page = include_str!("../../../proto/chiso/projection/v1/feed.asyncapi.yaml");
    for message in [
        "chiso.projection.v1.IndexChanged",
        "chiso.projection.v1.ScoreChanged",
        "chiso.projection.v1.LeafChange",
        "chiso.projection.v1.ComponentScore",
        "chiso.log.v1.Cause",
    ] {
        let descriptor = contracts::json::descriptors()
            .get_message_by_name(message)
            .expect("a message of the feed");
        let fields: BTreeSet<String> = descriptor
            .fields()
            .map(|field| field.json_name().to_owned())
            .collect();
        assert_eq!(
            documented(page, descriptor.name()),
            fields,
            "{message}: mend feed.asyncapi.yaml"
        );
    }
}
