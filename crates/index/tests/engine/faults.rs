//! Faults of definitions: each with its line, all at once.

mod counted;
mod rules;

use index::Definition;

use crate::given::sound;

const DOCUMENT: &str = r#"code: model-departments
edition: "2024"
name: { vi: Bộ mẫu, en: Model set }
source: invented for this test
groups: [department]
in_force: { from: 2024-01-01, until: 2024-12-31 }
rounding: { digits: 2, at: [leaf] }
total: { max: 10 }
ranking: { ties: dense, on: rounded }
bands:
  at_cut: higher
  list:
    - { code: high, name: { vi: Cao, en: High }, from: 8, until: 10 }
    - { code: low, name: { vi: Thấp, en: Low }, from: 0, until: 8 }
inputs:
  planned: { kind: reported, vi: Việc giao, en: tasks planned }
  done: { kind: reported, vi: Việc xong, en: tasks done }
components:
  - code: "1"
    name: { vi: Kế hoạch, en: Plans }
    max: 6
    leaves:
      - code: "1.1"
        name: { vi: Ban hành, en: Issued }
        max: 2
        source: appraised
        inputs:
          plan: [on_time, late, not_issued]
        rule:
          state: { of: plan, points: { on_time: 2, late: 1, not_issued: 0 } }
        examples:
          - { inputs: { plan: late }, points: 1 }
      - code: "1.2"
        name: { vi: Thực hiện, en: Carried out }
        max: 4
        source: reported
        rule:
          bands:
            of: done
            to: planned
            steps: { "> 90%": 4, "70%..90%": 2, "< 70%": 0 }
        examples:
          - { inputs: { done: 9, planned: 10 }, points: 2 }
  - code: "2"
    name: { vi: Kết quả, en: Results }
    max: 4
    leaves:
      - code: "2.1"
        name: { vi: Tỷ lệ, en: Share }
        max: 4
        source: reported
        rule:
          ratio: { of: done, to: planned, full_at: 80% }
examples:
  - name: whole
    inputs: { plan: on_time, done: 9, planned: 10 }
    expect: { points: { "1": 4, "2": 4 }, total: 8, percent: 80, band: high }
"#;

/// Text to replace, its replacement, what the fault says, and what stands in the line that it names.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (old, new, message, line) in cases {
        assert_eq!(
            DOCUMENT.matches(old).count(),
            1,
            "{old:?} has to stand once"
        );
        let document = DOCUMENT.replace(old, new);
        let faults = Definition::parse(&document, "model.yaml").expect_err(message);
        let place = document
            .lines()
            .position(|text| text.contains(line))
            .expect(line)
            + 1;
        let found = faults
            .iter()
            .any(|fault| fault.message.contains(message) && fault.line == place);
        assert!(
            found,
            "{message:?} in line {place} of\n{document}\n{faults:#?}"
        );
    }
}

#[test]
fn the_document_itself_is_sound() {
    let definition = sound(DOCUMENT);
    assert_eq!(definition.inputs().count(), 3);
    assert_eq!(definition.leaves().len(), 3);
}

#[test]
fn faults_at_the_top_are_named() {
    check(&[
        (
            "code: model-departments",
            "code: Model",
            "is not a index code",
            "code: Model",
        ),
        (
            "edition: \"2024\"\n",
            "",
            "\"edition\" is missing",
            "code: model",
        ),
        (
            "edition: \"2024\"",
            "edition: \"\"",
            "this is empty",
            "edition",
        ),
        (
            "name: { vi: Bộ mẫu, en: Model set }",
            "name: Model",
            "a mapping with vi, en",
            "name: Model",
        ),
        (
            "{ vi: Bộ mẫu, en: Model set }",
            "{ vi: Bộ mẫu }",
            "\"en\" is missing",
            "Bộ mẫu",
        ),
        (
            "groups: [department]",
            "groups: [ministry]",
            "not one of province",
            "groups",
        ),
        (
            "groups: [department]",
            "groups: []",
            "at least one group",
            "groups",
        ),
        (
            "groups: [department]",
            "groups: [department, department]",
            "twice",
            "groups",
        ),
        (
            "from: 2024-01-01",
            "from: 1/1/2024",
            "is not a day",
            "in_force",
        ),
        (
            "until: 2024-12-31",
            "until: 2023-12-31",
            "until lies before from",
            "in_force",
        ),
        ("digits: 2", "digits: 2.5", "number of digits", "rounding"),
        ("at: [leaf]", "at: [leaves]", "not one of leaf", "rounding"),
        (
            "total: { max: 10 }",
            "total: { max: ten }",
            "is not a number",
            "total: {",
        ),
        (
            "total: { max: 10 }",
            "total: { max: 10, min: 10 }",
            "not below its max",
            "total: {",
        ),
        (
            "ties: dense",
            "ties: random",
            "not one of standard, dense",
            "ranking",
        ),
        (
            "on: rounded }",
            "on: rounded, exclude: [{ unit: h40, reason: x }] }",
            "unit code",
            "ranking",
        ),
        (
            "source: invented",
            "sources: []\nsource: invented",
            "unknown key \"sources\"",
            "sources",
        ),
        (
            "edition: \"2024\"",
            "code: again",
            "stands here and in line 1",
            "again",
        ),
        (
            "source: invented",
            "source: &anchor invented",
            "anchors, aliases and tags",
            "anchor",
        ),
        (
            "source: invented for this test",
            "source: [",
            "not YAML",
            "groups",
        ),
    ]);
}

