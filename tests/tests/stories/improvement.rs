//! Who may do what with tasks, by real tokens, and that `chiso` follows one from its assignment to its end.

use cli::{Service, Services};
use contracts::assessments::v1 as pb;
use identity::Role;
use pb::task_origin::Origin;
use system_tests::program::chiso;
use system_tests::{Province, given};
use tonic::{Code, Status};

const TASK: &str = "kh-165-017";
/// The unit that has the task, and another one.
const UNIT: &str = given::DEPARTMENT;
const OTHER: &str = given::OTHER_DEPARTMENT;

fn wanted() -> pb::AssignTaskRequest {
    let finding = Origin::Finding(pb::FindingOrigin {
        document: "12/KL-TTr".to_owned(),
        date: "2024-12-31".to_owned(),
        text: "Chưa công khai đủ thủ tục".to_owned(),
    });
    let due = runtime::Clock::system().now() + jiff::SignedDuration::from_hours(24);
    pb::AssignTaskRequest {
        code: TASK.to_owned(),
        title: "Công khai đủ thủ tục".to_owned(),
        origin: Some(pb::TaskOrigin {
            origin: Some(finding),
        }),
        unit: UNIT.to_owned(),
        person: "mai".to_owned(),
        due_at: Some(contracts::wire::timestamp(due)),
        ..Default::default()
    }
}

fn getting(code: &str) -> pb::GetTaskRequest {
    pb::GetTaskRequest {
        code: code.to_owned(),
        ..Default::default()
    }
}

/// Whether somebody sees the task, alone and in the list. Who does not must not learn that it is there.
async fn sees(services: &Services) -> Result<(), Code> {
    let mut client = services.improvements.clone();
    let got = client.get_task(getting(TASK)).await;
    let unknown = client.get_task(getting("no-such")).await;
    let unknown = unknown.expect_err("there is none");
    let listed = client.list_tasks(pb::ListTasksRequest::default()).await;
    let of_unit = pb::ListTasksRequest {
        unit: UNIT.to_owned(),
        ..Default::default()
    };
    let of_unit = client.list_tasks(of_unit).await;
    match got {
        Ok(_) => {
            assert_eq!(listed.expect("listed").into_inner().tasks.len(), 1);
            assert_eq!(of_unit.expect("listed").into_inner().tasks.len(), 1);
            Ok(())
        }
        Err(status) => {
            let told = |status: &Status| (status.code(), status.message().to_owned());
            assert_eq!(told(&status), told(&unknown), "as hidden as another");
            let denied = of_unit.expect_err("not theirs");
            assert_eq!(denied.code(), Code::PermissionDenied);
            // Whoever has tasks of an own unit gets those, and others nothing.
            match listed {
                Ok(listed) => assert!(listed.into_inner().tasks.is_empty()),
                Err(status) => assert_eq!(status.code(), Code::PermissionDenied),
            }
            Err(status.code())
        }
    }
}

