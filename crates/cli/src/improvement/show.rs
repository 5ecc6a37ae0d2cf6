//! How tasks look.

use std::fmt::Write as _;

use comfy_table::Cell;
use contracts::assessments::v1 as pb;
use pb::TaskEntryKind as Kind;
use pb::task_origin::Origin;

use crate::show;

/// A table of tasks.
pub(super) fn tasks(tasks: &[pb::Task]) -> String {
    let mut table = show::table(&[
        "Code", "Unit", "Person", "Due", "State", "%", "Before", "Now", "Change", "Title",
    ]);
    for task in tasks {
        let effect = task.effect.as_ref();
        let before = effect.and_then(|effect| effect.before.as_ref());
        let now = effect.and_then(|effect| effect.now.as_ref());
        table.add_row(vec![
            Cell::new(&task.code),
            Cell::new(&task.unit),
            Cell::new(show::or_dash(&task.person)),
            Cell::new(show::instant(task.due_at.as_ref())),
            Cell::new(state(task)),
            show::figure(task.percent.to_string()),
            show::figure(worth(before)),
            show::figure(worth(now)),
            show::figure(
                effect.map_or_else(String::new, |effect| show::change(&effect.difference)),
            ),
            Cell::new(&task.title),
        ]);
    }
    show::rendered(&table)
}

/// A task with all that is known of it.
pub(crate) fn task(task: &pb::Task) -> String {
    let mut text = format!("{}  {}\n", task.code, task.title);
    let mut say = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<9} {value}");
        }
    };
    say("Why", &why(task.origin.as_ref()));
    say("Plan", &task.plan);
    let person = match task.person.as_str() {
        "" => String::new(),
        person => format!(", {person}"),
    };
    say("With", &format!("{}{person}", task.unit));
    let due = show::instant(task.due_at.as_ref());
    let first = match task.first_due_at == task.due_at {
        true => String::new(),
        false => format!(" (first {})", show::instant(task.first_due_at.as_ref())),
    };
    say("Due", &format!("{due}{first}"));
    let since = match &task.overdue_since {
        Some(since) if !task.overdue => format!(", late since {}", show::instant(Some(since))),
        _ => String::new(),
    };
    say(
        "State",
        &format!("{}, {} %{since}", state(task), task.percent),
    );
    if let Some(effect) = &task.effect {
        say("Before", &reading(effect.before.as_ref()));
        let name = if effect.frozen { "Then" } else { "Now" };
        say(name, &reading(effect.now.as_ref()));
        say("Change", &show::change(&effect.difference));
    }
    if !task.history.is_empty() {
        let _ = write!(text, "\n{}", history(&task.history));
    }
    text.trim_end().to_owned()
}

/// What a call handed over.
pub(super) fn handed_over(answer: &pb::HandOverTasksResponse) -> String {
    let mut text = format!(
        "{} of {} handed over to {}, {} left",
        answer.codes.len(),
        answer.unit,
        answer.to_unit,
        answer.remaining
    );
    for code in &answer.codes {
        let _ = write!(text, "\n  {code}");
    }
    text
}

fn state(task: &pb::Task) -> &'static str {
    match task.state() {
        pb::TaskState::Unspecified => "",
        pb::TaskState::Open if task.overdue => "overdue",
        pb::TaskState::Open => "open",
        pb::TaskState::Reported => "reported",
        pb::TaskState::Confirmed => "confirmed",
        pb::TaskState::Cancelled => "cancelled",
    }
}

fn worth(reading: Option<&pb::TaskReading>) -> String {
    reading.map_or_else(String::new, |it| {
        show::of_max(show::or_dash(&it.value), "/", &it.max)
    })
}

/// A reading with its time and where it is from, or why there is none.
fn reading(reading: Option<&pb::TaskReading>) -> String {
    let Some(it) = reading else {
        return String::new();
    };
    let source = match it.campaign.as_str() {
        "" => "counted".to_owned(),
        campaign => format!("decided in {campaign}"),
    };
    match it.value.as_str() {
        "" => format!("– in {}: {}", it.period, it.reason),
        _ => format!("{} in {}, {source}", worth(reading), it.period),
    }
}

fn why(origin: Option<&pb::TaskOrigin>) -> String {
    match origin.and_then(|it| it.origin.as_ref()) {
        Some(Origin::Leaf(it)) => {
            let shown = match it.campaign.as_str() {
                "" => "by the live score".to_owned(),
                campaign => format!("by campaign {campaign}"),
            };
            format!(
                "leaf {} of {} {} in {}, {shown}",
                it.leaf, it.index, it.edition, it.period
            )
        }
        Some(Origin::Backlog(it)) => format!("backlog {} in {}", it.measure, it.period),
        Some(Origin::Finding(it)) => {
            format!("finding in {} of {}: {}", it.document, it.date, it.text)
        }
        Some(Origin::YearlyPlan(it)) => format!("yearly plan {}, {}", it.document, it.item),
        None => String::new(),
    }
}

fn history(entries: &[pb::TaskEntry]) -> String {
    let mut table = show::table(&["At", "By", "What", "Words"]);
    for entry in entries {
        table.add_row(vec![
            Cell::new(show::instant(entry.at.as_ref())),
            Cell::new(&entry.by),
            Cell::new(what(entry)),
            Cell::new(words(entry)),
        ]);
    }
    show::rendered(&table)
}

fn what(entry: &pb::TaskEntry) -> String {
    let what = match entry.kind() {
        Kind::Unspecified => "",
        Kind::Assigned => "assigned",
        Kind::Reassigned => "reassigned",
        Kind::HandedOver => "handed over",
        Kind::DueDateMoved => "due date moved",
        Kind::ProgressNoted => return format!("{} %", entry.percent),
        Kind::Overdue => "overdue",
        Kind::Reported => "reported as done",
        Kind::Returned => "returned",
        Kind::Confirmed => "confirmed",
        Kind::Cancelled => "cancelled",
    };
    what.to_owned()
}

/// To whom, and until when.
fn whose(entry: &pb::TaskEntry) -> Option<String> {
    let due = || show::instant(entry.due_at.as_ref());
    let holder = || match entry.person.as_str() {
        "" => format!("to {}", entry.unit),
        person => format!("to {}, {person}", entry.unit),
    };
    match entry.kind() {
        Kind::Assigned => Some(format!("{}, due {}", holder(), due())),
        Kind::Reassigned | Kind::HandedOver => Some(holder()),
        Kind::DueDateMoved => {
            let before = show::instant(entry.previous_due_at.as_ref());
            Some(format!("from {before} to {}", due()))
        }
        Kind::Overdue => Some(format!("was due {}", due())),
        Kind::Unspecified
        | Kind::ProgressNoted
        | Kind::Reported
        | Kind::Returned
        | Kind::Confirmed
        | Kind::Cancelled => None,
    }
}

/// To whom and until when, what was said, and the documents that show it.
fn words(entry: &pb::TaskEntry) -> String {
    let documents = entry.evidence.iter().map(|it| match it.number.as_str() {
        "" => it.title.clone(),
        number => format!("{} {number}", it.title),
    });
    let said = (!entry.text.is_empty()).then(|| entry.text.clone());
    whose(entry)
        .into_iter()
        .chain(said)
        .chain(documents)
        .collect::<Vec<_>>()
        .join("; ")
}