#[test]
fn faults_of_bands_are_named() {
    check(&[
        (
            "from: 0, until: 8",
            "from: 0, until: 7",
            "no band holds the values from 7 to 8",
            "code: low",
        ),
        (
            "from: 0, until: 8",
            "from: 0, until: 9",
            "bands overlap from 8 to 9",
            "code: low",
        ),
        (
            "from: 0, until: 8",
            "from: 1, until: 8",
            "the lowest band starts at 1",
            "code: low",
        ),
        (
            "from: 8, until: 10",
            "from: 8, until: 11",
            "the highest band ends at 11",
            "code: high",
        ),
        (
            "from: 8, until: 10",
            "from: 8, until: 8",
            "holds no value",
            "code: high",
        ),
        ("code: low,", "code: high,", "stands here twice", "vi: Thấp"),
        (
            "at_cut: higher\n",
            "at_cut: higher\n  percentiles_of: everybody\n",
            "not one of ranked, everyone",
            "percentiles_of",
        ),
        (
            "at_cut: higher\n",
            "at_cut: higher\n  percentiles_of: ranked\n",
            "the highest band ends at 10, the index at 100",
            "code: high",
        ),
        (
            "at_cut: higher",
            "at_cut: middle",
            "not one of higher, lower",
            "at_cut",
        ),
    ]);
}

#[test]
fn faults_of_the_tree_are_named() {
    check(&[
        (
            "    max: 6\n",
            "    max: 7\n",
            "add up to 6, not 7",
            "max: 7",
        ),
        ("    max: 6\n", "    max: 5\n", "capped: yes", "max: 5"),
        (
            "total: { max: 10 }",
            "total: { max: 9 }",
            "add up to 10, not 9",
            "total: {",
        ),
        ("    max: 6\n", "    max: -6\n", "is negative", "max: -6"),
        ("    max: 6\n", "    max: 0\n", "max above 0", "code: \"1\""),
        (
            "code: \"2.1\"",
            "code: \"2 1\"",
            "is not a leaf code",
            "code: \"2 1\"",
        ),
        (
            "    max: 6\n",
            "    max: 6\n    weight: 2\n",
            "weighted_mean",
            "weight: 2",
        ),
        (
            "    max: 6\n",
            "    max: 6\n    aggregate: weighted_mean\n",
            "needs a weight",
            "code: \"1.1\"",
        ),
        (
            "    max: 6\n",
            "    max: 6\n    aggregate: median\n",
            "not one of sum",
            "median",
        ),
        (
            "    max: 6\n",
            "    max: 6\n    aggregate: { rescale_from: 6 }\n",
            "not below the max",
            "code: \"1\"",
        ),
        (
            "        source: appraised",
            "        source: guessed",
            "not one of measured",
            "guessed",
        ),
        (
            "        source: appraised\n",
            "",
            "\"source\" is missing",
            "code: \"1.1\"",
        ),
        (
            "        source: appraised",
            "        sauce: x\n        source: appraised",
            "unknown key \"sauce\"",
            "sauce",
        ),
    ]);
}

#[test]
fn a_code_that_stands_twice_is_named_with_both_lines() {
    let document = DOCUMENT.replace("code: \"2.1\"", "code: \"1.1\"");
    let faults = Definition::parse(&document, "model.yaml").expect_err("twice");
    assert_eq!(
        faults[0].to_string(),
        "model.yaml:48:15: components[1].leaves[0].code: the code 1.1 stands here and in line 23"
    );
}
