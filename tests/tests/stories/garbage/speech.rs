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

use super::prepared::Known;

/// Messages in messages: deeper than any contract goes.
const DEPTH: u32 = 5;

/// Words that mean something to the province, among others that mean nothing.
pub(super) struct Speech {
    words: Vec<String>,
    known: Known,
}

/// How a request is made.
#[derive(Debug, Clone, Copy)]
enum Tone {
    /// Of anything.
    Wild,
    /// Of what exists.
    Fitting,
}

impl Tone {
    /// How often a field is left out. A command that says when and who is more often refused for that than for its
    /// content, and so is a question that waits for a position or goes on from a page.
    fn leaves_out(self, field: &str) -> f64 {
        match (self, field) {
            (Self::Wild, "context") => 0.6,
            (Self::Wild, _) => 0.2,
            (Self::Fitting, "context" | "at_least" | "page_token") => 0.95,
            (Self::Fitting, _) => 0.1,
        }
    }
}

impl Speech {
    pub(super) async fn of(services: &Services, mut known: Known) -> Self {
        let request = ListDossiersRequest {
            page_size: 20,
            ..Default::default()
        };
        let dossiers = services.dossiers.clone().list_dossiers(request).await;
        let dossiers = dossiers.expect("dossiers").into_inner().dossiers;
        let mut words: Vec<String> = dossiers.into_iter().map(|dossier| dossier.code).collect();
        known.words.insert("dossiers.code", words.clone());
        let others = [
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
        words.extend(others.map(str::to_owned));
        for length in [64, 65, 200, 201, 1_000, 1_001, 70_000] {
            words.push("x".repeat(length));
        }
        Self { words, known }
    }

    /// The messages of one request: one, or a few for a stream of them. Half of the requests are made of what exists and
    /// fits as far as it is known, so that they come far; the others of anything.
    pub(super) fn request(&self, rpc: &MethodDescriptor, chance: &mut ChaCha8Rng) -> Vec<Bytes> {
        let tone = match chance.random() {
            true => Tone::Fitting,
            false => Tone::Wild,
        };
        let count = match (rpc.is_client_streaming(), tone) {
            (true, Tone::Wild) => chance.random_range(0..4),
            (true, Tone::Fitting) => 2,
            (false, _) => 1,
        };
        let message = |_| match (tone, chance.random_range(0..10)) {
            (Tone::Wild, 0) => noise(chance, 300),
            (_, 1) => self.damaged(&rpc.input(), tone, chance),
            _ => self
                .message(&rpc.input(), tone, chance, 0)
                .encode_to_vec()
                .into(),
        };
        (0..count).map(message).collect()
    }

    /// A sound message with a byte changed, or its end missing.
    fn damaged(
        &self,
        descriptor: &MessageDescriptor,
        tone: Tone,
        chance: &mut ChaCha8Rng,
    ) -> Bytes {
        let mut encoded = self.message(descriptor, tone, chance, 0).encode_to_vec();
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
        tone: Tone,
        chance: &mut ChaCha8Rng,
        depth: u32,
    ) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            if depth >= DEPTH || chance.random_bool(tone.leaves_out(field.name())) {
                continue;
            }
            let value = if field.is_map() {
                Value::Map([(MapKey::String(self.word(chance)), Value::I32(0))].into())
            } else if field.is_list() {
                let length = match tone {
                    Tone::Wild => [0, 1, 1, 2, 5][chance.random_range(0..5)],
                    Tone::Fitting => 1,
                };
                let items = (0..length).map(|_| self.value(&field, tone, chance, depth));
                Value::List(items.collect())
            } else {
                self.value(&field, tone, chance, depth)
            };
            message.set_field(&field, value);
        }
        message
    }

    fn value(
        &self,
        field: &FieldDescriptor,
        tone: Tone,
        chance: &mut ChaCha8Rng,
        depth: u32,
    ) -> Value {
        let number = |chance: &mut ChaCha8Rng| match tone {
            Tone::Wild => number(chance),
            Tone::Fitting => chance.random_range(0..4),
        };
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
            Kind::String => Value::String(self.fit(field, tone, chance)),
            Kind::Bytes => Value::Bytes(match (tone, chance.random_range(0..3)) {
                (Tone::Fitting, 0 | 1) => Bytes::from(self.known.files[0].clone()),
                (_, 0) => Bytes::from(vec![7; 32]),
                _ => noise(chance, 70),
            }),
            Kind::Enum(_) => Value::EnumNumber(match tone {
                Tone::Wild => [0, 1, 1, 2, 3, 4, 99, -1, i32::MAX][chance.random_range(0..9)],
                Tone::Fitting => chance.random_range(1..5),
            }),
            Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
                Value::Message(instant(&message, tone, chance))
            }
            Kind::Message(message) => {
                Value::Message(self.message(&message, tone, chance, depth + 1))
            }
        }
    }

    /// A word that exists and fits the field, where there are such and they are wanted.
    fn fit(&self, field: &FieldDescriptor, tone: Tone, chance: &mut ChaCha8Rng) -> String {
        let message = field.parent_message();
        let contract = message.package_name().split('.').nth(1);
        let apart = format!("{}.{}", contract.unwrap_or_default(), field.name());
        let words = &self.known.words;
        let fitting = words
            .get(apart.as_str())
            .or_else(|| words.get(field.name()));
        match (tone, fitting) {
            (Tone::Fitting, Some(words)) => words[chance.random_range(0..words.len())].clone(),
            _ => self.word(chance),
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

fn instant(descriptor: &MessageDescriptor, tone: Tone, chance: &mut ChaCha8Rng) -> DynamicMessage {
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
    // The first ones are moments of this era.
    let (seconds, nanos) = match tone {
        Tone::Wild => (seconds.as_slice(), nanos.as_slice()),
        Tone::Fitting => (&seconds[..4], &nanos[..1]),
    };
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
