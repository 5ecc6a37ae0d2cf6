//! The same of the survey that runs beside the campaign, whose stages are its own.

use cli::Services;
use contracts::assessments::v1 as pb;
use futures::stream;
use pb::CampaignStage as Stage;
use tonic::Status;

use super::super::cast::{Cast, Person, surveys};
use super::super::survey::{GROUP, SURVEYED, WAVE, ballot, instrument, wave};
use super::tried::validated;
use super::{Answer, Phase};

/// A step of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The edition that the wave uses, with another title.
    Put,
    /// The wave, with another title.
    Plan,
    Open,
    Close,
    Issue,
    /// A ballot under a token that nobody issued.
    Cast,
    /// A ballot of a group that is not asked.
    Import,
    Withhold,
    Release,
}

const STEPS: [Step; 9] = [
    Step::Put,
    Step::Plan,
    Step::Open,
    Step::Close,
    Step::Issue,
    Step::Cast,
    Step::Import,
    Step::Withhold,
    Step::Release,
];

/// Where the wave is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wave {
    Planned,
    Open,
    Counted,
}

impl Wave {
    /// It takes ballots during the self-assessment.
    fn of(phase: Phase) -> Self {
        match phase {
            Phase::Planned => Self::Planned,
            Phase::In(Stage::SelfAssessment) => Self::Open,
            Phase::In(_) | Phase::Reviewed | Phase::Approved | Phase::Published => Self::Counted,
        }
    }
}

impl Step {
    fn is_for(self, person: Person) -> bool {
        match self {
            Self::Put | Self::Plan | Self::Open | Self::Close | Self::Issue => {
                person == Person::Organiser
            }
            Self::Cast | Self::Import => {
                matches!(person, Person::Organiser | Person::Integrator)
            }
            Self::Withhold | Self::Release => person == Person::Council,
        }
    }

    fn answer(self, person: Person, wave: Wave) -> Answer {
        if !self.is_for(person) {
            return Answer::Denied;
        }
        let takes_ballots = |open| match wave {
            Wave::Planned => Answer::Refused("WAVE_NOT_OPEN"),
            Wave::Open => open,
            Wave::Counted => Answer::Refused("WAVE_CLOSED"),
        };
        match self {
            Self::Put => Answer::Refused("EDITION_IMMUTABLE"),
            Self::Plan => Answer::only(wave == Wave::Planned, "PLAN_FIXED"),
            Self::Open | Self::Issue => Answer::only(wave != Wave::Counted, "WAVE_CLOSED"),
            Self::Close => Answer::only(wave != Wave::Planned, "WAVE_NOT_OPEN"),
            Self::Cast => takes_ballots(Answer::Refused("INVALID_ARGUMENT")),
            // The row is refused by itself, and nothing else is in the call.
            Self::Import => takes_ballots(Answer::Done),
            Self::Withhold => Answer::Done,
            Self::Release => Answer::Refused("NOT_WITHHELD"),
        }
    }

    async fn tried(self, services: &Services) -> Result<(), Status> {
        let mut by = surveys(services);
        let (wave_code, reason) = (WAVE.to_owned(), "to see whether it is refused".to_owned());
        match self {
            Self::Put => {
                let mut request = instrument();
                request.context = validated();
                request.edition.as_mut().expect("an edition").title = reason;
                by.put_instrument(request).await.map(drop)
            }
            Self::Plan => {
                let request = pb::PlanWaveRequest {
                    context: validated(),
                    title: reason,
                    ..wave()
                };
                by.plan_wave(request).await.map(drop)
            }
            Self::Open => {
                let request = pb::OpenWaveRequest {
                    context: validated(),
                    wave: wave_code,
                };
                by.open_wave(request).await.map(drop)
            }
            Self::Close => {
                let request = pb::CloseWaveRequest {
                    context: validated(),
                    wave: wave_code,
                };
                by.close_wave(request).await.map(drop)
            }
            Self::Issue => {
                let request = pb::IssueTokensRequest {
                    context: validated(),
                    wave: wave_code,
                    unit: SURVEYED.to_owned(),
                    group: GROUP.to_owned(),
                    count: 1,
                };
                by.issue_tokens(request).await.map(drop)
            }
            Self::Cast => {
                let request = pb::CastBallotRequest {
                    wave: wave_code,
                    token: "AAAAAAAA-AAAAAAAA-AAAAAAAA-AAAAAAAA".to_owned(),
                    answers: ballot("1", GROUP, "a").answers,
                    validate_only: true,
                };
                by.cast_ballot(request).await.map(drop)
            }
            Self::Import => {
                let rows = [ballot("probe", "nobody", "a")];
                let answer = by.import_ballots(stream::iter(rows)).await?.into_inner();
                assert_eq!((answer.accepted, answer.refused), (0, 1));
                Ok(())
            }
            Self::Withhold => {
                let request = pb::WithholdResultsRequest {
                    context: validated(),
                    wave: wave_code,
                    unit: String::new(),
                    reason,
                };
                by.withhold_results(request).await.map(drop)
            }
            Self::Release => {
                let request = pb::ReleaseResultsRequest {
                    context: validated(),
                    wave: wave_code,
                    unit: String::new(),
                    reason,
                };
                by.release_results(request).await.map(drop)
            }
        }
    }
}

/// Tries every step as everybody; how many were refused.
pub(super) async fn everybody_tries(cast: &Cast<'_>, phase: Phase) -> usize {
    let wave = Wave::of(phase);
    let mut refused = 0;
    for person in Person::ALL {
        for step in STEPS {
            let answer = step.tried(&cast.services(person, SURVEYED)).await;
            let expected = step.answer(person, wave);
            assert!(
                expected.is(&answer),
                "{step:?} by {person:?} while the wave is {wave:?} is to be {expected:?}: {answer:?}"
            );
            refused += usize::from(expected != Answer::Done);
        }
    }
    refused
}
