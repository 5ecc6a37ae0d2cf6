//! What every command carries beside its content.

use contracts::log::v1 as pb;
use contracts::problem::Problem;
use contracts::wire;
use identity::Permit;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use prost::bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::event::{Hash, NewEvent, Version};

/// How far ahead of our clock a caller's may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Most characters in an actor or a unit.
const NAME_CHARS: usize = 100;

/// Who asks for a command, under which id, and on what conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The caller's id of the command, or one that was drawn for it.
    pub request_id: Uuid,
    /// Whether the caller chose the id. If not, no repeat can be recognised and no receipt is kept.
    pub repeatable: bool,
    /// Digest of the command's content, to tell a repeat from another command under the same id.
    pub request_hash: Hash,
    /// The command's name.
    pub method: &'static str,
    /// Decide and answer, but append nothing.
    pub validate_only: bool,
    /// The version that the stream must have, if the caller cares.
    pub expected_version: Option<Version>,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// When the command came in.
    pub received_at: Timestamp,
    /// Who acts.
    pub actor: String,
    /// Code of the acting unit; empty when none does.
    pub unit: String,
    /// The program that called; empty when it did not say.
    pub client: String,
    /// What the caller is, as its token says; empty when nobody was asked.
    pub roles: Vec<&'static str>,
    /// W3C trace context of the call; empty when there is none.
    pub traceparent: String,
    /// Request id of the command at the start of the chain: its own, unless it follows from
    /// another.
    pub correlation_id: Uuid,
    /// The event that the command follows from, when a service gives the command itself.
    pub causation: Option<pb::Cause>,
}

