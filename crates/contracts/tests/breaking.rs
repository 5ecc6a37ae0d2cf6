//! The contracts still understand what was released, and what was released understands them.
//!
//! `released.bin` holds the descriptors of the last release. Fields, enum values, methods and
//! services may be added; what is there may not be removed, renumbered, retyped or renamed (the
//! JSON mapping is a contract too). `CHISO_RELEASE=1 cargo test -p contracts --test breaking`
//! makes the present descriptors the released ones.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    ServiceDescriptor,
};

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("released.bin")
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "a switch of this test, not a setting of a program"
)]
fn what_was_released_is_not_broken() {
    if std::env::var_os("CHISO_RELEASE").is_some() {
        fs::write(baseline(), contracts::FILE_DESCRIPTOR_SET).unwrap();
    }
    let released = fs::read(baseline()).unwrap();
    let released = DescriptorPool::decode(released.as_slice()).unwrap();
    let broken = broken(&released, contracts::json::descriptors());
    assert!(
        broken.is_empty(),
        "these changes break programs and events of the last release:\n  - {}\nadd beside what is \
         there instead (and reserve what is given up); only when nobody has the release any more: \
         CHISO_RELEASE=1 cargo test -p contracts --test breaking",
        broken.join("\n  - ")
    );
}

/// What of `old` is not in `new` any more, or is another thing there.
fn broken(old: &DescriptorPool, new: &DescriptorPool) -> Vec<String> {
    let mut broken = Vec::new();
    for message in old
        .all_messages()
        .filter(|message| ours(message.full_name()))
    {
        match new.get_message_by_name(message.full_name()) {
            Some(present) => fields(&message, &present, &mut broken),
            None => broken.push(format!("message {} is gone", message.full_name())),
        }
    }
    for values in old.all_enums().filter(|values| ours(values.full_name())) {
        match new.get_enum_by_name(values.full_name()) {
            Some(present) => enum_values(&values, &present, &mut broken),
            None => broken.push(format!("enum {} is gone", values.full_name())),
        }
    }
    for service in old.services().filter(|service| ours(service.full_name())) {
        match new.get_service_by_name(service.full_name()) {
            Some(present) => methods(&service, &present, &mut broken),
            None => broken.push(format!("service {} is gone", service.full_name())),
        }
    }
    broken
}

fn ours(name: &str) -> bool {
    name.starts_with("chiso.")
}

fn fields(old: &MessageDescriptor, new: &MessageDescriptor, broken: &mut Vec<String>) {
    for field in old.fields() {
        let name = field.full_name();
        match new.get_field(field.number()) {
            None => broken.push(format!("field {name} = {} is gone", field.number())),
            Some(present) if shape(&present) != shape(&field) => broken.push(format!(
                "field {name} = {} was {} and is {}",
                field.number(),
                shape(&field),
                shape(&present)
            )),
            Some(_) => {}
        }
    }
}

/// Everything about a field that its bytes or its JSON depend on.
fn shape(field: &FieldDescriptor) -> String {
    let repeated = match field.cardinality() {
        Cardinality::Repeated => "repeated ",
        Cardinality::Optional if field.supports_presence() => "optional ",
        Cardinality::Optional | Cardinality::Required => "",
    };
    let kind = match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(values) => values.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    };
    let oneof = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic());
    let oneof = oneof
        .map(|oneof| format!(" in oneof {}", oneof.name()))
        .unwrap_or_default();
    format!("{repeated}{kind} {:?}{oneof}", field.json_name())
}

fn enum_values(old: &EnumDescriptor, new: &EnumDescriptor, broken: &mut Vec<String>) {
    for value in old.values() {
        let present = new.get_value(value.number());
        if present
            .as_ref()
            .map(|present| present.name().to_owned())
            .as_deref()
            != Some(value.name())
        {
            broken.push(format!(
                "enum value {} = {} is gone or renamed",
                value.full_name(),
                value.number()
            ));
        }
    }
}

fn methods(old: &ServiceDescriptor, new: &ServiceDescriptor, broken: &mut Vec<String>) {
    for method in old.methods() {
        let present = new
            .methods()
            .find(|present| present.name() == method.name());
        let signature = |method: &prost_reflect::MethodDescriptor| {
            (
                method.is_client_streaming(),
                method.input().full_name().to_owned(),
                method.is_server_streaming(),
                method.output().full_name().to_owned(),
            )
        };
        match present {
            None => broken.push(format!("method {} is gone", method.full_name())),
            Some(present) if signature(&present) != signature(&method) => {
                broken.push(format!(
                    "method {} takes or answers another thing",
                    method.full_name()
                ));
            }
            Some(_) => {}
        }
    }
}

/// Compiles one file.
fn compiled(source: &str) -> DescriptorPool {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.proto"), source).unwrap();
    let set = protox::compile(["x.proto"], [folder.path()]).unwrap();
    DescriptorPool::from_file_descriptor_set(set).unwrap()
}

const RELEASED: &str = r#"syntax = "proto3"; package chiso.x.v1;
    message M { string a = 1; int64 b = 2; oneof o { bool c = 3; } repeated K k = 4; }
    enum K { K_UNSPECIFIED = 0; K_ONE = 1; }
    service S { rpc A(M) returns (M); rpc W(M) returns (stream M); }"#;

#[test]
fn additions_break_nothing() {
    let grown = RELEASED
        .replace("message M {", "message N {} message M { N d = 5;")
        .replace("K_ONE = 1;", "K_ONE = 1; K_TWO = 2;")
        .replace("rpc A", "rpc B(N) returns (N); rpc A");
    assert_eq!(
        broken(&compiled(RELEASED), &compiled(&grown)),
        Vec::<String>::new()
    );
}

#[test]
fn removals_and_changes_are_named() {
    for (from, to, complaint) in [
        ("string a = 1;", "", "field chiso.x.v1.M.a = 1 is gone"),
        (
            "string a = 1;",
            "string a = 9;",
            "field chiso.x.v1.M.a = 1 is gone",
        ),
        (
            "string a = 1;",
            "bytes a = 1;",
            "was string \"a\" and is bytes \"a\"",
        ),
        (
            "string a = 1;",
            "string z = 1;",
            "was string \"a\" and is string \"z\"",
        ),
        (
            "string a = 1;",
            "optional string a = 1;",
            "and is optional string",
        ),
        ("int64 b", "repeated int64 b", "and is repeated int64"),
        (
            "oneof o { bool c = 3; }",
            "optional bool c = 3;",
            "in oneof o and is",
        ),
        (
            "K_ONE = 1;",
            "",
            "enum value chiso.x.v1.K_ONE = 1 is gone or renamed",
        ),
        (
            "K_ONE = 1;",
            "K_UNO = 1;",
            "enum value chiso.x.v1.K_ONE = 1 is gone or renamed",
        ),
        ("rpc A(M) returns (M);", "", "method chiso.x.v1.S.A is gone"),
        (
            "returns (stream M)",
            "returns (M)",
            "method chiso.x.v1.S.W takes or answers",
        ),
        ("service S", "service T", "service chiso.x.v1.S is gone"),
    ] {
        let changed = RELEASED.replace(from, to);
        assert_ne!(changed, RELEASED);
        let broken = broken(&compiled(RELEASED), &compiled(&changed));
        assert!(
            broken.iter().any(|b| b.contains(complaint)),
            "{to:?}: {broken:?}"
        );
    }
}
