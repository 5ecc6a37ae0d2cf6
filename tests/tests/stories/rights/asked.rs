//! What is asked: every field by its name something that exists, so that only who asks, and about whom, decides.

use contracts::wire;
use jiff::SignedDuration;
use prost_reflect::prost::Message as _;
use prost_reflect::prost::bytes::Bytes;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ReflectMessage as _, Value,
};
use runtime::Clock;
use system_tests::given;

use super::world::{CONTENT, Side, WAVE};

/// Fields that are left out: pages from their beginning, states as they are now, and lists that nothing needs.
const LEFT_OUT: [&str; 10] = [
    "page_token",
    "at_least",
    "version",
    "resume_token",
    "evidence",
    "figures",
    "actor",
    "request_id",
    "expected_version",
    "organised",
];

/// The messages of a call of `rpc` about what `side` has. With `tried`, a command is to be decided and not obeyed.
pub(super) fn messages(rpc: &MethodDescriptor, side: &Side, tried: bool) -> Vec<DynamicMessage> {
    let asked = Asked {
        service: rpc.parent_service().name().to_owned(),
        side,
        tried,
    };
    let input = rpc.input();
    let parts = input.oneofs().next();
    match parts.filter(|parts| parts.fields().len() == input.fields().len()) {
        // What comes in parts begins with one of each kind.
        Some(parts) => parts
            .fields()
            .map(|part| {
                let mut message = DynamicMessage::new(input.clone());
                message.set_field(&part, asked.value(&part));
                message
            })
            .collect(),
        None => vec![asked.message(&input)],
    }
}

struct Asked<'a> {
    service: String,
    side: &'a Side,
    tried: bool,
}

impl Asked<'_> {
    fn message(&self, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        if descriptor.full_name() == "chiso.log.v1.CommandContext" {
            message.set_field_by_name("validate_only", Value::Bool(self.tried));
            return message;
        }
        for field in descriptor.fields() {
            let choice = field.containing_oneof();
            let other = choice.is_some_and(|it| it.fields().next() != Some(field.clone()));
            // A task is not done without something that shows it.
            let shows = self.service == "ImprovementsService" && field.name() == "evidence";
            let left_out = (LEFT_OUT.contains(&field.name()) && !shows) || field.is_map();
            // A moment in the past would contradict a version, and is asked for elsewhere.
            let past = field.name() == "as_of" && matches!(field.kind(), Kind::Message(_));
            if other || left_out || past {
                continue;
            }
            let value = self.value(&field);
            let value = match field.is_list() {
                true => Value::List(vec![value]),
                false => value,
            };
            message.set_field(&field, value);
        }
        message
    }

    fn value(&self, field: &FieldDescriptor) -> Value {
        match field.kind() {
            Kind::String => Value::String(self.text(field)),
            Kind::Bytes if field.name() == "chunk" => Value::Bytes(Bytes::from_static(CONTENT)),
            Kind::Bytes => Value::Bytes(Bytes::copy_from_slice(&self.side.sha256)),
            Kind::Bool => Value::Bool(self.tried && field.name() == "validate_only"),
            Kind::Enum(of) if of.name() == "AppraisalVerdict" => {
                let change = of.get_value_by_name("APPRAISAL_VERDICT_CHANGE");
                Value::EnumNumber(change.expect("a verdict").number())
            }
            Kind::Enum(_) => Value::EnumNumber(1),
            Kind::Int64 if field.name() == "size" => {
                Value::I64(i64::try_from(CONTENT.len()).expect("small"))
            }
            Kind::Int64 if field.name().contains("after") => Value::I64(0),
            Kind::Int64 if field.name().contains("version") => Value::I64(0),
            Kind::Int64 => Value::I64(1),
            Kind::Int32 if field.name() == "year" => Value::I32(2024),
            Kind::Int32 => Value::I32(1),
            Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
                Value::Message(self.moment(field, &of))
            }
            Kind::Message(of) => Value::Message(self.message(&of)),
            other => panic!("{}: nothing is said of {other:?} yet", field.full_name()),
        }
    }

    /// What is told of the past happened at one moment; what is promised lies in the future.
    fn moment(&self, field: &FieldDescriptor, of: &MessageDescriptor) -> DynamicMessage {
        let at = match field.name() {
            "occurred_at" => self.side.filed_at,
            _ => Clock::system().now() + SignedDuration::from_hours(24 * 40),
        };
        let encoded = wire::timestamp(at).encode_to_vec();
        DynamicMessage::decode(of.clone(), encoded.as_slice()).expect("a moment")
    }

    fn text(&self, field: &FieldDescriptor) -> String {
        let side = self.side;
        let own = match field.name() {
            "unit" | "units" | "receiving_unit" | "subject" | "subjects" | "to_unit"
            | "own_unit" | "successors" | "parent" => &side.unit,
            "code" => return self.code(field).to_owned(),
            "source_event_id" | "source_row_id" => &side.row,
            name => return self.known(name).to_owned(),
        };
        own.clone()
    }

    fn code(&self, field: &FieldDescriptor) -> &str {
        match (self.service.as_str(), field.parent_message().name()) {
            ("DossiersService", "ImportDossiersRequest") => &self.side.imported,
            ("DossiersService", _) => &self.side.dossier,
            ("CampaignsService", _) => given::CAMPAIGN,
            ("RegistryService", name) if name.contains("Procedure") => given::PROCEDURE,
            ("RegistryService", _) => &self.side.unit,
            ("AssessmentsService", _) => given::INDEX,
            ("SurveysService", _) => "attitude",
            ("ImprovementsService", _) => &self.side.task,
            (service, _) => panic!("{service}: nothing is said of its codes yet"),
        }
    }

    /// What is the same whoever asks.
    fn known(&self, name: &str) -> &'static str {
        match name {
            "campaign" => given::CAMPAIGN,
            "wave" => WAVE,
            "leaf" if self.service == "ScoringService" => "PROGRESS_ON_TIME",
            "leaf" => "1.1.1",
            "index" => given::INDEX,
            "group" | "groups" if self.service == "SurveysService" => "citizen",
            "group" | "groups" => "department",
            "period" => "2024",
            "instrument" => "sipas",
            "edition" if self.service == "SurveysService" => "2024",
            "question" => "attitude",
            "value" => "5",
            "points" => "0",
            "weight" => "1",
            "procedure" => given::PROCEDURE,
            "applicant" => "036090001234",
            "measure" => "procedures_published",
            "month" | "from_month" | "until_month" | "last_month" => "2024-01",
            "as_of" | "on" | "date" | "valid_from" | "valid_until" | "covers_from"
            | "covers_until" => "2024-01-15",
            "officer" | "signer" | "appraiser" => "cb01",
            "source" => "rights",
            "number" => "SK-2024-017",
            "initiative" => "",
            "file_name" => "plan.pdf",
            "media_type" => "application/pdf",
            _ => "to see whether it is refused",
        }
    }
}

/// What an import says of its rows: how many it took in or knew, and why it refused the others.
pub(super) fn rows(answer: &DynamicMessage) -> Option<(i64, Vec<String>)> {
    let number = |name: &str| answer.get_field_by_name(name)?.as_i64();
    let taken = number("accepted")? + number("repeated")?;
    let refusals = answer.get_field_by_name("refusals")?;
    let reason = |refused: &Value| {
        let refused = refused.as_message()?;
        let reason = refused.get_field_by_name("reason")?;
        reason.as_str().map(str::to_owned)
    };
    let reasons = refusals.as_list()?.iter().filter_map(reason).collect();
    let is_import = answer.descriptor().name().starts_with("Import");
    is_import.then_some((taken, reasons))
}
