//! Events of a unit's sheet.

use assessment::Sheet;
use assessment::sheet::{Claim, Event, Evidence, Fact, Mark, Round};
use contracts::assessments::v1 as pb;
use eventlog::Recorded;
use eventlog::command::{Codec, DecodeError};
use ids::LeafCode;
use jiff::Timestamp;
use prost::bytes::Bytes;

use super::{envelope, invalid, message, stored};
use crate::campaigns::terms::{
    Why, evidence, evidence_to_wire, figures, figures_to_wire, mark_to_wire, stored_decimal,
    stored_mark,
};

/// Stores sheets.
pub(crate) struct SheetCodec;

impl Codec for SheetCodec {
    type Aggregate = Sheet;

    fn encode(event: &Event) -> (&'static str, Bytes) {
        encode(&event.fact)
    }

    /// Without its envelope an event has neither author nor moment; the log reads it with [`read`](Self::read).
    fn decode(kind: &str, payload: &[u8]) -> Result<Event, DecodeError> {
        Ok(Event {
            at: Timestamp::UNIX_EPOCH,
            by: String::new(),
            fact: decode(kind, payload)?,
        })
    }

    fn read(event: &Recorded) -> Result<Event, DecodeError> {
        let (by, at) = envelope(event);
        let fact = decode(&event.kind, &event.payload)?;
        Ok(Event { at, by, fact })
    }
}

fn encode(fact: &Fact) -> (&'static str, Bytes) {
    match fact {
        Fact::Claimed { leaf, claim } => stored!(LeafClaimed {
            leaf: leaf.to_string(),
            figures: figures_to_wire(&claim.figures),
            claimed: mark_to_wire(claim.mark),
            explanation: claim.explanation.clone(),
            evidence: evidence_to_wire(&claim.evidence),
            measured: mark_to_wire(claim.measured),
        }),
        Fact::Submitted => stored!(AssessmentSubmitted {}),
        Fact::Appraised {
            leaf,
            round,
            mark,
            accepted,
            reason,
        } => stored!(LeafAppraised {
            leaf: leaf.to_string(),
            round: match round {
                Round::First => 1,
                Round::Second => 2,
            },
            mark: mark_to_wire(Some(*mark)),
            accepted: *accepted,
            reason: reason.clone(),
        }),
        Fact::Asked { leaf, question } => stored!(LeafQuestioned {
            leaf: leaf.to_string(),
            question: question.clone(),
        }),
        Fact::Explained {
            leaf,
            text,
            evidence,
        } => stored!(LeafExplained {
            leaf: leaf.to_string(),
            text: text.clone(),
            evidence: evidence_to_wire(evidence),
        }),
        Fact::Contested {
            leaf,
            wanted,
            reason,
        } => stored!(LeafContested {
            leaf: leaf.to_string(),
            wanted: mark_to_wire(*wanted),
            reason: reason.clone(),
        }),
        Fact::Remarked { leaf, mark, remark } => stored!(LeafRemarked {
            leaf: leaf.to_string(),
            mark: mark_to_wire(*mark),
            remark: remark.clone(),
        }),
    }
}

fn decode(kind: &str, payload: &[u8]) -> Result<Fact, DecodeError> {
    let name = kind.strip_prefix("chiso.assessments.v1.").unwrap_or(kind);
    let fact = match name {
        "LeafClaimed" => claimed(message(kind, payload)?),
        "AssessmentSubmitted" => {
            message::<pb::AssessmentSubmitted>(kind, payload).map(|_| Ok(Fact::Submitted))?
        }
        "LeafAppraised" => appraised(message(kind, payload)?),
        "LeafQuestioned" => {
            let it: pb::LeafQuestioned = message(kind, payload)?;
            let question = it.question;
            leaf(&it.leaf).map(|leaf| Fact::Asked { leaf, question })
        }
        "LeafExplained" => explained(message(kind, payload)?),
        "LeafContested" => contested(message(kind, payload)?),
        "LeafRemarked" => remarked(message(kind, payload)?),
        _ => return Err(DecodeError::UnknownKind(kind.to_owned())),
    };
    fact.map_err(invalid(kind))
}

fn leaf(code: &str) -> Result<LeafCode, Why> {
    code.parse()
        .map_err(|error: ids::CodeError| error.to_string())
}

fn items(of: &[pb::Evidence]) -> Result<Vec<Evidence>, Why> {
    of.iter().map(evidence).collect()
}

fn claimed(it: pb::LeafClaimed) -> Result<Fact, Why> {
    Ok(Fact::Claimed {
        leaf: leaf(&it.leaf)?,
        claim: Claim {
            figures: figures(&it.figures, stored_decimal)?,
            mark: stored_mark(it.claimed.as_ref())?,
            explanation: it.explanation,
            evidence: items(&it.evidence)?,
            measured: stored_mark(it.measured.as_ref())?,
        },
    })
}

fn appraised(it: pb::LeafAppraised) -> Result<Fact, Why> {
    let round = match it.round {
        1 => Round::First,
        2 => Round::Second,
        other => return Err(format!("{other} is no round")),
    };
    let mark: Option<Mark> = stored_mark(it.mark.as_ref())?;
    Ok(Fact::Appraised {
        leaf: leaf(&it.leaf)?,
        round,
        mark: mark.ok_or_else(|| "has no value".to_owned())?,
        accepted: it.accepted,
        reason: it.reason,
    })
}

fn explained(it: pb::LeafExplained) -> Result<Fact, Why> {
    Ok(Fact::Explained {
        leaf: leaf(&it.leaf)?,
        text: it.text,
        evidence: items(&it.evidence)?,
    })
}

fn contested(it: pb::LeafContested) -> Result<Fact, Why> {
    Ok(Fact::Contested {
        leaf: leaf(&it.leaf)?,
        wanted: stored_mark(it.wanted.as_ref())?,
        reason: it.reason,
    })
}

fn remarked(it: pb::LeafRemarked) -> Result<Fact, Why> {
    Ok(Fact::Remarked {
        leaf: leaf(&it.leaf)?,
        mark: stored_mark(it.mark.as_ref())?,
        remark: it.remark,
    })
}
