//! Files that show that claims are true: one unit's file, named by the SHA-256 of its content.

use decider::Decider;
use ids::{CampaignCode, LeafCode, UnitCode};
use jiff::Timestamp;

use crate::campaign::{Campaign, Phase};
use crate::person::Person;

/// What is kept of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// In bytes, at least 1.
    pub size: u64,
    /// Its media type, such as `application/pdf`.
    pub media_type: String,
}

/// What a file was uploaded for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The campaign.
    pub campaign: CampaignCode,
    /// The leaf, if for one.
    pub leaf: Option<LeafCode>,
    /// What the file was called.
    pub file_name: String,
    /// Who uploaded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A file of a unit. It is there for ever: claims rest on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceFile {
    content: Option<Content>,
    places: Vec<Place>,
}

/// That a file was uploaded and is kept: as a command, or as what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Whose file it is, the same in every command to a file.
    pub unit: UnitCode,
    /// Its content, with the same SHA-256 in every command to a file.
    pub content: Content,
    /// What it is for.
    pub place: Place,
}

/// A file refuses nothing: what may not be uploaded is refused before a byte of it is taken, by [`awaited`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Never {}

/// Why a campaign takes no files of a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAwaited {
    /// The unit takes no part.
    #[error("unit {0} takes no part in the campaign; read its participants")]
    NoPart(UnitCode),
    /// Somebody of another unit.
    #[error("only somebody of unit {0} may do this")]
    OtherUnit(UnitCode),
    /// What the units say of themselves is over and done with.
    #[error("the campaign is {0}; evidence is taken until the council approves")]
    Over(Phase),
}

/// Whether a campaign can still use a file of `unit` that `by` brings: until it is approved.
///
/// # Errors
/// Why not.
pub fn awaited(campaign: &Campaign, unit: &UnitCode, by: &Person) -> Result<(), NotAwaited> {
    if campaign.rules_of(unit).is_none() {
        return Err(NotAwaited::NoPart(unit.clone()));
    }
    if !by.is_of(unit) {
        return Err(NotAwaited::OtherUnit(unit.clone()));
    }
    match campaign.phase() {
        Phase::Absent | Phase::Planned | Phase::In(_) | Phase::Reviewed => Ok(()),
        over @ (Phase::Approved | Phase::Published) => Err(NotAwaited::Over(over)),
    }
}

impl EvidenceFile {
    /// What is kept; none before it was uploaded.
    pub fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// What it was uploaded for, oldest first.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whether it was uploaded for this campaign.
    pub fn is_for(&self, campaign: &CampaignCode) -> bool {
        self.places.iter().any(|place| place.campaign == *campaign)
    }
}

impl Decider for EvidenceFile {
    type Command = Stored;
    type Event = Stored;
    type Refusal = Never;

    fn decide(&self, command: Stored) -> Result<Vec<Stored>, Never> {
        let wanted = &command.place;
        let known = self
            .places
            .iter()
            .any(|place| (&place.campaign, &place.leaf) == (&wanted.campaign, &wanted.leaf));
        Ok(if known { vec![] } else { vec![command] })
    }

    fn evolve(&mut self, event: &Stored) {
        self.content.get_or_insert_with(|| event.content.clone());
        self.places.push(event.place.clone());
    }
}

#[cfg(test)]
mod tests {
    use decider::fold;

    use super::*;

    fn stored(campaign: &str, leaf: &str, file_name: &str) -> Stored {
        Stored {
            unit: "H40.02".parse().unwrap(),
            content: Content {
                sha256: [7; 32],
                size: 12,
                media_type: "application/pdf".to_owned(),
            },
            place: Place {
                campaign: campaign.parse().unwrap(),
                leaf: leaf.parse().ok(),
                file_name: file_name.to_owned(),
                by: "mai".to_owned(),
                at: Timestamp::UNIX_EPOCH,
            },
        }
    }

    #[test]
    fn the_same_file_for_the_same_leaf_is_stored_once_and_for_another_leaf_again() {
        let first = stored("par-2024", "1.1", "plan.pdf");
        let mut file: EvidenceFile = fold([&first]);
        assert_eq!(file.content(), Some(&first.content));
        let renamed = stored("par-2024", "1.1", "plan (1).pdf");
        assert_eq!(file.decide(renamed), Ok(vec![]));
        for (campaign, leaf) in [("par-2024", "1.2"), ("par-2024", ""), ("par-2025", "1.1")] {
            let other = stored(campaign, leaf, "plan.pdf");
            assert_eq!(file.decide(other.clone()), Ok(vec![other.clone()]));
            file.evolve(&other);
        }
        assert_eq!(file.places().len(), 4);
        assert!(file.is_for(&"par-2025".parse().unwrap()));
        assert!(!file.is_for(&"par-2023".parse().unwrap()));
    }
}
