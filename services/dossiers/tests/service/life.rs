//! A dossier's life, from its filing to its rating.

use contracts::dossiers::v1 as pb;
use pb::{ClockPolicy, DossierStatus, Timeliness};

use crate::catalog::{FIVE_DAYS, ONE_HOUR, OTHER, reception, registration};
use crate::world::{World, at, local};

macro_rules! command {
    ($world:expr, $rpc:ident, $request:ident, $moment:expr, $code:expr $(, $field:ident: $value:expr)* $(,)?) => {{
        let request = pb::$request {
            context: Some(at($moment)),
            code: $code.to_string(),
            $($field: $value.into(),)*
        };
        $world.dossiers.clone().$rpc(request).await.expect(stringify!($rpc)).into_inner()
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_lives_its_whole_life() {
    let world = World::start().await;
    let w = &world;

    let request = pb::RegisterDossierRequest {
        context: Some(at("2025-03-03T08:00:00+07:00")),
        ..registration("")
    };
    let filed = w
        .dossiers
        .clone()
        .register_dossier(request)
        .await
        .expect("filed")
        .into_inner();
    assert_eq!(
        filed.code, "000.00.12.H40-250303-0001",
        "the agency's code, the day, the number"
    );
    assert_eq!(filed.status(), DossierStatus::Registered);
    assert_eq!((filed.version, filed.position), (1, w.head().await));
    let code = filed.code;

    let request = pb::ReceiveDossierRequest {
        context: Some(at("2025-03-03T09:00:00+07:00")),
        code: code.clone(),
        ..Default::default()
    };
    let received = w
        .dossiers
        .clone()
        .receive_dossier(request)
        .await
        .expect("received")
        .into_inner();
    assert_eq!(local(received.due_at.as_ref()), "2025-03-10T09:00:00");
    assert_eq!(received.clock_policy(), ClockPolicy::Subtract);

    work_on(w, &code).await;
    let last = finish(w, &code).await;

    assert_eq!(last.status(), DossierStatus::Delivered);
    assert!(last.electronic_result && last.signed && last.identity_verified && last.extended);
    assert_eq!(
        (last.petitions, last.rating()),
        (1, pb::Rating::VerySatisfied)
    );
    assert_eq!(
        w.get(&code).await,
        last,
        "a query answers as the last command did"
    );
    let kinds: Vec<String> = w
        .events(&code)
        .await
        .into_iter()
        .map(|event| event.r#type)
        .collect();
    assert_eq!(kinds.len() as i64, last.version);
    assert!(
        !kinds.iter().any(|kind| kind.ends_with("DossierOverdue")),
        "{kinds:?}"
    );
}

/// What happens to it on the day after its reception.
async fn work_on(w: &World, code: &str) {
    let day = "2025-03-04T09:00:00+07:00";
    command!(w, start_processing, StartProcessingRequest, day, code, officer: "CB01");
    command!(w, note_activity, NoteActivityRequest, day, code, activity: "thẩm định", officer: "CB01");
    command!(w, digitise_components, DigitiseComponentsRequest, day, code, digitised: 2, reused: 1);
    command!(w, request_payment, RequestPaymentRequest, day, code, amount_dong: 50_000, fee: "lệ phí");
    let paid = command!(w, record_payment, RecordPaymentRequest, day, code, amount_dong: 50_000,
        method: pb::PaymentMethod::OnlinePortal, reference: "PAY-1");
    assert_eq!(paid.status(), DossierStatus::InProcess);
    assert!(paid.paid_online && paid.digitised && paid.reused);

    command!(w, start_step, StartStepRequest, day, code, step: 1, unit: OTHER, name: "thuế",
        limit_minutes: 480);
    let stepped =
        command!(w, complete_step, CompleteStepRequest, "2025-03-05T09:00:00+07:00", code, step: 1);
    assert_eq!(
        local(stepped.steps[0].due_at.as_ref()),
        "2025-03-05T09:00:00"
    );
    let extended = command!(w, extend_due_date, ExtendDueDateRequest, day, code,
        due_at: Some(contracts::wire::timestamp("2025-03-14T09:00:00+07:00".parse().expect("a moment"))),
        reason: "chờ xác minh");
    assert_eq!(local(extended.due_at.as_ref()), "2025-03-14T09:00:00");
    assert_eq!(local(extended.first_due_at.as_ref()), "2025-03-10T09:00:00");
    let moved = command!(w, hand_over_dossier, HandOverDossierRequest, day, code, to_unit: OTHER,
        reason: "sai thẩm quyền");
    assert_eq!(moved.unit, OTHER);
}

/// What happens to it from its completion on.
async fn finish(w: &World, code: &str) -> pb::Dossier {
    let end = "2025-03-12T10:00:00+07:00";
    command!(w, complete_dossier, CompleteDossierRequest, end, code);
    let back = command!(w, correct_result, CorrectResultRequest, end, code, reason: "sai tên");
    assert_eq!(back.status(), DossierStatus::InProcess);
    let done = command!(w, complete_dossier, CompleteDossierRequest, end, code);
    assert_eq!(done.timeliness(), Timeliness::OnTime);
    command!(w, issue_electronic_result, IssueElectronicResultRequest, end, code, sha256: [7; 32]);
    command!(w, sign_result, SignResultRequest, end, code, signer: "LD01");
    command!(w, synchronise_dossier, SynchroniseDossierRequest, end, code,
        target: pb::SyncTarget::NationalPortal);
    command!(w, deliver_result, DeliverResultRequest, end, code);
    command!(w, rate_dossier, RateDossierRequest, end, code, rating: pb::Rating::VerySatisfied);
    command!(w, file_petition, FilePetitionRequest, end, code);
    command!(w, answer_petition, AnswerPetitionRequest, "2025-03-20T10:00:00+07:00", code,
        petition: 1, satisfied: true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_can_be_seen_as_it_was() {
    let world = World::start().await;
    let request = pb::RegisterDossierRequest {
        context: Some(at("2025-03-03T08:00:00+07:00")),
        ..registration("was-1")
    };
    world
        .dossiers
        .clone()
        .register_dossier(request)
        .await
        .expect("filed");
    command!(world, refuse_reception, RefuseReceptionRequest, "2025-03-03T09:00:00+07:00", "was-1",
        reason: "thiếu giấy tờ");
    let recorded = world.events("was-1").await[0].recorded_at;
    let ask = |version, as_of| pb::GetDossierRequest {
        code: "was-1".into(),
        version,
        as_of,
    };
    for request in [ask(1, None), ask(0, recorded)] {
        let was = world
            .dossiers
            .clone()
            .get_dossier(request)
            .await
            .expect("as it was")
            .into_inner();
        assert_eq!((was.status(), was.version), (DossierStatus::Registered, 1));
    }
    assert_eq!(world.get("was-1").await.status(), DossierStatus::Refused);
    let refused = async |request| {
        world
            .dossiers
            .clone()
            .get_dossier(request)
            .await
            .expect_err("refused")
            .code()
    };
    assert_eq!(refused(ask(3, None)).await, tonic::Code::OutOfRange);
    assert_eq!(
        refused(ask(1, recorded)).await,
        tonic::Code::InvalidArgument
    );
    let long_ago = Some(prost_types::Timestamp {
        seconds: 0,
        nanos: 0,
    });
    assert_eq!(refused(ask(0, long_ago)).await, tonic::Code::NotFound);
}

/// Received at nine, asked for more the next morning, complete two days after that.
async fn supplemented(world: &World, days: [&str; 3]) -> pb::Dossier {
    let code = format!("supplement-{}", days[0]);
    let moment = |day: &str| format!("{day}T09:00:00+07:00");
    let request = pb::ReceiveDossierRequest {
        context: Some(at(&moment(days[0]))),
        ..reception(&code, FIVE_DAYS)
    };
    world
        .dossiers
        .clone()
        .receive_dossier(request)
        .await
        .expect("received");
    command!(world, request_supplement, RequestSupplementRequest, &moment(days[1]), code, reason: "thiếu");
    command!(
        world,
        complete_supplement,
        CompleteSupplementRequest,
        &moment(days[2]),
        code
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supplement_does_to_the_clock_what_the_policy_of_the_day_of_reception_says() {
    let world = World::start().await;
    let restarted = supplemented(&world, ["2024-03-04", "2024-03-05", "2024-03-07"]).await;
    assert_eq!(restarted.clock_policy(), ClockPolicy::Restart);
    assert_eq!(local(restarted.due_at.as_ref()), "2024-03-14T09:00:00");

    let paused = supplemented(&world, ["2024-07-01", "2024-07-02", "2024-07-04"]).await;
    assert_eq!(paused.clock_policy(), ClockPolicy::Pause);
    assert_eq!(local(paused.first_due_at.as_ref()), "2024-07-08T09:00:00");
    assert_eq!(local(paused.due_at.as_ref()), "2024-07-10T09:00:00");

    let subtracted = supplemented(&world, ["2025-03-03", "2025-03-04", "2025-03-06"]).await;
    assert_eq!(subtracted.clock_policy(), ClockPolicy::Subtract);
    assert_eq!(local(subtracted.due_at.as_ref()), "2025-03-12T09:00:00");
    let code = subtracted.code;
    let again = command!(world, request_supplement, RequestSupplementRequest,
        "2025-03-07T09:00:00+07:00", code, reason: "thiếu nữa");
    assert_eq!(
        again.timeliness(),
        Timeliness::Overdue,
        "a second request under Decision 766"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_in_hours_runs_over_the_break() {
    let world = World::start().await;
    let request = pb::ReceiveDossierRequest {
        context: Some(at("2025-03-03T11:00:00+07:00")),
        ..reception("hours-1", ONE_HOUR)
    };
    let received = world
        .dossiers
        .clone()
        .receive_dossier(request)
        .await
        .expect("received")
        .into_inner();
    assert_eq!(local(received.due_at.as_ref()), "2025-03-03T14:00:00");
    assert!(received.payment_duty);
}
