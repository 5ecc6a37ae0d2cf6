//! The three commands over shipped definitions and broken ones.

use std::path::PathBuf;

use super::*;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy/catalog/indices")
        .join(name)
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn departments() -> Definition {
    sound(&shipped("par-departments.yaml")).expect("sound")
}

#[test]
fn a_check_names_every_fault_with_its_place_and_a_sound_set_by_its_size() {
    let checked = read(&shipped("par-departments.yaml")).expect("read");
    assert_eq!(
        check::lines("par.yaml", &checked),
        ["par.yaml: sound: par-departments 2024-model, 49 leaves, 100 points"]
    );
    let text = std::fs::read_to_string(shipped("par-departments.yaml")).expect("a text");
    let broken = text.replacen("max: 12\n", "max: 13\n", 1).replacen(
        "on_time: 1, late",
        "on_time: 2, late",
        1,
    );
    let checked = Definition::parse(&broken, "par.yaml");
    let lines = check::lines("par.yaml", &checked);
    assert_eq!(
        lines,
        [
            "par.yaml:20:8: total: the maxima of the children add up to 101, not 100 (or say capped: yes)",
            "par.yaml:34:10: components[0].max: the maxima of the children add up to 12, not 13",
            "par.yaml:48:60: components[0].components[0].leaves[0].rule.state.points.on_time: 2 points lie outside 0 to 1",
        ]
    );
    let object = check::object("par.yaml", &checked);
    assert_eq!(object["sound"], false);
    assert_eq!(object["faults"][1]["line"], 34);
}

#[test]
fn a_file_that_is_not_there_or_not_sound_ends_with_its_own_exit_code() {
    let missing = sound(Path::new("no-such-file.yaml")).expect_err("not there");
    assert_eq!(missing.exit, Exit::NoInput);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("broken.yaml");
    std::fs::write(&file, "code: x\n").expect("written");
    let broken = sound(&file).expect_err("not sound");
    assert_eq!(broken.exit, Exit::Data);
    assert!(broken.message.contains("broken.yaml:1:1: "), "{broken}");
}