/// Each command in turn, by somebody: what came of it.
async fn tries(services: &Services) -> [Result<(), Code>; 7] {
    let mut client = services.improvements.clone();
    let code = || TASK.to_owned();
    let reason = || "vì lý do khác".to_owned();
    let came = |answer: Result<tonic::Response<pb::Task>, Status>| {
        answer.map(drop).map_err(|status| status.code())
    };
    let moved = pb::MoveDueDateRequest {
        code: code(),
        due_at: wanted().due_at,
        reason: reason(),
        ..Default::default()
    };
    let noted = pb::NoteProgressRequest {
        code: code(),
        percent: 40,
        text: reason(),
        ..Default::default()
    };
    let reported = pb::ReportCompletionRequest {
        code: code(),
        text: reason(),
        evidence: vec![pb::Evidence {
            title: "Báo cáo".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let returned = pb::ReturnTaskRequest {
        code: code(),
        reason: reason(),
        ..Default::default()
    };
    let confirmed = pb::ConfirmCompletionRequest {
        code: code(),
        ..Default::default()
    };
    let assigned = pb::AssignTaskRequest {
        title: "việc khác".to_owned(),
        ..wanted()
    };
    let cancelled = pb::CancelTaskRequest {
        code: "no-such".to_owned(),
        reason: reason(),
        ..Default::default()
    };
    [
        came(client.assign_task(assigned).await),
        came(client.move_due_date(moved).await),
        came(client.cancel_task(cancelled).await),
        came(client.note_progress(noted).await),
        came(client.report_completion(reported).await),
        came(client.return_task(returned).await),
        came(client.confirm_completion(confirmed).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_their_units_and_of_those_who_judge_them() {
    let province = Province::start("tasks").await;
    given::catalog(&province.services).await;
    let admin = province.as_caller("anh", &[Role::Administrator], &["H40"]);
    let assigned = admin.improvements.clone().assign_task(wanted()).await;
    assigned.expect("assigned");

    let head = province.head(Service::Assessments).await;
    const DENIED: Result<(), Code> = Err(Code::PermissionDenied);
    const UNFIT: Result<(), Code> = Err(Code::FailedPrecondition);
    for (role, unit) in [
        (Role::Clerk, OTHER),
        (Role::Assessor, OTHER),
        (Role::Integrator, "H40"),
        (Role::Analyst, "H40"),
    ] {
        let somebody = province.as_caller("nam", &[role], &[unit]);
        assert_eq!(sees(&somebody).await, DENIED, "{role} of {unit}");
        assert_eq!(tries(&somebody).await, [DENIED; 7], "{role} of {unit}");
    }
    for role in [Role::Council, Role::Chair, Role::Auditor] {
        let somebody = province.as_caller("lan", &[role], &["H40"]);
        assert_eq!(sees(&somebody).await, Ok(()), "{role}");
        assert_eq!(tries(&somebody).await, [DENIED; 7], "{role}");
    }
    // Of the own unit an appraiser sees the task and judges nothing.
    let own = province.as_caller("chau", &[Role::Appraiser], &[UNIT]);
    assert_eq!(sees(&own).await, Ok(()));
    assert_eq!(tries(&own).await, [DENIED; 7]);
    // Of another unit it may judge what is reported, which this is not.
    let judge = province.as_caller("binh", &[Role::Appraiser], &[OTHER]);
    assert_eq!(sees(&judge).await, Ok(()));
    let tried = [DENIED, DENIED, DENIED, DENIED, DENIED, UNFIT, UNFIT];
    assert_eq!(tries(&judge).await, tried);
    assert_eq!(province.head(Service::Assessments).await, head);

    let mai = province.as_caller("mai", &[Role::Assessor], &[UNIT]);
    assert_eq!(sees(&mai).await, Ok(()));
    let tried = [DENIED, DENIED, DENIED, Ok(()), Ok(()), DENIED, DENIED];
    assert_eq!(tries(&mai).await, tried);
    // An administrator of the unit organises, and judges nothing of it.
    let own = province.as_caller("anh", &[Role::Administrator], &[UNIT]);
    let confirmed = pb::ConfirmCompletionRequest {
        code: TASK.to_owned(),
        ..Default::default()
    };
    let mut of_own_unit = own.improvements.clone();
    let denied = of_own_unit.confirm_completion(confirmed.clone()).await;
    let denied = denied.expect_err("the own unit");
    assert_eq!(denied.code(), Code::PermissionDenied);
    let mut of_another = judge.improvements.clone();
    let done = of_another.confirm_completion(confirmed).await;
    let done = done.expect("confirmed").into_inner();
    assert_eq!(done.state(), pb::TaskState::Confirmed);
}

#[tokio::test(flavor = "multi_thread")]
async fn chiso_follows_a_task_to_its_end() {
    let province = Province::start("follows").await;
    given::catalog(&province.services).await;
    let run = |subject: &str, role: Role, unit: &str, arguments: &[&str]| {
        let mut connection = province.connection();
        connection.pop();
        let caller = system_tests::province::caller(subject, &[role], &[unit]);
        connection.push(province.token(&caller));
        let connection = connection.iter().map(String::as_str);
        let arguments: Vec<&str> = arguments.iter().copied().chain(connection).collect();
        let output = chiso(&arguments).output().expect("chiso runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        said
    };
    let admin = |arguments: &[&str]| run("anh", Role::Administrator, "H40", arguments);
    let clerk = |arguments: &[&str]| run("hoa", Role::Clerk, UNIT, arguments);
    let assign = [
        "improvement",
        "assign",
        TASK,
        "--title",
        "Giảm hồ sơ quá hạn",
        "--unit",
        UNIT,
        "--due",
        "2099-06-30",
        "--measure",
        "in_process_overdue",
        "--period",
        "2024",
        "--plan",
        "165/KH-UBND",
    ];
    let told = admin(&assign);
    assert!(told.contains("2099-06-30 23:59:59"), "{told}");
    let why = "--reason";
    admin(&[
        "improvement",
        "move",
        TASK,
        "--due",
        "2099-07-31",
        why,
        "bão",
    ]);
    admin(&[
        "improvement",
        "reassign",
        TASK,
        "--unit",
        UNIT,
        "--person",
        "hoa",
        why,
        "đi học",
    ]);
    clerk(&["improvement", "note", TASK, "40", "đã rà soát"]);
    let proof = "title=Báo cáo;number=12/BC;date=2024-12-31;page=3";
    clerk(&[
        "improvement",
        "report",
        TASK,
        "đã xong",
        "--evidence",
        proof,
    ]);
    let judge = |arguments: &[&str]| run("binh", Role::Appraiser, OTHER, arguments);
    judge(&["improvement", "return", TASK, why, "thiếu phụ lục"]);
    clerk(&[
        "improvement",
        "report",
        TASK,
        "đã xong hẳn",
        "--evidence",
        proof,
    ]);
    let reported = judge(&["improvement", "list", "--state", "reported"]);
    assert!(
        reported.contains(TASK) && reported.contains("reported"),
        "{reported}"
    );
    judge(&["improvement", "confirm", TASK]);
    let shown = clerk(&["improvement", "show", TASK]);
    for part in [
        "confirmed",
        "Báo cáo 12/BC",
        "due date moved",
        "thiếu phụ lục",
        "100 %",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    let json = clerk(&["improvement", "show", TASK, "--json"]);
    // The test program says something of its own before.
    let json = json.lines().last().expect("a line");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["state"], "TASK_STATE_CONFIRMED");
    assert!(json["effect"]["frozen"].as_bool().expect("a flag"));
    let first = clerk(&["improvement", "show", TASK, "--as-of-version", "1"]);
    assert!(first.contains("open, 0 %"), "{first}");
}
