//! Dated policies: rules that the law leaves open or changes, as data.

use std::collections::BTreeMap;

use decider::Decider;
use jiff::civil::Date;

use crate::text::Text;

/// What becomes of the clock while an applicant supplements a dossier.
///
/// - `restart`: counted anew from the completed dossier (Decree 61/2018/NĐ-CP art. 19.4);
/// - `pause`: stopped and resumed;
/// - `subtract`: the waiting time is taken off afterwards, and more than one request makes the
///   dossier overdue (Decision 766/QĐ-TTg).
pub const CLOCK_POLICY: &str = "clock_policy";

/// The values that a policy may have, or none when no policy has that name.
pub fn policy_values(name: &str) -> Option<&'static [&'static str]> {
    match name {
        CLOCK_POLICY => Some(&["restart", "pause", "subtract"]),
        _ => None,
    }
}

/// What a policy says from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// One of [`policy_values`].
    pub value: String,
    /// Decree or decision that sets it.
    pub source: Text,
}

/// What may be asked of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyCommand {
    /// Its name, e.g. [`CLOCK_POLICY`].
    pub name: String,
    /// What it shall say.
    pub setting: Setting,
    /// First day.
    pub valid_from: Date,
}

/// What happens to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEvent {
    /// Its name.
    pub name: String,
    /// What it says.
    pub setting: Setting,
    /// First day.
    pub valid_from: Date,
}

/// Why a policy is not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// No rule of ours follows such a policy.
    #[error("nothing follows a policy named {name:?}; known is {CLOCK_POLICY}")]
    UnknownName {
        /// The asked name.
        name: String,
    },
    /// The rules do not know that value.
    #[error("{value:?} is not a value of this policy; write one of: {}", expected.join(", "))]
    UnknownValue {
        /// The asked value.
        value: String,
        /// The known ones.
        expected: &'static [&'static str],
    },
}

/// A policy with its whole past and its announced future.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    name: String,
    settings: BTreeMap<Date, Setting>,
}

impl Policy {
    /// Its name; empty before it was set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says on `day`, and since when; none before its first day.
    pub fn as_of(&self, day: Date) -> Option<(Date, &Setting)> {
        self.settings
            .range(..=day)
            .next_back()
            .map(|(from, setting)| (*from, setting))
    }
}

impl Decider for Policy {
    type Command = PolicyCommand;
    type Event = PolicyEvent;
    type Refusal = PolicyRefusal;

    fn decide(&self, command: PolicyCommand) -> Result<Vec<PolicyEvent>, PolicyRefusal> {
        let PolicyCommand {
            name,
            setting,
            valid_from,
        } = command;
        let Some(expected) = policy_values(&name) else {
            return Err(PolicyRefusal::UnknownName { name });
        };
        if !expected.contains(&setting.value.as_str()) {
            return Err(PolicyRefusal::UnknownValue {
                value: setting.value,
                expected,
            });
        }
        if self
            .as_of(valid_from)
            .is_some_and(|(_, holds)| *holds == setting)
        {
            return Ok(vec![]);
        }
        Ok(vec![PolicyEvent {
            name,
            setting,
            valid_from,
        }])
    }

    fn evolve(&mut self, event: &PolicyEvent) {
        self.name.clone_from(&event.name);
        self.settings
            .insert(event.valid_from, event.setting.clone());
    }
}

#[cfg(test)]
mod tests {
    use decider::spec::given;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn clock(value: &str, valid_from: Date) -> PolicyCommand {
        let setting = Setting {
            value: value.into(),
            source: Text::default(),
        };
        PolicyCommand {
            name: CLOCK_POLICY.into(),
            setting,
            valid_from,
        }
    }

    fn set(value: &str, valid_from: Date) -> PolicyEvent {
        let PolicyCommand {
            name,
            setting,
            valid_from,
        } = clock(value, valid_from);
        PolicyEvent {
            name,
            setting,
            valid_from,
        }
    }

    #[test]
    fn a_policy_is_set_from_a_day_on_and_only_when_it_differs() {
        let (decree, later) = (date(2018, 6, 21), date(2025, 7, 1));
        given::<Policy>([])
            .when(clock("restart", decree))
            .then([set("restart", decree)]);
        given::<Policy>([set("restart", decree)])
            .when(clock("restart", later))
            .then([]);
        given::<Policy>([set("restart", decree)])
            .when(clock("pause", later))
            .then([set("pause", later)]);
        let policy: Policy = decider::fold(&[set("restart", decree), set("pause", later)]);
        let value = |day| policy.as_of(day).map(|(_, setting)| setting.value.as_str());
        assert_eq!(value(date(2018, 6, 20)), None);
        assert_eq!(value(date(2025, 6, 30)), Some("restart"));
        assert_eq!(value(later), Some("pause"));
    }

    #[test]
    fn what_no_rule_knows_is_refused() {
        let mut unknown = clock("restart", date(2024, 1, 1));
        unknown.name = "moon_phase".into();
        given::<Policy>([])
            .when(unknown)
            .then_refused(&PolicyRefusal::UnknownName {
                name: "moon_phase".into(),
            });
        given::<Policy>([])
            .when(clock("stop", date(2024, 1, 1)))
            .then_refused(&PolicyRefusal::UnknownValue {
                value: "stop".into(),
                expected: &["restart", "pause", "subtract"],
            });
    }

    fn commands() -> impl Strategy<Value = PolicyCommand> {
        let value = prop::sample::select(vec!["restart", "pause", "subtract"]);
        (value, 1i8..7).prop_map(|(value, month)| clock(value, date(2024, month, 1)))
    }

    proptest! {
        #[test]
        fn deciding_again_decides_nothing(
            history in prop::collection::vec(commands(), 0..8),
            command in commands(),
        ) {
            let mut policy = Policy::default();
            for earlier in history {
                for event in policy.decide(earlier).unwrap_or_default() {
                    policy.evolve(&event);
                }
            }
            if let Ok(events) = policy.decide(command.clone()) {
                events.iter().for_each(|event| policy.evolve(event));
                prop_assert_eq!(policy.decide(command), Ok(vec![]));
            }
        }
    }
}
