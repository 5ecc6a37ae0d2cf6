//! Codes for dossiers that come without one: `<agency>-<YYMMDD>-<number of the day>`
//! (Circular 01/2018 art. 19).

use contracts::problem::Problem;
use eventlog::StorageError;
use ids::DossierCode;
use jiff::civil::Date;
use sqlx::{PgConnection, PgPool};

/// Most numbers of an agency and day: the code has four digits.
const NUMBER_MAX: i32 = 9_999;

/// Where the numbers of one agency and day are counted: `000.00.12.H40-260415`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series(String);

impl Series {
    /// The series of an agency's day. `agency` is the unit's code, if it has one in the style of
    /// QCVN 102:2016.
    pub(crate) fn new(agency: &str, day: Date) -> Self {
        Self(format!("{agency}-{}", day.strftime("%y%m%d")))
    }

    /// Its first code, to try a command with.
    pub(crate) fn first(&self) -> Result<DossierCode, Problem> {
        self.code(Some(1))
    }

    /// Takes the next number, for good.
    pub(crate) async fn take(&self, pool: &PgPool) -> Result<DossierCode, Problem> {
        let number = sqlx::query_scalar!(
            "insert into code_counter (prefix, last) values ($1, 1)
             on conflict (prefix) do update set last = code_counter.last + 1
             where code_counter.last < $2
             returning last",
            self.0,
            NUMBER_MAX,
        )
        .fetch_optional(pool)
        .await
        .map_err(StorageError::during("take the next code"))?;
        self.code(number)
    }

    /// The number that would come next, without taking it.
    pub(crate) async fn peek(&self, pool: &PgPool) -> Result<DossierCode, Problem> {
        let last = sqlx::query_scalar!("select last from code_counter where prefix = $1", self.0)
            .fetch_optional(pool)
            .await
            .map_err(StorageError::during("look up the next code"))?;
        self.code(Some(last.unwrap_or(0) + 1).filter(|number| *number <= NUMBER_MAX))
    }

    fn code(&self, number: Option<i32>) -> Result<DossierCode, Problem> {
        let number = number.ok_or_else(|| {
            Problem::resource_exhausted(
                "CODES_EXHAUSTED",
                format!(
                    "all {NUMBER_MAX} codes of {} are given; give the dossier a code of your own",
                    self.0
                ),
            )
        })?;
        format!("{}-{number:04}", self.0)
            .parse()
            .map_err(|error| Problem::invalid("receiving_unit", format!("makes no code: {error}")))
    }
}

/// The series and number that a code would have been given from, if it has that form.
pub(crate) fn given(code: &str) -> Option<(&str, i32)> {
    let (series, number) = code.rsplit_once('-')?;
    let (_, day) = series.rsplit_once('-')?;
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    (digits(day, 6) && digits(number, 4))
        .then(|| number.parse().ok().map(|number| (series, number)))?
}

/// Makes sure that no number is given again which a recorded dossier has.
pub(crate) async fn raise(
    tx: &mut PgConnection,
    series: &[String],
    numbers: &[i32],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into code_counter (prefix, last)
         select prefix, max(last) from unnest($1::text[], $2::int[]) as given (prefix, last)
         group by prefix order by prefix
         on conflict (prefix) do update set last = greatest(code_counter.last, excluded.last)",
        series,
        numbers,
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_agency_day_and_number() {
        let series = Series::new("000.00.12.H40", jiff::civil::date(2026, 4, 15));
        let code = series.code(Some(7)).unwrap();
        assert_eq!(code.as_str(), "000.00.12.H40-260415-0007");
        assert_eq!(given(code.as_str()), Some(("000.00.12.H40-260415", 7)));
        assert_eq!(series.code(None).unwrap_err().reason(), "CODES_EXHAUSTED");
    }

    #[test]
    fn codes_of_other_forms_belong_to_no_series() {
        for code in [
            "case-10011",
            "G09.20-20260609-0092637",
            "abc",
            "x-260415-007",
            "260415-0007",
        ] {
            assert_eq!(given(code), None, "{code}");
        }
    }
}