impl Context {
    /// Checks a request's context.
    ///
    /// `request` is the request with its context taken out: what is left is its content. `now` is
    /// when it came in and `fresh_id` stands in for a request id that the caller left out.
    ///
    /// # Errors
    /// Names every field that is malformed.
    pub fn parse(
        context: Option<pb::CommandContext>,
        method: &'static str,
        request: &impl Message,
        now: Timestamp,
        fresh_id: Uuid,
    ) -> Result<Self, Problem> {
        let context = context.unwrap_or_default();
        let mut problems = Problems(None);
        let request_id = problems.check("request_id", parse_id(&context.request_id));
        let occurred_at = problems.check("occurred_at", occurred(context.occurred_at, now));
        if context.expected_version.is_some_and(|version| version < 0) {
            problems.add("expected_version", "must not be negative");
        }
        for (field, name) in [("actor", &context.actor), ("unit", &context.unit)] {
            if name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
                problems.add(
                    field,
                    "must be at most 100 characters without control characters",
                );
            }
        }
        if let Some(problem) = problems.0 {
            return Err(problem);
        }
        let given = request_id.flatten();
        let request_id = given.unwrap_or(fresh_id);
        Ok(Self {
            request_id,
            repeatable: given.is_some(),
            request_hash: content_hash(method, &context, request),
            method,
            validate_only: context.validate_only,
            expected_version: context.expected_version,
            occurred_at: occurred_at.unwrap_or(now),
            received_at: now,
            actor: context.actor,
            unit: context.unit,
            client: String::new(),
            roles: Vec::new(),
            traceparent: String::new(),
            correlation_id: request_id,
            causation: None,
        })
    }

    /// The command as given by the caller that the server verified, if it asked who calls: the actor
    /// is whom the token names. A request id is the caller's own from here on, so that nobody is
    /// answered with what was answered to somebody else.
    ///
    /// # Errors
    /// When the request names another actor.
    pub fn by(mut self, permit: &Permit) -> Result<Self, Problem> {
        let Some(caller) = permit.caller() else {
            return Ok(self);
        };
        if !self.actor.is_empty() && self.actor != caller.subject {
            return Err(Problem::invalid(
                "context.actor",
                "is not whom the token names; leave it out, or act as yourself",
            ));
        }
        self.actor.clone_from(&caller.subject);
        self.client.clone_from(&caller.client);
        self.roles = caller.roles.iter().map(|role| role.as_str()).collect();
        let mut hash = Sha256::new();
        hash.update(self.request_hash);
        hash.update(&caller.subject);
        self.request_hash = hash.finalize().into();
        Ok(self)
    }

    /// The context of a command that the service gives itself: a timer, an import, a consumer.
    /// `request_id` must be the same whenever the same command is given again.
    pub fn internal(method: &'static str, actor: &str, request_id: Uuid, now: Timestamp) -> Self {
        Self {
            request_id,
            repeatable: true,
            request_hash: Sha256::digest(method).into(),
            method,
            validate_only: false,
            expected_version: None,
            occurred_at: now,
            received_at: now,
            actor: actor.to_owned(),
            unit: String::new(),
            client: String::new(),
            roles: Vec::new(),
            traceparent: String::new(),
            correlation_id: request_id,
            causation: None,
        }
    }

    /// An event of this command, the `index`th, counted from 0. Its id is a UUIDv7 that follows
    /// from the command alone, so that trying again makes the same event.
    pub fn event(&self, index: usize, kind: &'static str, payload: Bytes) -> NewEvent {
        let metadata = pb::Metadata {
            event_id: self.event_id(index).to_string(),
            actor: self.actor.clone(),
            unit: self.unit.clone(),
            client: self.client.clone(),
            request_id: self.request_id.to_string(),
            causation: self.causation.clone(),
            correlation_id: self.correlation_id.to_string(),
            traceparent: self.traceparent.clone(),
            occurred_at: Some(wire::timestamp(self.occurred_at)),
            roles: self.roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        NewEvent {
            kind,
            payload,
            metadata,
        }
    }

    fn event_id(&self, index: usize) -> Uuid {
        let mut seed = Sha256::new();
        seed.update(self.request_id);
        seed.update(self.request_hash);
        seed.update(index.to_be_bytes());
        let mut random = [0; 10];
        random.copy_from_slice(&seed.finalize()[..10]);
        let millis = u64::try_from(self.received_at.as_millisecond()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// Collects what is wrong with a context, so that the caller learns all of it at once.
struct Problems(Option<Problem>);

impl Problems {
    fn check<T>(&mut self, field: &str, checked: Result<T, &str>) -> Option<T> {
        checked.map_err(|why| self.add(field, why)).ok()
    }

    fn add(&mut self, field: &str, why: &str) {
        let field = format!("context.{field}");
        self.0 = Some(match self.0.take() {
            Some(problem) => problem.and(field, why),
            None => Problem::invalid(field, why),
        });
    }
}

fn parse_id(text: &str) -> Result<Option<Uuid>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    match Uuid::try_parse(text) {
        Ok(id) if !id.is_nil() => Ok(Some(id)),
        _ => Err("must be a UUID such as 018f4e1c-7b0a-7c3e-9d52-3f6a1b2c4d5e, or be left out"),
    }
}

fn occurred(at: Option<prost_types::Timestamp>, now: Timestamp) -> Result<Timestamp, &'static str> {
    let Some(at) = at else { return Ok(now) };
    let at = wire::instant(&at).ok_or("must be an instant of the years 1 to 9999")?;
    if at.duration_since(now) > AHEAD {
        return Err("must not be more than 5 minutes in the future");
    }
    Ok(at)
}

/// What makes two requests the same: everything but the id itself and whether it is meant.
fn content_hash(method: &str, context: &pb::CommandContext, request: &impl Message) -> Hash {
    let conditions = pb::CommandContext {
        request_id: String::new(),
        validate_only: false,
        ..context.clone()
    };
    let mut content = Sha256::new();
    for part in [method.as_bytes(), &conditions.encode_to_vec()] {
        content.update(part.len().to_be_bytes());
        content.update(part);
    }
    content.update(request.encode_to_vec());
    content.finalize().into()
}

#[cfg(test)]
mod tests {
    use identity::{Caller, Permit, Role};

    use super::*;

    fn given(actor: &str) -> Context {
        let context = pb::CommandContext {
            actor: actor.to_owned(),
            ..pb::CommandContext::default()
        };
        let content = pb::AtLeast::default();
        Context::parse(
            Some(context),
            "Add",
            &content,
            Timestamp::UNIX_EPOCH,
            Uuid::from_u128(7),
        )
        .unwrap()
    }

    fn permit(subject: &str) -> Permit {
        let caller = Caller {
            subject: subject.to_owned(),
            client: "desk".to_owned(),
            roles: [Role::Clerk, Role::Assessor].into(),
            units: [].into(),
        };
        Permit::decide("/chiso.dossiers.v1.DossiersService/GetDossier", &caller).unwrap()
    }

    #[test]
    fn the_actor_is_whom_the_token_names() {
        for actor in ["", "nv-017"] {
            let context = given(actor).by(&permit("nv-017")).unwrap();
            let metadata = context.event(0, "x", Bytes::new()).metadata;
            assert_eq!(metadata.actor, "nv-017");
            assert_eq!(metadata.client, "desk");
            assert_eq!(metadata.roles, ["clerk", "assessor"]);
        }
        let refused = given("nv-018").by(&permit("nv-017")).unwrap_err();
        assert_eq!(refused.violations()[0].0, "context.actor");
        let unasked = given("nv-018").by(&Permit::unasked()).unwrap();
        assert_eq!(unasked, given("nv-018"));
    }

    #[test]
    fn a_request_id_is_the_callers_own() {
        let hash = |subject| given("").by(&permit(subject)).unwrap().request_hash;
        assert_eq!(hash("nv-017"), hash("nv-017"));
        assert_ne!(hash("nv-017"), hash("nv-018"));
    }
}
