//! What is known of every method: its name for metrics, and how it may last.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost_reflect::{DescriptorPool, MethodDescriptor};

/// How a call of a method runs and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One message each way.
    Unary,
    /// A stream with an end of its own.
    Finite,
    /// A stream that ends when somebody ends it.
    Watch,
    /// Answered always, also when the server is full.
    Health,
}

impl Kind {
    fn of(method: &MethodDescriptor) -> Self {
        let name = method.name();
        let endless = name.starts_with("Watch")
            || name.starts_with("Subscribe")
            || method.is_client_streaming() && method.is_server_streaming();
        match (method.is_client_streaming(), method.is_server_streaming()) {
            (false, false) if method.parent_service().full_name() == "grpc.health.v1.Health" => {
                Self::Health
            }
            (false, false) => Self::Unary,
            (_, true) if endless => Self::Watch,
            _ => Self::Finite,
        }
    }
}

/// The methods of a server by path.
#[derive(Debug)]
pub(super) struct Methods {
    by_path: BTreeMap<String, Method>,
    unknown: Method,
}

/// One method.
#[derive(Clone, Debug)]
pub(super) struct Method {
    /// `package.Service/Method`; `unknown` for every path that is no method, as callers must not be
    /// able to make metrics.
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
}

impl Methods {
    pub(super) fn read(pools: impl IntoIterator<Item = DescriptorPool>) -> Self {
        let mut by_path = BTreeMap::new();
        for pool in pools {
            for service in pool.services() {
                for method in service.methods() {
                    let name = format!("{}/{}", service.full_name(), method.name());
                    let known = Method {
                        name: name.as_str().into(),
                        kind: Kind::of(&method),
                    };
                    by_path.insert(format!("/{name}"), known);
                }
            }
        }
        Self {
            by_path,
            unknown: Method {
                name: "unknown".into(),
                kind: Kind::Unary,
            },
        }
    }

    pub(super) fn of(&self, path: &str) -> &Method {
        self.by_path.get(path).unwrap_or(&self.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_told_apart_by_their_descriptors() {
        let pools = [
            contracts::FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        ];
        let methods = Methods::read(pools.map(|pool| DescriptorPool::decode(pool).unwrap()));
        for (path, kind) in [
            ("/chiso.log.v1.LogService/GetHead", Kind::Unary),
            ("/chiso.log.v1.LogService/Read", Kind::Finite),
            ("/chiso.log.v1.LogService/Subscribe", Kind::Watch),
            ("/grpc.health.v1.Health/Check", Kind::Health),
            ("/grpc.health.v1.Health/Watch", Kind::Watch),
            (
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                Kind::Watch,
            ),
            ("/no.such/Method", Kind::Unary),
        ] {
            assert_eq!(methods.of(path).kind, kind, "{path}");
        }
        assert_eq!(&*methods.of("/no.such/Method").name, "unknown");
    }
}
