//! Stored events are for ever: one encoded example of every type, pinned byte by byte.
//!
//! `golden/<type>.v1.json` says the example, `golden/<type>.v1.hex` how it was stored when the type was released.
//! `CHISO_GOLDEN=1 cargo test -p system-tests --test golden` writes what is missing, and never what is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use contracts::json::{descriptors, from_json, to_json};
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

const INSTRUCTIONS: &str = "events that are stored are never rewritten: take the change back, or add a new field or a \
    new event type instead; if it is a type that was never released, delete both of its files and run \
    `CHISO_GOLDEN=1 cargo test -p system-tests --test golden`";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Every event: the messages of the files called `events.proto` or `…_events.proto` that are not part of another message
/// there.
fn events() -> Vec<MessageDescriptor> {
    let files = descriptors().files().filter(|file| {
        file.name().ends_with("/events.proto") || file.name().ends_with("_events.proto")
    });
    let messages: Vec<_> = files
        .flat_map(|file| file.messages().collect::<Vec<_>>())
        .collect();
    let parts: BTreeSet<String> = messages
        .iter()
        .flat_map(MessageDescriptor::fields)
        .filter_map(|field| Some(field.kind().as_message()?.full_name().to_owned()))
        .collect();
    let whole = |message: &MessageDescriptor| !parts.contains(message.full_name());
    messages.into_iter().filter(whole).collect()
}

/// Where an event's example is: `dossiers.DossierReceived.v1.json`.
fn file(event: &MessageDescriptor, extension: &str) -> PathBuf {
    let package = event.parent_file().package_name().to_owned();
    let service = package
        .split('.')
        .nth(1)
        .expect("chiso.<service>.v1")
        .to_owned();
    folder().join(format!("{service}.{}.v1.{extension}", event.name()))
}

/// A message with every field set, to values that are the same every time.
fn example(descriptor: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    if descriptor.full_name() == "google.protobuf.Timestamp" {
        message.set_field_by_name("seconds", Value::I64(1_718_000_000));
        message.set_field_by_name("nanos", Value::I32(123_456_000));
        return message;
    }
    for field in descriptor.fields() {
        let chosen = field
            .containing_oneof()
            .is_some_and(|oneof| oneof.fields().next().is_some_and(|first| first != field));
        if chosen {
            continue;
        }
        let value = value(&field);
        let value = if field.is_list() {
            Value::List(vec![value.clone(), value])
        } else {
            value
        };
        message.set_field(&field, value);
    }
    message
}

fn value(field: &FieldDescriptor) -> Value {
    let number = field.number();
    match field.kind() {
        Kind::Int32 => Value::I32(i32::try_from(number).expect("small")),
        Kind::Int64 => Value::I64(i64::from(number) << 33),
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String(format!("{} Sở {number}", field.name())),
        Kind::Bytes => Value::Bytes(vec![u8::try_from(number).expect("small"); 32].into()),
        Kind::Enum(values) => Value::EnumNumber(values.values().last().expect("a value").number()),
        Kind::Message(message) => Value::Message(example(&message)),
        other => panic!("{}: events have no {other:?}", field.full_name()),
    }
}

fn pretty(event: &MessageDescriptor, encoded: &[u8]) -> String {
    let json = to_json(event.full_name(), encoded).expect("JSON");
    format!("{}\n", serde_json::to_string_pretty(&json).expect("text"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "tells a check from a writing of what is missing"
)]
fn writing() -> bool {
    std::env::var("CHISO_GOLDEN").is_ok_and(|value| value == "1")
}

#[test]
fn every_event_is_stored_as_it_was_when_it_was_released() {
    let (mut faults, mut pinned) = (Vec::new(), BTreeSet::new());
    for event in events() {
        let (json, hex) = (file(&event, "json"), file(&event, "hex"));
        pinned.extend([json.clone(), hex.clone()]);
        if writing() && !json.exists() && !hex.exists() {
            let encoded = example(&event).encode_to_vec();
            std::fs::write(&json, pretty(&event, &encoded)).expect("written");
            std::fs::write(&hex, hex::encode(&encoded) + "\n").expect("written");
        }
        if let Err(fault) = check(&event, &json, &hex) {
            faults.push(format!("{}: {fault}", event.full_name()));
        }
    }
    for entry in std::fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("a file").path();
        if !pinned.contains(&path) {
            faults.push(format!(
                "{}: no contract has this event any more",
                path.display()
            ));
        }
    }
    assert!(faults.is_empty(), "{}\n{INSTRUCTIONS}", faults.join("\n"));
}

fn check(event: &MessageDescriptor, json: &Path, hex: &Path) -> Result<(), String> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (json, stored) = (read(json)?, read(hex)?);
    let stored = hex::decode(stored.trim()).map_err(|error| error.to_string())?;
    let decoded = DynamicMessage::decode(event.clone(), stored.as_slice());
    let decoded = decoded.map_err(|error| format!("cannot be read any more: {error}"))?;
    if decoded.unknown_fields().next().is_some() {
        return Err("has lost a field".to_owned());
    }
    if pretty(event, &stored) != json {
        return Err("reads as something else than it said".to_owned());
    }
    let said = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let encoded = from_json(event.full_name(), &said).map_err(|error| error.to_string())?;
    if encoded != stored {
        return Err("would be stored otherwise today".to_owned());
    }
    Ok(())
}

/// A type that nobody pinned could change without anybody seeing it.
#[test]
fn events_are_found() {
    let names: Vec<_> = events()
        .iter()
        .map(|event| event.full_name().to_owned())
        .collect();
    for name in [
        "chiso.registry.v1.UnitFounded",
        "chiso.dossiers.v1.DossierReceived",
        "chiso.assessments.v1.DefinitionPutInForce",
        "chiso.assessments.v1.LeafClaimed",
        "chiso.scoring.v1.LeavesScored",
        "chiso.projection.v1.IndexChanged",
    ] {
        assert!(
            names.iter().any(|it| it == name),
            "{name} is not among {names:?}"
        );
    }
    assert!(
        !names
            .iter()
            .any(|it| it == "chiso.projection.v1.LeafChange"),
        "it is a part"
    );
}
