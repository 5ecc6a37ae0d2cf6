//! What makes a publication provable.

use assessment::campaign::{Basis, Fact, FiguresBasis, Seal};
use contracts::assessments::v1 as pb;

use crate::campaigns::terms::{Why, outcome, outcome_to_wire};

/// The event of a publication.
pub(super) fn to_wire(document: &str, seal: Option<&Seal>) -> pb::CampaignPublished {
    let document = document.to_owned();
    let Some(seal) = seal else {
        return pb::CampaignPublished {
            document,
            ..pb::CampaignPublished::default()
        };
    };
    pb::CampaignPublished {
        document,
        number: number_to_wire(Some(seal.number)),
        corrects: number_to_wire(seal.corrects),
        reason: seal.reason.clone(),
        rests_on: seal.rests_on.iter().map(basis_to_wire).collect(),
        sha256: seal.sha256.to_vec(),
        signature: seal.signature.to_vec(),
        public_key: seal.public_key.to_vec(),
        outcomes: seal.outcomes.iter().map(outcome_to_wire).collect(),
        counted_on: seal.counted_on.as_ref().map(figures_basis_to_wire),
    }
}

/// The event of a publication as it was stored.
pub(super) fn read(it: pb::CampaignPublished) -> Result<Fact, Why> {
    let Some(number) = number(it.number)? else {
        let (document, seal) = (it.document, None);
        return Ok(Fact::Published { document, seal });
    };
    let rests_on = it.rests_on.into_iter().map(basis);
    let counted_on = it.counted_on.map(|it| {
        let logs = it.logs.into_iter().map(basis);
        Ok::<_, Why>(FiguresBasis {
            logs: logs.collect::<Result<_, Why>>()?,
            utc_offset_minutes: it.utc_offset_minutes,
        })
    });
    let seal = Seal {
        number,
        corrects: self::number(it.corrects)?,
        reason: it.reason,
        rests_on: rests_on.collect::<Result<_, Why>>()?,
        counted_on: counted_on.transpose()?,
        sha256: bytes(&it.sha256, "a SHA-256")?,
        signature: bytes(&it.signature, "a signature")?,
        public_key: bytes(&it.public_key, "a key")?,
        outcomes: it
            .outcomes
            .iter()
            .map(outcome)
            .collect::<Result<_, Why>>()?,
    };
    Ok(Fact::Published {
        document: it.document,
        seal: Some(Box::new(seal)),
    })
}

/// A position that a publication rests on, for the wire.
pub(crate) fn basis_to_wire(basis: &Basis) -> pb::LogBasis {
    pb::LogBasis {
        log: basis.log.clone(),
        epoch: basis.epoch.clone(),
        position: basis.position,
        hash: basis.hash.to_vec(),
    }
}

/// What frozen figures were counted from, for the wire.
pub(crate) fn figures_basis_to_wire(basis: &FiguresBasis) -> pb::FiguresBasis {
    pb::FiguresBasis {
        logs: basis.logs.iter().map(basis_to_wire).collect(),
        utc_offset_minutes: basis.utc_offset_minutes,
    }
}

fn basis(basis: pb::LogBasis) -> Result<Basis, Why> {
    Ok(Basis {
        log: basis.log,
        epoch: basis.epoch,
        position: basis.position,
        hash: bytes(&basis.hash, "a hash")?,
    })
}

/// Number of a publication for the wire; 0 for none.
pub(crate) fn number_to_wire(number: Option<u32>) -> i32 {
    number.map_or(0, |number| i32::try_from(number).unwrap_or(i32::MAX))
}

fn number(number: i32) -> Result<Option<u32>, Why> {
    let number = u32::try_from(number).map_err(|_| format!("{number} is no number"))?;
    Ok((number > 0).then_some(number))
}

fn bytes<const N: usize>(bytes: &[u8], what: &str) -> Result<[u8; N], Why> {
    bytes
        .try_into()
        .map_err(|_| format!("{what} has {N} bytes, not {}", bytes.len()))
}
