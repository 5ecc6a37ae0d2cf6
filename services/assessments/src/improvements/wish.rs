//! Requests, read in whole: every fault is named at once.

use assessment::improvement::Action;
use assessment::sheet::Evidence;
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use ids::{CampaignCode, IndexCode, LeafCode, MeasureName, Period, TaskCode, UnitCode};
use jiff::Timestamp;
use jiff::civil::Date;
use pb::task_origin::Origin as Told;

use super::codec::percent;
use crate::campaigns::terms::{Why, date, moment};
use crate::campaigns::{Faults, code, evidence, some_words, words};

/// Longest title, number of a document or name of a plan, in characters.
const TITLE_MAX: usize = 200;
/// Longest reason, in characters.
const REASON_MAX: usize = 1_000;
/// Longest note, report or finding, in characters.
const TEXT_MAX: usize = 4_000;
/// Longest name of a person or place in a document, in characters: as in a command's context.
const NAME_MAX: usize = 100;
/// Tasks named in a hand-over at most.
const CODES_MAX: usize = 1_000;
/// Tasks handed over by a call when the caller does not say, and at most.
const BATCH_DEFAULT: usize = 500;
const BATCH_MAX: i32 = 1_000;

/// Why a task is wanted, as far as the request says it.
#[derive(Debug, Clone)]
pub(super) enum Because {
    /// A leaf, by a campaign or by index and period.
    Leaf {
        campaign: Option<CampaignCode>,
        index: Option<IndexCode>,
        period: Option<Period>,
        leaf: LeafCode,
    },
    Backlog {
        measure: MeasureName,
        period: Period,
    },
    Finding {
        document: String,
        date: Date,
        text: String,
    },
    YearlyPlan {
        document: String,
        item: String,
    },
}

/// A task that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) code: TaskCode,
    pub(super) title: String,
    pub(super) plan: String,
    pub(super) because: Because,
    pub(super) unit: UnitCode,
    pub(super) person: String,
    pub(super) due: Timestamp,
}

/// Who is to have a task, and why.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub(super) unit: UnitCode,
    pub(super) person: String,
    pub(super) reason: String,
}

/// What of a unit that ended goes over.
#[derive(Debug, Clone)]
pub(super) struct Succession {
    pub(super) unit: UnitCode,
    pub(super) to: Transfer,
    /// Only these; none means all.
    pub(super) codes: Vec<TaskCode>,
    /// Tasks of a call at most.
    pub(super) batch: usize,
}

/// A task's code.
pub(super) fn task(text: &str) -> Result<TaskCode, Problem> {
    code(text).map_err(|why| Problem::invalid("code", why))
}

/// What may be left out.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Result<T, Why>) -> Result<Option<T>, Why> {
    (!text.is_empty()).then(|| read(text)).transpose()
}

/// What may be left out only with a campaign, which says it.
fn said_or_campaigns<T>(
    text: &str,
    campaign: &str,
    read: impl FnOnce(&str) -> Result<T, Why>,
) -> Result<Option<T>, Why> {
    match (text, campaign) {
        ("", "") => Err("is empty; name it, or a campaign".to_owned()),
        _ => optional(text, read),
    }
}

/// An assignment.
pub(super) fn assignment(request: &pb::AssignTaskRequest) -> Result<Wanted, Problem> {
    let mut faults = Faults::default();
    let code = faults.take("code", code(&request.code));
    let title = faults.take("title", some_words(&request.title, TITLE_MAX));
    let plan = faults.take("plan", words(&request.plan, TITLE_MAX));
    let because = because(&mut faults, request.origin.as_ref());
    let unit = faults.take("unit", self::code(&request.unit));
    let person = faults.take("person", words(&request.person, NAME_MAX));
    let due = faults.take("due_at", moment(request.due_at.as_ref()));
    let whole = (|| {
        Some(Wanted {
            code: code?,
            title: title?,
            plan: plan?,
            because: because?,
            unit: unit?,
            person: person?,
            due: due?,
        })
    })();
    faults.or(whole)
}

fn because(faults: &mut Faults, origin: Option<&pb::TaskOrigin>) -> Option<Because> {
    match origin.and_then(|it| it.origin.as_ref()) {
        Some(Told::Leaf(it)) => leaf(faults, it),
        Some(Told::Backlog(it)) => {
            let measure = faults.take("origin.backlog.measure", code(&it.measure));
            let period = faults.take("origin.backlog.period", code(&it.period));
            Some(Because::Backlog {
                measure: measure?,
                period: period?,
            })
        }
        Some(Told::Finding(it)) => {
            let document = some_words(&it.document, TITLE_MAX);
            let document = faults.take("origin.finding.document", document);
            let date = faults.take("origin.finding.date", date(&it.date));
            let text = faults.take("origin.finding.text", some_words(&it.text, TEXT_MAX));
            Some(Because::Finding {
                document: document?,
                date: date?,
                text: text?,
            })
        }
        Some(Told::YearlyPlan(it)) => {
            let document = some_words(&it.document, TITLE_MAX);
            let document = faults.take("origin.yearly_plan.document", document);
            let item = some_words(&it.item, NAME_MAX);
            let item = faults.take("origin.yearly_plan.item", item);
            Some(Because::YearlyPlan {
                document: document?,
                item: item?,
            })
        }
        None => {
            let why =
                "is empty; say why: a leaf, a backlog, a finding or an item of the yearly plan";
            faults.take("origin", Err(why.to_owned()))
        }
    }
}

