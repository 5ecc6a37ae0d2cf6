//! What is asked of a leaf.

use assessment::sheet::{Action, Evidence, Mark, Verdict};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use ids::MeasureName;
use index::Inputs;

use super::{Faults, NAME_MAX, Place, TEXT_MAX, TITLE_MAX, place, seen, some_words, words};
use crate::campaigns::terms::{self, Why};

/// Most figures or items of evidence of a leaf: several times what real sets ask for.
const ITEMS_MAX: usize = 50;

/// Figures with a value each: nobody declares that one is withheld.
fn valued(figures: Inputs) -> Result<Inputs, Why> {
    let withheld = figures.withheld().next();
    match withheld.map(|(name, _)| format!("{name:?} has no value")) {
        None => Ok(figures),
        Some(why) => Err(why),
    }
}

/// A claim.
pub(in crate::campaigns) fn claim(
    request: &pb::ClaimLeafRequest,
) -> Result<(Place, Action), Problem> {
    let mut faults = Faults::default();
    let place = place(&mut faults, &request.campaign, &request.unit);
    let seen = seen(&mut faults, &request.leaf, request.leaf_version);
    let figures = few(&request.figures)
        .and_then(|figures| terms::figures(figures, terms::decimal))
        .and_then(valued)
        .and_then(named_as_inputs);
    let figures = faults.take("figures", figures);
    let claimed = faults.take("claimed", terms::mark(request.claimed.as_ref()));
    let explanation = faults.take("explanation", words(&request.explanation, TEXT_MAX));
    let evidence = faults.take("evidence", evidence(&request.evidence));
    let whole = (|| {
        let (leaf, expected) = seen?;
        let action = Action::Claim {
            leaf,
            expected,
            figures: figures?,
            claimed: claimed?,
            explanation: explanation?,
            evidence: evidence?,
        };
        Some((place?, action))
    })();
    faults.or(whole)
}

/// What an appraiser says.
pub(in crate::campaigns) fn appraisal(
    request: &pb::AppraiseLeafRequest,
) -> Result<(Place, Action), Problem> {
    let mut faults = Faults::default();
    let place = place(&mut faults, &request.campaign, &request.unit);
    let seen = seen(&mut faults, &request.leaf, request.leaf_version);
    let mark = faults.take("mark", terms::mark(request.mark.as_ref()));
    let text = faults.take("text", words(&request.text, TEXT_MAX));
    let verdict = verdict(request, mark.flatten(), text.unwrap_or_default());
    let verdict = match verdict {
        Ok(verdict) => Some(verdict),
        Err((field, why)) => faults.take(field, Err(why)),
    };
    let whole = (|| {
        let (leaf, expected) = seen?;
        let action = Action::Appraise {
            leaf,
            expected,
            verdict: verdict?,
        };
        Some((place?, action))
    })();
    faults.or(whole)
}

fn verdict(
    request: &pb::AppraiseLeafRequest,
    mark: Option<Mark>,
    text: String,
) -> Result<Verdict, (&'static str, Why)> {
    let only = |verdict| match (&mark, text.as_str()) {
        (None, "") => Ok(verdict),
        (Some(_), _) => Err(("mark", "is for a change only".to_owned())),
        (None, _) => Err(("text", "is for a change or a question only".to_owned())),
    };
    match pb::AppraisalVerdict::try_from(request.verdict) {
        Ok(pb::AppraisalVerdict::Accept) => only(Verdict::Accept),
        Ok(pb::AppraisalVerdict::Keep) => only(Verdict::Keep),
        Ok(pb::AppraisalVerdict::Change | pb::AppraisalVerdict::Ask) if text.is_empty() => {
            Err(("text", "is empty; say why, or what is asked".to_owned()))
        }
        Ok(pb::AppraisalVerdict::Change) => match mark {
            Some(mark) => Ok(Verdict::Change { mark, reason: text }),
            None => Err(("mark", "is empty; say the value".to_owned())),
        },
        Ok(pb::AppraisalVerdict::Ask) if mark.is_some() => {
            Err(("mark", "is for a change only".to_owned()))
        }
        Ok(pb::AppraisalVerdict::Ask) => Ok(Verdict::Ask { question: text }),
        Ok(pb::AppraisalVerdict::Unspecified) | Err(_) => {
            Err(("verdict", "is no verdict; name one".to_owned()))
        }
    }
}

