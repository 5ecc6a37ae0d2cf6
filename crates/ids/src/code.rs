//! Codes: text with a known alphabet and length.

use std::fmt;
use std::str::FromStr;

/// Why a text is not the code that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: {expected}")]
pub struct CodeError {
    /// What the text should have been, e.g. `unit code`.
    pub what: &'static str,
    /// The text, cut at 64 characters.
    pub text: String,
    /// The form that is accepted, with an example.
    pub expected: &'static str,
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(CodeError {
                        what: $what,
                        text: text.chars().take(64).collect(),
                        expected: $expected,
                    })
                }
            }
        }
    };
}

code!(
    /// An agency's code, in either style: QCVN 102:2016 (`000.00.12.H40`, level 1 on the right) or
    /// Decision 20/2020/QD-TTg (`H40.12`, level 1 on the left). 1 to 35 characters.
    UnitCode,
    "unit code",
    "1 to 35 capital letters, digits and single dots, such as H40.12 or 000.00.12.H40",
    |text| dotted(text, 35, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
);

code!(
    /// A procedure's code in the national database: `1.005129`, `1.000948.H38`, `1.002891.000.00.00.H40`.
    ProcedureCode,
    "procedure code",
    "a digit, a dot and six digits, with an agency code behind another dot where a province has its \
     own variant, such as 1.005129 or 1.002891.000.00.00.H40",
    is_procedure
);

code!(
    /// A dossier's code: `000.00.12.H40-260415-0007` (Circular 01/2018 art. 19) or the newer
    /// `G09.20-20260609-0092637`; an imported dossier may keep its source's own code.
    DossierCode,
    "dossier code",
    "3 to 64 letters, digits, dots, underscores and hyphens, such as 000.00.12.H40-260415-0007",
    |text| (3..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
);

code!(
    /// An index definition's code, e.g. `service-quality-766`.
    IndexCode,
    "index code",
    "2 to 64 small letters, digits and single hyphens, such as service-quality-766",
    |text| text.len() >= 2 && slug(text, 64)
);

code!(
    /// A campaign's code, e.g. `par-2024`.
    CampaignCode,
    "campaign code",
    "2 to 64 small letters, digits and single hyphens, such as par-2024",
    |text| text.len() >= 2 && slug(text, 64)
);

code!(
    /// The number of a recognised initiative, e.g. `SK-2024-017` or `12/QD-UBND.3`.
    InitiativeNumber,
    "number of an initiative",
    "1 to 64 letters, digits, dots, slashes, underscores and hyphens, such as SK-2024-017",
    |text| (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-'))
);

code!(
    /// The code of a task of an improvement plan, e.g. `kh-165-017`.
    TaskCode,
    "code of a task",
    "2 to 64 small letters, digits and single hyphens, such as kh-165-017",
    |text| text.len() >= 2 && slug(text, 64)
);

code!(
    /// A leaf's (or component's) code within its definition, e.g. `PROGRESS_ON_TIME` or `2.1`.
    LeafCode,
    "leaf code",
    "1 to 64 letters, digits, dots, underscores and hyphens, such as PROGRESS_ON_TIME",
    |text| (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
);

code!(
    /// A measure's name, e.g. `handled_on_time`.
    MeasureName,
    "measure name",
    "1 to 64 small letters, digits and underscores, starting with a letter, such as handled_on_time",
    |text| (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
);

code!(
    /// A province's level-1 agency code, e.g. `H40`.
    ProvinceCode,
    "province code",
    "a capital letter and two digits, such as H40",
    |text| text.len() == 3
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text[1..].bytes().all(|b| b.is_ascii_digit())
);

fn dotted(text: &str, longest: usize, accepts: fn(char) -> bool) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(accepts))
}

fn slug(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

fn is_procedure(text: &str) -> bool {
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.splitn(3, '.');
    let (Some(kind), Some(number)) = (parts.next(), parts.next()) else {
        return false;
    };
    digits(kind, 1)
        && digits(number, 6)
        && parts
            .next()
            .is_none_or(|unit| UnitCode::from_str(unit).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_styles_of_agency_codes_are_accepted() {
        for text in ["000.00.12.H40", "H40.12", "H40", "H44.100"] {
            assert_eq!(
                text.parse::<UnitCode>().map(|code| code.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn what_is_not_a_code_is_refused_with_its_form() {
        for text in ["", "h40", "H40..1", ".H40", "H40-1", &"H".repeat(36)] {
            assert!(text.parse::<UnitCode>().is_err(), "{text}");
        }
        let error = "1.05129".parse::<ProcedureCode>().expect_err("too short");
        assert!(error.to_string().contains("1.005129"), "{error}");
    }

    #[test]
    fn procedure_codes_of_the_national_database_are_accepted() {
        for text in [
            "1.005129",
            "2.000635",
            "1.000948.H38",
            "1.000948.000.00.00.H38",
        ] {
            assert!(text.parse::<ProcedureCode>().is_ok(), "{text}");
        }
    }

    #[test]
    fn dossier_codes_of_both_forms_are_accepted() {
        for text in [
            "000.00.12.H40-260415-0007",
            "G09.20-20260609-0092637",
            "case-10011",
        ] {
            assert!(text.parse::<DossierCode>().is_ok(), "{text}");
        }
        assert!("a b".parse::<DossierCode>().is_err());
    }
}
