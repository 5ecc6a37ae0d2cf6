//! Inputs that are said to be counted and are not.

use index::Definition;

use super::DOCUMENT;

#[test]
fn inputs_that_nothing_counts_are_named_with_their_line_and_the_name_that_was_meant() {
    let inputs = "  done: { kind: reported, vi: Việc xong, en: tasks done }\n";
    for (input, line, message) in [
        (
            "  done: { kind: flow, vi: Việc xong, en: tasks done }\n",
            17,
            "nothing from dossiers is counted as done, so a flow of that name never has a value: name a measure that is, or let it be reported",
        ),
        (
            "  dossiers_recieved: { kind: flow, vi: Việc xong, en: tasks done }\n",
            17,
            "nothing from dossiers is counted as dossiers_recieved, so a flow of that name never has a value: probably dossiers_received is meant",
        ),
        (
            "  in_proces: { kind: stock, vi: Việc xong, en: tasks done }\n",
            17,
            "nothing from dossiers is counted as in_proces, so a stock of that name never has a value: probably in_process is meant",
        ),
        (
            "  procedure_online: { kind: registry, vi: Việc xong, en: tasks done }\n",
            17,
            "nothing in the registry is counted as procedure_online, so a registry of that name never has a value: probably procedures_online is meant",
        ),
        (
            "  handled: { kind: reported, vi: Việc xong, en: tasks done }\n",
            17,
            "handled is counted from dossiers and cannot be reported too: give it another name or kind",
        ),
    ] {
        let name = input.trim_start().split(':').next().expect("a name");
        let document = DOCUMENT.replace(inputs, input);
        assert_ne!(document, DOCUMENT);
        let document = document
            .replace("of: done", &format!("of: {name}"))
            .replace("done: 9", &format!("{name}: 9"));
        sound_but_for(&document, name, (line, message));
    }
    let stock = "  staff: { kind: stock, vi: Biên chế, en: staff }\n";
    let document = DOCUMENT.replace(inputs, stock);
    let document = document
        .replace("of: done", "of: staff")
        .replace("done: 9", "staff: 9");
    Definition::check(&document, "set.yaml").expect("a stock may be reported");
}

/// What is in force already is still read, and what is to be in force is not accepted for one reason.
fn sound_but_for(document: &str, name: &str, (line, message): (usize, &str)) {
    Definition::parse(document, "set.yaml").unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
    let faults = Definition::check(document, "set.yaml").expect_err(name);
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.line, fault.message.as_str()))
        .collect();
    assert_eq!(told, [(line, message)]);
    assert_eq!(faults[0].path, format!("inputs.{name}"));
}
