//! `chiso improvement`: shortcomings as tasks with names and dates.

mod given;
mod orders;
mod show;

use clap::{Args, Subcommand};
use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use jiff::Timestamp;

use self::given::{Because, Shown, evidence, moment, until};
pub use self::orders::{hand_over, list};
use self::orders::{order, read};
pub(crate) use show::task as told;

use crate::{Exit, Failure, Services, out};

const EXAMPLES: &str = "\
Examples:
  chiso improvement assign kh-165-017 --title 'Giảm hồ sơ quá hạn' --unit H40.05 --person nv-017 --due 2025-06-30 \\
    --measure in_process_overdue --period 2025
  chiso improvement assign kh-165-018 --title 'Công khai đủ thủ tục' --unit H40.05 --due 2025-06-30 \\
    --leaf 3.1.2 --campaign par-2024
  chiso improvement list --unit H40.05 --overdue
  chiso improvement note kh-165-017 40 'đã xử lý 12 hồ sơ'
  chiso improvement report kh-165-017 'đã xong' --evidence 'title=Báo cáo;number=12/BC-STC;date=2025-06-20;page=3'
  chiso improvement confirm kh-165-017
  chiso improvement hand-over H40.24 --to H40.33 --reason 'Sắp xếp đơn vị hành chính'";

/// Follows up the tasks that shortcomings and the year's plan become.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    /// Who acts, where callers need no token
    #[arg(long, global = true, default_value = "")]
    actor: String,

    /// Code of the unit that acts, where callers need no token
    #[arg(long, global = true, default_value = "", value_name = "UNIT")]
    acting_unit: String,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    Order(Order),
    /// Hand the unfinished tasks of a unit that ended over to a successor
    HandOver(HandOver),
    /// List tasks
    List(List),
    /// Show a task with its history and its effect
    Show(Show),
}

/// Commands to one task.
#[derive(Debug, Subcommand)]
enum Order {
    /// Make a task of a leaf, a backlog, a finding or an item of the yearly plan
    Assign(Box<Assign>),
    /// Say how far a task of the own unit is
    Note(Note),
    /// Say that a task of the own unit is done
    Report(Report),
    /// Find that a reported task is done
    Confirm(Named),
    /// Find that a reported task is not done
    Return(Reasoned),
    /// Move the due date of a task
    Move(Move),
    /// Give a task to another unit or person
    Reassign(Reassign),
    /// End a task that will not be done
    Cancel(Reasoned),
}

#[derive(Debug, Args)]
struct Assign {
    /// Code of the new task, such as kh-165-017
    code: String,

    /// What is to be done
    #[arg(long)]
    title: String,

    /// Code of the responsible unit
    #[arg(long)]
    unit: String,

    /// Who in the unit, as tokens name people
    #[arg(long, default_value = "")]
    person: String,

    /// Due date, until the end of that day in Viet Nam, or a moment with its offset
    #[arg(long, value_name = "DATE", value_parser = until)]
    due: Timestamp,

    /// The plan that it belongs to, such as the document's number
    #[arg(long, default_value = "")]
    plan: String,

    #[command(flatten)]
    because: Because,
}

#[derive(Debug, Args)]
struct List {
    /// Only those of this unit
    #[arg(long, default_value = "")]
    unit: String,

    /// Only those of this plan
    #[arg(long, default_value = "")]
    plan: String,

    /// Only those in this state
    #[arg(long)]
    state: Option<Shown>,

    /// Only those that are open and past their due date
    #[arg(long)]
    overdue: bool,
}

#[derive(Debug, Args)]
struct Show {
    /// Code of the task
    code: String,

    /// As of this version of it
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    as_of_version: i64,

    /// As the log knew it at this moment, such as 2025-03-01T08:00:00+07:00
    #[arg(long, value_parser = moment, conflicts_with = "as_of_version", value_name = "MOMENT")]
    as_of: Option<Timestamp>,
}

#[derive(Debug, Args)]
struct Note {
    /// Code of the task
    code: String,

    /// How far it is, 0 to 100
    percent: i32,

    /// In words
    text: String,
}

#[derive(Debug, Args)]
struct Report {
    /// Code of the task
    code: String,

    /// What was done
    text: String,

    /// What shows it: a title, or any of title, number, date, issuer, item, page and sha256 (of an uploaded file), each as
    /// NAME=VALUE, with semicolons between them. Repeat it for several
    #[arg(long, required = true, value_name = "ITEM", value_parser = evidence)]
    evidence: Vec<pb::Evidence>,
}

#[derive(Debug, Args)]
struct Named {
    /// Code of the task
    code: String,
}

#[derive(Debug, Args)]
struct Reasoned {
    /// Code of the task
    code: String,

    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
struct Move {
    /// Code of the task
    code: String,

    /// The new due date, until the end of that day in Viet Nam, or a moment with its offset
    #[arg(long, value_name = "DATE", value_parser = until)]
    due: Timestamp,

    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
struct Reassign {
    /// Code of the task
    code: String,

    /// Code of the unit that has it from now on
    #[arg(long)]
    unit: String,

    /// Who in the unit, as tokens name people
    #[arg(long, default_value = "")]
    person: String,

    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
struct HandOver {
    /// Code of the unit that ended
    unit: String,

    /// Code of the successor
    #[arg(long, value_name = "UNIT")]
    to: String,

    /// Who in the successor, as tokens name people
    #[arg(long, default_value = "")]
    person: String,

    /// Why
    #[arg(long)]
    reason: String,

    /// Only this task. Repeat it for several; none: all
    #[arg(long = "task", value_name = "CODE")]
    tasks: Vec<String>,
}

/// Does what is asked.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let context = CommandContext {
        actor: command.actor.clone(),
        unit: command.acting_unit.clone(),
        ..CommandContext::default()
    };
    match &command.action {
        Action::List(wanted) => {
            let tasks = list(services, request(wanted)).await?;
            if json {
                tasks.iter().for_each(out::message);
            } else {
                out::line(show::tasks(&tasks));
            }
        }
        Action::Show(wanted) => {
            let request = pb::GetTaskRequest {
                code: wanted.code.clone(),
                version: wanted.as_of_version,
                as_of: wanted.as_of.map(contracts::wire::timestamp),
            };
            print(&read(services, request).await?, json);
        }
        Action::HandOver(wanted) => {
            let request = pb::HandOverTasksRequest {
                context: Some(context),
                unit: wanted.unit.clone(),
                to_unit: wanted.to.clone(),
                person: wanted.person.clone(),
                reason: wanted.reason.clone(),
                codes: wanted.tasks.clone(),
                batch_size: 0,
            };
            for answer in hand_over(services, request).await? {
                if json {
                    out::message(&answer);
                } else {
                    out::line(show::handed_over(&answer));
                }
            }
        }
        Action::Order(wanted) => print(&order(services, Some(context), wanted).await?, json),
    }
    Ok(Exit::Done)
}

fn request(wanted: &List) -> pb::ListTasksRequest {
    pb::ListTasksRequest {
        unit: wanted.unit.clone(),
        plan: wanted.plan.clone(),
        state: wanted.state.map_or(0, |state| state.to_wire().into()),
        overdue: wanted.overdue,
        ..pb::ListTasksRequest::default()
    }
}

fn print(task: &pb::Task, json: bool) {
    if json {
        out::message(task);
    } else {
        out::line(show::task(task));
    }
}
