//! What a hand-over asks for, checked, and by whom each dossier is taken.

use std::collections::{BTreeMap, BTreeSet};

use contracts::dossiers::v1 as pb;
use contracts::problem::Problem;
use ids::{DossierCode, ProcedureCode, UnitCode};
use jiff::Timestamp;

use crate::reference::Reference;
use crate::wire::fields::{self, REASON_MAX};

/// Dossiers of a batch when the caller does not say.
const BATCH_DEFAULT: usize = 500;
/// Most dossiers of a batch: one append, small enough that few of them move on while it is decided.
const BATCH_MAX: i32 = 1_000;
/// Most rules of a call.
const RULES_MAX: usize = 500;
/// Most codes of one kind in a rule.
const CODES_MAX: usize = 1_000;

/// A request with every field checked that can be checked without the registry.
#[derive(Debug)]
pub(crate) struct Wanted {
    unit: UnitCode,
    reason: String,
    to_unit: Option<UnitCode>,
    rules: Vec<Rule>,
    batch: usize,
}

#[derive(Debug)]
struct Rule {
    to_unit: UnitCode,
    procedures: Vec<ProcedureCode>,
    codes: Vec<DossierCode>,
}

/// What is to be done, with units by the codes that name them.
#[derive(Debug)]
pub(crate) struct Work {
    /// The unit that ended.
    pub(crate) unit: UnitCode,
    pub(crate) reason: String,
    /// Dossiers handed over at most.
    pub(crate) batch: usize,
    by_code: BTreeMap<String, UnitCode>,
    by_procedure: BTreeMap<String, UnitCode>,
    otherwise: Option<UnitCode>,
    successors: BTreeSet<UnitCode>,
}

impl Wanted {
    pub(crate) fn parse(request: pb::HandOverUnitRequest) -> Result<Self, Problem> {
        let unit = fields::code("unit", &request.unit)?;
        let reason = fields::needed("reason", request.reason, REASON_MAX)?;
        let to_unit = match request.to_unit.as_str() {
            "" => None,
            code => Some(fields::code("to_unit", code)?),
        };
        let batch = match request.batch_size {
            0 => BATCH_DEFAULT,
            size => fields::number("batch_size", size, 1, BATCH_MAX)?,
        };
        few("rules", request.rules.len(), RULES_MAX)?;
        let rules = request.rules.iter().map(Rule::parse);
        Ok(Self {
            unit,
            reason,
            to_unit,
            rules: rules.collect::<Result<_, _>>()?,
            batch,
        })
    }

    /// What follows with the registry, for a hand-over at `at`.
    ///
    /// # Errors
    /// A unit that has not ended by then, and a taker that does not exist then or is not a successor.
    pub(crate) fn look_up(self, reference: &Reference, at: Timestamp) -> Result<Work, Problem> {
        let (unit, successors) = reference.ended(&self.unit, at)?;
        let taker = |field, code: &UnitCode| {
            let taker = reference.unit(field, code, at)?;
            if successors.is_empty() || successors.contains(&taker) {
                return Ok(taker);
            }
            let names: Vec<&str> = successors.iter().map(UnitCode::as_str).collect();
            let message = format!(
                "{field}: {code} does not succeed {unit}; name one of {}",
                names.join(", ")
            );
            Err(Problem::refused("NOT_A_SUCCESSOR", message).with("unit", code.to_string()))
        };
        let (mut by_code, mut by_procedure) = (BTreeMap::new(), BTreeMap::new());
        for rule in &self.rules {
            let to_unit = taker("rules.to_unit", &rule.to_unit)?;
            for code in &rule.codes {
                by_code
                    .entry(code.to_string())
                    .or_insert_with(|| to_unit.clone());
            }
            for code in &rule.procedures {
                by_procedure
                    .entry(code.to_string())
                    .or_insert_with(|| to_unit.clone());
            }
        }
        let only = (successors.len() == 1)
            .then(|| successors.first().cloned())
            .flatten();
        let otherwise = match &self.to_unit {
            Some(code) => Some(taker("to_unit", code)?),
            None => only,
        };
        Ok(Work {
            unit,
            reason: self.reason,
            batch: self.batch,
            by_code,
            by_procedure,
            otherwise,
            successors,
        })
    }
}

impl Rule {
    fn parse(rule: &pb::HandOverRule) -> Result<Self, Problem> {
        few("rules.procedures", rule.procedures.len(), CODES_MAX)?;
        few("rules.codes", rule.codes.len(), CODES_MAX)?;
        let procedures = rule.procedures.iter();
        let codes = rule.codes.iter();
        Ok(Self {
            to_unit: fields::code("rules.to_unit", &rule.to_unit)?,
            procedures: procedures
                .map(|code| fields::code("rules.procedures", code))
                .collect::<Result<_, _>>()?,
            codes: codes
                .map(|code| fields::code("rules.codes", code))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Work {
    /// Who takes a dossier; nobody where no rule names it.
    pub(crate) fn successor(&self, code: &str, procedure: &str) -> Option<&UnitCode> {
        let listed = self.by_code.get(code);
        let listed = listed.or_else(|| self.by_procedure.get(procedure));
        listed.or(self.otherwise.as_ref())
    }

    /// Why nobody takes a dossier.
    pub(crate) fn why_nobody(&self) -> String {
        let names: Vec<&str> = self.successors.iter().map(UnitCode::as_str).collect();
        match names.as_slice() {
            [] => format!(
                "{} has no successor; say in to_unit who takes it",
                self.unit
            ),
            several => format!(
                "no rule says which of {} takes it; list its code or its procedure",
                several.join(", ")
            ),
        }
    }
}

fn few(field: &str, len: usize, max: usize) -> Result<(), Problem> {
    if len > max {
        let why = format!("has {len} entries and may have {max}; use more calls");
        return Err(Problem::invalid(field, why));
    }
    Ok(())
}