fn leaf(faults: &mut Faults, it: &pb::LeafOrigin) -> Option<Because> {
    if !it.edition.is_empty() {
        let why = "is found by the service; leave it out".to_owned();
        faults.take::<()>("origin.leaf.edition", Err(why));
    }
    let campaign = faults.take("origin.leaf.campaign", optional(&it.campaign, code));
    let index = said_or_campaigns(&it.index, &it.campaign, code);
    let index = faults.take("origin.leaf.index", index);
    let period = said_or_campaigns(&it.period, &it.campaign, code);
    let period = faults.take("origin.leaf.period", period);
    let leaf = faults.take("origin.leaf.leaf", code(&it.leaf));
    Some(Because::Leaf {
        campaign: campaign?,
        index: index?,
        period: period?,
        leaf: leaf?,
    })
}

fn transfer(
    faults: &mut Faults,
    field: &str,
    unit: &str,
    person: &str,
    reason: &str,
) -> Option<Transfer> {
    let unit = faults.take(field, code(unit));
    let person = faults.take("person", words(person, NAME_MAX));
    let reason = faults.take("reason", some_words(reason, REASON_MAX));
    Some(Transfer {
        unit: unit?,
        person: person?,
        reason: reason?,
    })
}

/// Who is to have a task from now on.
pub(super) fn reassignment(
    request: &pb::ReassignTaskRequest,
) -> Result<(TaskCode, Transfer), Problem> {
    let mut faults = Faults::default();
    let code = faults.take("code", code(&request.code));
    let pb::ReassignTaskRequest {
        unit,
        person,
        reason,
        ..
    } = request;
    let to = transfer(&mut faults, "unit", unit, person, reason);
    faults.or(code.zip(to))
}

/// A hand-over.
pub(super) fn succession(request: &pb::HandOverTasksRequest) -> Result<Succession, Problem> {
    let mut faults = Faults::default();
    let unit = faults.take("unit", code(&request.unit));
    let pb::HandOverTasksRequest {
        to_unit,
        person,
        reason,
        ..
    } = request;
    let to = transfer(&mut faults, "to_unit", to_unit, person, reason);
    let codes = match request.codes.len() {
        0..=CODES_MAX => request.codes.iter().map(|text| code(text)).collect(),
        many => Err(format!(
            "has {many} codes; use several calls of at most {CODES_MAX}"
        )),
    };
    let codes = faults.take("codes", codes);
    let batch = match request.batch_size {
        0 => Ok(BATCH_DEFAULT),
        size @ 1..=BATCH_MAX => usize::try_from(size).map_err(|error| error.to_string()),
        size => Err(format!(
            "is {size}; give 1 to {BATCH_MAX}, or 0 for {BATCH_DEFAULT}"
        )),
    };
    let batch = faults.take("batch_size", batch);
    let whole = (|| {
        Some(Succession {
            unit: unit?,
            to: to?,
            codes: codes?,
            batch: batch?,
        })
    })();
    faults.or(whole)
}

/// A new due date.
pub(super) fn due_date(request: &pb::MoveDueDateRequest) -> Result<(TaskCode, Action), Problem> {
    let mut faults = Faults::default();
    let code = faults.take("code", code(&request.code));
    let due = faults.take("due_at", moment(request.due_at.as_ref()));
    let reason = faults.take("reason", some_words(&request.reason, REASON_MAX));
    let action = due
        .zip(reason)
        .map(|(due, reason)| Action::MoveDue { due, reason });
    faults.or(code.zip(action))
}

/// A reason for what is done to a task.
pub(super) fn because_of(code: &str, reason: &str) -> Result<(TaskCode, String), Problem> {
    let mut faults = Faults::default();
    let code = faults.take("code", self::code(code));
    let reason = faults.take("reason", some_words(reason, REASON_MAX));
    faults.or(code.zip(reason))
}

/// How far a task is.
pub(super) fn note(request: &pb::NoteProgressRequest) -> Result<(TaskCode, Action), Problem> {
    let mut faults = Faults::default();
    let code = faults.take("code", code(&request.code));
    let percent = faults.take("percent", percent(request.percent));
    let text = faults.take("text", some_words(&request.text, TEXT_MAX));
    let action = percent
        .zip(text)
        .map(|(percent, text)| Action::Note { percent, text });
    faults.or(code.zip(action))
}

/// That a task is done, in words and with what shows it.
pub(super) fn report(
    request: &pb::ReportCompletionRequest,
) -> Result<(TaskCode, String, Vec<Evidence>), Problem> {
    let mut faults = Faults::default();
    let code = faults.take("code", code(&request.code));
    let text = faults.take("text", some_words(&request.text, TEXT_MAX));
    let items = evidence(&request.evidence).and_then(|items| match items.as_slice() {
        [] => Err("is empty; name what shows that it is done".to_owned()),
        some if some.iter().any(|item| item.initiative.is_some()) => {
            Err("names an initiative; those are cited in claims only".to_owned())
        }
        _ => Ok(items),
    });
    let items = faults.take("evidence", items);
    let whole = (|| Some((code?, text?, items?)))();
    faults.or(whole)
}
