//! What events make of a sheet.

use ids::LeafCode;

use super::{
    Change, Claim, Claimed, Decision, Entry, Event, Fact, Mark, Note, NoteKind, Round, Sheet,
};

/// What stands where there was nothing.
const NOTHING: &str = "nothing";

impl Sheet {
    pub(super) fn fold(&mut self, event: &Event) {
        match &event.fact {
            Fact::Claimed { leaf, claim } => self.fold_claim(event, leaf, claim),
            Fact::Submitted => self.submitted = Some((event.at, event.by.clone())),
            Fact::Appraised {
                leaf,
                round,
                mark,
                reason,
                ..
            } => {
                let decision = event.decision(*mark, reason);
                let entry = self.entries.entry(leaf.clone()).or_default();
                let (what, place) = match round {
                    Round::First => ("first appraisal", &mut entry.first),
                    Round::Second => ("second appraisal", &mut entry.second),
                };
                let before = place.replace(decision);
                let (from, to) = (described(before.as_ref()), mark.to_string());
                entry.changes.push(event.change(what, from, to));
            }
            Fact::Asked { leaf, question } => {
                self.note(leaf, event.note(NoteKind::Question, question));
            }
            Fact::Explained {
                leaf,
                text,
                evidence,
            } => {
                let note = Note {
                    evidence: evidence.clone(),
                    ..event.note(NoteKind::Explanation, text)
                };
                self.note(leaf, note);
            }
            Fact::Contested {
                leaf,
                wanted,
                reason,
            } => {
                let note = Note {
                    wanted: *wanted,
                    ..event.note(NoteKind::Contest, reason)
                };
                self.note(leaf, note);
            }
            Fact::Remarked { leaf, mark, remark } => {
                self.note(leaf, event.note(NoteKind::Remark, remark));
                if let Some(mark) = mark {
                    let decision = event.decision(*mark, remark);
                    let entry = self.entries.entry(leaf.clone()).or_default();
                    entry.council = Some(decision);
                }
            }
        }
    }

    /// A leaf that is claimed anew is appraised anew: what was decided before was about another claim.
    fn fold_claim(&mut self, event: &Event, leaf: &LeafCode, claim: &Claim) {
        let entry = self.entries.entry(leaf.clone()).or_default();
        let claimed = Claimed {
            claim: claim.clone(),
            by: event.by.clone(),
            at: event.at,
        };
        let before = entry.claimed.replace(claimed);
        let from = before.map_or_else(|| NOTHING.to_owned(), |claimed| claimed.claim.summary());
        let change = event.change("claim", from, claim.summary());
        entry.changes.push(change);
        (entry.first, entry.second) = (None, None);
    }

    fn note(&mut self, leaf: &LeafCode, note: Note) {
        let entry: &mut Entry = self.entries.entry(leaf.clone()).or_default();
        let mut alike = entry.notes.iter().rev().filter(|it| it.kind == note.kind);
        let from = alike
            .next()
            .map_or_else(|| NOTHING.to_owned(), |before| before.text.clone());
        entry.changes.push(Change {
            by: note.by.clone(),
            at: note.at,
            what: match note.kind {
                NoteKind::Question => "question",
                NoteKind::Explanation => "explanation",
                NoteKind::Contest => "contest",
                NoteKind::Remark => "remark",
            },
            from,
            to: note.text.clone(),
        });
        entry.notes.push(note);
    }
}

impl Event {
    fn note(&self, kind: NoteKind, text: &str) -> Note {
        Note {
            kind,
            text: text.to_owned(),
            evidence: Vec::new(),
            wanted: None,
            by: self.by.clone(),
            at: self.at,
        }
    }

    fn decision(&self, mark: Mark, reason: &str) -> Decision {
        Decision {
            mark,
            reason: reason.to_owned(),
            by: self.by.clone(),
            at: self.at,
        }
    }

    fn change(&self, what: &'static str, from: String, to: String) -> Change {
        Change {
            by: self.by.clone(),
            at: self.at,
            what,
            from,
            to,
        }
    }
}

impl Claim {
    /// In a line, for whoever wants to know what changed.
    fn summary(&self) -> String {
        let mark = self
            .mark
            .map_or_else(|| "no points yet".to_owned(), |mark| mark.to_string());
        format!("{mark} (evidence: {})", self.evidence.len())
    }
}

fn described(decision: Option<&Decision>) -> String {
    decision.map_or_else(|| NOTHING.to_owned(), |decision| decision.mark.to_string())
}
