//! What is said: for every field a value at a boundary, one that exists, or noise.

use bytes::Bytes;
use cli::Services;
use contracts::dossiers::v1::ListDossiersRequest;
use prost_reflect::prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, MethodDescriptor, Value,
};
use rand::{Rng as _, RngExt as _};
use rand_chacha::ChaCha8Rng;
use system_tests::given;

/// Messages in messages: deeper than any contract goes.
const DEPTH: u32 = 5;

/// Words that mean something to the province, among others that mean nothing.
pub(super) struct Speech {
    words: Vec<String>,
}

impl Speech {
    pub(super) async fn of(services: &Services) -> Self {
        let request = ListDossiersRequest {
            page_size: 20,
            ..Default::default()
        };
        let dossiers = services.dossiers.clone().list_dossiers(request).await;
        let dossiers = dossiers.expect("dossiers").into_inner().dossiers;
        let mut words: Vec<String> = dossiers.into_iter().map(|dossier| dossier.code).collect();
        let known = [
            given::INDEX,
            given::DEPARTMENT,
            given::PROCEDURE,
            "H40",
            "000.00.01.H40",
            "group:department",
            "group:",
            "department",
            "office",
            "clock_policy",
            "PROGRESS_ON_TIME",
            "registry",
            "dossiers",
            "2024",
            "2024-01",
            "2024-Q1",
            "2024-13",
            "2024-Q5",
            "0000",
            "9999-12",
            "-9999",
            "2024-02-30",
            "2024-12-31",
            "0000-01-01",
            "9999-12-31",
            "99999-01-01",
            "0",
            "-0.0",
            "1e400",
            "0.0000001",
            "999999999999999999.999999",
            "99999999999999999999999999999999999999",
            "NaN",
            "018f3c00-0000-7000-8000-000000000000",
            "dossier-MADE-UP-0001",
            "procedures_published",
            "code: x\nedition: \"1\"\ncomponents: []",
            "{}[]: *a &a !!binary",
            "' or 1=1; drop table eventlog.events; --",
            "\0",
            "a\0b",
            "\u{feff}\u{202e}\u{10ffff}",
            "Sở Nội vụ",
            " ",
            "",
        ];
        words.extend(known.map(str::to_owned));
        for length in [64, 65, 200, 201, 1_000, 1_001, 70_000] {
            words.push("x".repeat(length));
        }
        Self { words }
    }

    /// The messages of one request: one, or a few for a stream of them.
    pub(super) fn request(&self, rpc: &MethodDescriptor, chance: &mut ChaCha8Rng) -> Vec<Bytes> {
        let count = if rpc.is_client_streaming() {
            chance.random_range(0..4)
        } else {
            1
        };
        let message = |_| match chance.random_range(0..10) {
            0 => noise(chance, 300),
            1 => self.damaged(&rpc.input(), chance),
            _ => self.message(&rpc.input(), chance, 0).encode_to_vec().into(),
        };
        (0..count).map(message).collect()
    }

    /// A sound message with a byte changed, or its end missing.
    fn damaged(&self, descriptor: &MessageDescriptor, chance: &mut ChaCha8Rng) -> Bytes {
        let mut encoded = self.message(descriptor, chance, 0).encode_to_vec();
        if encoded.is_empty() {
            return noise(chance, 10);
        }
        let place = chance.random_range(0..encoded.len());
        if chance.random_bool(0.5) {
            encoded.truncate(place);
        } else {
            encoded[place] = chance.random();
        }
        encoded.into()
    }

    fn message(
        &self,
        descriptor: &MessageDescriptor,
        chance: &mut ChaCha8Rng,
        depth: u32,
    ) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        // A command that says when and who is more often refused for that than for its content.
        for field in descriptor.fields() {
            if depth >= DEPTH
                || chance.random_bool(if field.name() == "context" { 0.6 } else { 0.2 })
            {
                continue;
            }
            let value = if field.is_map() {
                Value::Map([(MapKey::String(self.word(chance)), Value::I32(0))].into())
            } else if field.is_list() {
                let length = [0, 1, 1, 2, 5][chance.random_range(0..5)];
                let items = (0..length).map(|_| self.value(&field, chance, depth));
                Value::List(items.collect())
            } else {
                self.value(&field, chance, depth)
            };
            message.set_field(&field, value);
        }
        message
    }

    fn value(&self, field: &FieldDescriptor, chance: &mut ChaCha8Rng, depth: u32) -> Value {
        match field.kind() {
            Kind::Double => Value::F64([f64::NAN, f64::MAX][chance.random_range(0..2)]),
            Kind::Float => Value::F32([f32::NAN, f32::MAX][chance.random_range(0..2)]),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                Value::I32(i32::try_from(number(chance)).unwrap_or(i32::MIN))
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(chance)),
            Kind::Uint32 | Kind::Fixed32 => {
                Value::U32(u32::try_from(number(chance)).unwrap_or(u32::MAX))
            }
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number(chance).unsigned_abs()),
            Kind::Bool => Value::Bool(chance.random()),
            Kind::String => Value::String(self.word(chance)),
            Kind::Bytes => Value::Bytes(match chance.random_range(0..3) {
                0 => Bytes::from(vec![7; 32]),
                _ => noise(chance, 70),
            }),
            Kind::Enum(_) => {
                Value::EnumNumber([0, 1, 1, 2, 3, 4, 99, -1, i32::MAX][chance.random_range(0..9)])
            }
            Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
                Value::Message(instant(&message, chance))
            }
            Kind::Message(message) => Value::Message(self.message(&message, chance, depth + 1)),
        }
    }

    fn word(&self, chance: &mut ChaCha8Rng) -> String {
        match chance.random_range(0..12) {
            0 => (0..chance.random_range(0..40))
                .map(|_| chance.random::<char>())
                .collect(),
            _ => self.words[chance.random_range(0..self.words.len())].clone(),
        }
    }
}

fn number(chance: &mut ChaCha8Rng) -> i64 {
    let edges = [
        0,
        1,
        1,
        2,
        7,
        50,
        480,
        1_000,
        1_001,
        10_001,
        86_400,
        1_000_000_000_001,
        -1,
        i64::from(i32::MAX),
        i64::from(i32::MIN),
        i64::MAX,
        i64::MIN,
    ];
    edges[chance.random_range(0..edges.len())]
}

fn instant(descriptor: &MessageDescriptor, chance: &mut ChaCha8Rng) -> DynamicMessage {
    let seconds = [
        0,
        1_704_164_400,
        1_735_689_599,
        253_402_300_799,
        253_402_300_800,
        -62_135_596_800,
        -62_135_596_801,
        -377_705_023_201,
        i64::MAX,
        i64::MIN,
    ];
    let nanos = [0, 0, 1, 999_999_999, 1_000_000_000, -1, i32::MAX, i32::MIN];
    let mut message = DynamicMessage::new(descriptor.clone());
    let seconds = seconds[chance.random_range(0..seconds.len())];
    message.set_field_by_name("seconds", Value::I64(seconds));
    message.set_field_by_name(
        "nanos",
        Value::I32(nanos[chance.random_range(0..nanos.len())]),
    );
    message
}

fn noise(chance: &mut ChaCha8Rng, longest: usize) -> Bytes {
    let mut bytes = vec![0; chance.random_range(0..longest)];
    chance.fill_bytes(&mut bytes);
    bytes.into()
}