#[test]
fn a_leaf_is_calculated_with_its_rule_and_figures() {
    let definition = departments();
    let inputs = words(&["plan_tasks_done=9", "plan_tasks=10"]);
    let calculation =
        calculation::calculate(&definition, &inputs, Some("1.1.3")).expect("calculated");
    insta::assert_snapshot!(calculation.text(), @r#"
     Leaf    Name                         Points   Max   Calculation
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     1.1.3   Mức độ hoàn thành kế hoạch     1.50     2   9 / 10 in {< 0.8: 0, [0.8..0.9): 1, [0.9..1): 1.5, >= 1: 2} → 1.50
    "#);
    assert_eq!(calculation.object()["leaves"][0]["points"], "1.50");
}

#[test]
fn a_whole_index_is_calculated_from_a_file_of_values() {
    let definition = sound(&shipped("service-circular-01-2018.yaml")).expect("sound");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.yaml");
    let values = "time_of_handling: shorter\ntime_of_each: all_within\ncontacts: none\nagencies: one_more\none_stop: all\n\
                  attitude: satisfied\npublicity: complete\npetitions_taken_up: all_on_time\nonline: behind\n";
    std::fs::write(&file, values).expect("written");
    let file = file.to_str().expect("a path");
    let calculation =
        calculation::calculate(&definition, &words(&[file]), None).expect("calculated");
    insta::assert_snapshot!(calculation.text(), @r#"
     Leaf                 Name                                                     Points   Max   Calculation
    ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     TIME                 Thời gian giải quyết so với quy định                       2.00     2   shorter in {equal: 1, longer: 0, shorter: 2} → 2.00
     TIME_OF_EACH         Thời gian của từng cơ quan tham gia                        2.00     2   all_within in {all_within: 2, late: 0, some_late: 1} → 2.00
     CONTACTS             Số lần liên hệ để hoàn thiện hồ sơ                         2.00     2   none in {more: 0, none: 2, one: 1} → 2.00
     AGENCIES             Số cơ quan phải liên hệ                                    1.00     2   one_more in {more: 0, one_more: 1, one_stop: 2} → 1.00
     ONE_STOP             Tiếp nhận, giải quyết, trả kết quả tại Bộ phận Một cửa     2.00     2   all in {all: 2, none: 0, part: 1} → 2.00
     ATTITUDE             Thái độ của người giải quyết                               1.00     2   satisfied in {not_satisfied: 0, satisfied: 1, very_satisfied: 2} → 1.00
     PUBLICITY            Mức độ công khai thủ tục                                   2.00     2   complete in {complete: 2, none: 0, part: 1} → 2.00
     PETITIONS_TAKEN_UP   Tiếp thu, giải trình phản ánh, kiến nghị                   2.00     2   all_on_time in {all_late: 1, all_on_time: 2, not_all: 0} → 2.00
     ONLINE               Tiến độ và chất lượng dịch vụ công trực tuyến              0.00     2   behind in {ahead: 2, behind: 0, on_schedule: 1} → 0.00

    total 14.00 of 18 = 77.78 %, Tốt
    "#);
    // What stands later counts.
    let inputs = words(&[file, "online=ahead"]);
    let calculation = calculation::calculate(&definition, &inputs, None).expect("calculated");
    assert_eq!(calculation.object()["total"], "16.00");
    assert_eq!(calculation.object()["band"], "excellent");
    let nothing = calculation::calculate(&definition, &[], None).expect("calculated");
    assert!(nothing.text().contains("no total: no score for TIME"));
}

#[test]
fn wrong_inputs_are_named_all_at_once() {
    let definition = departments();
    let inputs = words(&["plan_issued=soon", "plan=1", "reports_adequate=2"]);
    let refused = calculation::calculate(&definition, &inputs, None)
        .err()
        .expect("refused");
    assert_eq!(refused.exit, Exit::Usage);
    assert_eq!(
        refused.message,
        "plan_issued is \"soon\", not one of on_time, late, not_issued\n\
         plan is not an input of par-departments\n\
         reports_adequate is \"2\", not yes or no"
    );
    let leaf = calculation::calculate(&definition, &[], Some("9.9"))
        .err()
        .expect("refused");
    assert_eq!(leaf.exit, Exit::Usage);
}

const SMALL: &str = r#"code: model
edition: "2023"
name: { vi: Bộ mẫu, en: Model set }
source: invented for this test
groups: [department]
in_force: { from: 2023-01-01, until: 2023-12-31 }
rounding: { digits: 2, at: [total] }
total: { max: 6 }
ranking: { ties: standard, on: unrounded }
leaves:
  - { code: "1.1", name: { vi: Ban hành kế hoạch, en: Issued }, max: 2, source: appraised, inputs: { issued: yes_no }, rule: { yes_no: issued } }
  - { code: "1.2", name: { vi: Thực hiện, en: Done }, max: 4, source: reported, inputs: { done: number, planned: number }, rule: { ratio: { of: done, to: planned } } }
"#;

#[test]
fn a_difference_is_told_in_points() {
    let parse = |text: &str| Definition::parse(text, "model.yaml").expect("sound");
    let (older, newer) = (
        parse(SMALL),
        parse(
            &SMALL
                .replace("2023", "2024")
                .replace("max: 4", "max: 4.5")
                .replace("max: 2,", "max: 1.5,")
                .replace("to: planned }", "to: planned, floor: 70% }")
                .replace("code: \"1.1\"", "code: \"1.3\""),
        ),
    );
    let differences = older.differences(&newer);
    insta::assert_snapshot!(diff::text(&older, &newer, &differences), @r#"
    model 2023 → model 2024
     Code   Name                Before   After   ±       Changed
    ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     1.3    Ban hành kế hoạch        –     1.5   ▲ 1.5
     1.2    Thực hiện                4     4.5   ▲ 0.5   rule: 4.5 × done / planned → 4.5 × done / planned, nothing below 0.7
     1.1    Ban hành kế hoạch        2       –   ▼ 2
    3 leaves differ; their maxima moved by 4 points in all
    "#);
    assert_eq!(
        diff::text(&older, &older, &[]),
        "model 2023 and model 2023 judge alike"
    );
}
