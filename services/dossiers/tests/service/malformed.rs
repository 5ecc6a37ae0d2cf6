//! Requests that no state could make right: each names the field that is wrong and changes nothing.

use contracts::dossiers::v1 as pb;
use contracts::log::v1::CommandContext;
use prost_types::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::catalog::registration;
use crate::world::{World, at};

const MOMENT: &str = "2025-03-03T09:00:00+07:00";

fn names(refused: &Status, field: &str) {
    assert_eq!(refused.code(), Code::InvalidArgument, "{field}: {refused}");
    let violated = refused
        .get_details_bad_request()
        .expect("a violation")
        .field_violations;
    assert_eq!(violated[0].field, field, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_filing_names_its_field() {
    let world = World::start().await;
    let filed = |change: fn(&mut pb::RegisterDossierRequest)| {
        let mut request = pb::RegisterDossierRequest {
            context: Some(at(MOMENT)),
            ..registration("bad-1")
        };
        change(&mut request);
        request
    };
    for (field, request) in [
        ("code", filed(|r| r.code = "a b".into())),
        ("procedure", filed(|r| r.procedure.clear())),
        ("unit", filed(|r| r.unit = "h40".into())),
        ("receiving_unit", filed(|r| r.receiving_unit = "?".into())),
        ("channel", filed(|r| r.channel = 0)),
        ("channel", filed(|r| r.channel = 99)),
        ("applicant", filed(|r| r.applicant = "x".repeat(201))),
        (
            "context.request_id",
            filed(|r| context(r).request_id = "1".into()),
        ),
        (
            "context.expected_version",
            filed(|r| context(r).expected_version = Some(-1)),
        ),
        (
            "context.occurred_at",
            filed(|r| *context(r) = at("1989-12-31T00:00:00Z")),
        ),
        (
            "context.occurred_at",
            filed(|r| *context(r) = at("2100-01-01T00:00:00Z")),
        ),
        (
            "context.actor",
            filed(|r| context(r).actor = "x".repeat(101)),
        ),
    ] {
        let refused = world
            .dossiers
            .clone()
            .register_dossier(request)
            .await
            .expect_err(field);
        names(&refused, field);
    }
    assert_eq!(world.head().await, 0);
}

fn context(request: &mut pb::RegisterDossierRequest) -> &mut CommandContext {
    request.context.get_or_insert_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_command_names_its_field() {
    let world = World::start().await;
    let filing = pb::RegisterDossierRequest {
        context: Some(at(MOMENT)),
        ..registration("sound-1")
    };
    world
        .dossiers
        .clone()
        .register_dossier(filing)
        .await
        .expect("filed");
    // In braces, so that the table stays one.
    macro_rules! refuses {
        ($($field:literal $rpc:ident $request:ident { $($name:ident: $value:expr),* })+) => {
            $({
                let (context, code) = (None, "sound-1".into());
                let request = pb::$request { context, code, $($name: $value),* };
                let refused = world.dossiers.clone().$rpc(request).await.expect_err($field);
                names(&refused, $field);
            })+
        };
    }
    let far = Some(Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    });
    refuses! {
        "reason" refuse_reception RefuseReceptionRequest { reason: " ".into() }
        "reason" stop_handling StopHandlingRequest { reason: "x".repeat(1_001) }
        "officer" start_processing StartProcessingRequest { officer: "x".repeat(101) }
        "activity" note_activity NoteActivityRequest { activity: "".into(), officer: "".into() }
        "amount_dong" request_payment RequestPaymentRequest { amount_dong: 0, fee: "".into() }
        "method" record_payment RecordPaymentRequest {
            amount_dong: 1, method: 0, reference: "".into()
        }
        "due_at" extend_due_date ExtendDueDateRequest { due_at: None, reason: "x".into() }
        "due_at" extend_due_date ExtendDueDateRequest { due_at: far, reason: "x".into() }
        "to_unit" hand_over_dossier HandOverDossierRequest { to_unit: "".into(), reason: "x".into() }
        "limit_minutes" start_step StartStepRequest {
            step: 1, unit: "H40.12".into(), name: "x".into(), limit_minutes: -1
        }
        "step" complete_step CompleteStepRequest { step: 51 }
        "digitised" digitise_components DigitiseComponentsRequest { digitised: 0, reused: 0 }
        "reused" digitise_components DigitiseComponentsRequest { digitised: 1, reused: 1_001 }
        "sha256" issue_electronic_result IssueElectronicResultRequest { sha256: vec![1; 31] }
        "signer" sign_result SignResultRequest { signer: "".into() }
        "target" synchronise_dossier SynchroniseDossierRequest { target: 3 }
        "rating" rate_dossier RateDossierRequest { rating: -1 }
        "petition" answer_petition AnswerPetitionRequest { petition: 0, satisfied: true }
    }
    assert_eq!(world.head().await, 1);
}