/// Whose sheet.
pub(in crate::campaigns) fn place_of(campaign: &str, unit: &str) -> Result<Place, Problem> {
    let mut faults = Faults::default();
    let place = place(&mut faults, campaign, unit);
    faults.or(place)
}

/// An explanation.
pub(in crate::campaigns) fn explanation(
    request: &pb::ExplainLeafRequest,
) -> Result<(Place, Action), Problem> {
    let mut faults = Faults::default();
    let place = place(&mut faults, &request.campaign, &request.unit);
    let seen = seen(&mut faults, &request.leaf, request.leaf_version);
    let text = faults.take("text", some_words(&request.text, TEXT_MAX));
    let evidence = faults.take("evidence", evidence(&request.evidence));
    let whole = (|| {
        let (leaf, expected) = seen?;
        let action = Action::Explain {
            leaf,
            expected,
            text: text?,
            evidence: evidence?,
        };
        Some((place?, action))
    })();
    faults.or(whole)
}

/// A contest.
pub(in crate::campaigns) fn contest(
    request: &pb::ContestLeafRequest,
) -> Result<(Place, Action), Problem> {
    let mut faults = Faults::default();
    let place = place(&mut faults, &request.campaign, &request.unit);
    let seen = seen(&mut faults, &request.leaf, request.leaf_version);
    let wanted = faults.take("wanted", terms::mark(request.wanted.as_ref()));
    let reason = faults.take("reason", some_words(&request.reason, TEXT_MAX));
    let whole = (|| {
        let (leaf, expected) = seen?;
        let action = Action::Contest {
            leaf,
            expected,
            wanted: wanted?,
            reason: reason?,
        };
        Some((place?, action))
    })();
    faults.or(whole)
}

/// A remark of the council.
pub(in crate::campaigns) fn remark(
    request: &pb::RemarkOnLeafRequest,
) -> Result<(Place, Action), Problem> {
    let mut faults = Faults::default();
    let place = place(&mut faults, &request.campaign, &request.unit);
    let seen = seen(&mut faults, &request.leaf, request.leaf_version);
    let mark = faults.take("mark", terms::mark(request.mark.as_ref()));
    let remark = faults.take("remark", some_words(&request.remark, TEXT_MAX));
    let whole = (|| {
        let (leaf, expected) = seen?;
        let action = Action::Remark {
            leaf,
            expected,
            mark: mark?,
            remark: remark?,
        };
        Some((place?, action))
    })();
    faults.or(whole)
}

/// Figures that some definition could name.
fn named_as_inputs(figures: Inputs) -> Result<Inputs, Why> {
    for (name, _) in figures.iter() {
        name.parse::<MeasureName>()
            .map_err(|error| error.to_string())?;
    }
    Ok(figures)
}

fn few<T>(items: &[T]) -> Result<&[T], Why> {
    if items.len() > ITEMS_MAX {
        return Err(format!(
            "has {} items; give at most {ITEMS_MAX}",
            items.len()
        ));
    }
    Ok(items)
}

/// Items of evidence.
pub(crate) fn evidence(items: &[pb::Evidence]) -> Result<Vec<Evidence>, Why> {
    let sound = |item: &pb::Evidence| {
        let read = terms::evidence(item)?;
        let named =
            |field: &str, read: Result<String, Why>| read.map_err(|why| format!("{field} {why}"));
        Ok(Evidence {
            title: named("title", some_words(&item.title, TITLE_MAX))?,
            number: named("number", words(&item.number, NAME_MAX))?,
            issuer: named("issuer", words(&item.issuer, TITLE_MAX))?,
            item: named("item", words(&item.item, NAME_MAX))?,
            page: named("page", words(&item.page, NAME_MAX))?,
            ..read
        })
    };
    few(items)?.iter().map(sound).collect()
}
