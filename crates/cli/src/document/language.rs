//! In which language a document is.

use clap::ValueEnum;

/// A language of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Language {
    /// Vietnamese, in which they are signed.
    #[default]
    Vi,
    /// English.
    En,
}

/// Words in each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Vietnamese.
    pub vi: &'static str,
    /// English.
    pub en: &'static str,
}

impl Label {
    /// Words in both languages.
    pub const fn new(vi: &'static str, en: &'static str) -> Self {
        Self { vi, en }
    }

    /// The words in one of them.
    pub fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::Vi => self.vi,
            Language::En => self.en,
        }
    }
}

impl Language {
    /// A name in this language; the Vietnamese one, which everything has, where there is no other.
    pub fn name<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::En if !en.is_empty() => en,
            _ => vi,
        }
    }

    /// A date as people write it.
    pub fn date(self, iso: &str) -> String {
        match (self, iso.parse::<jiff::civil::Date>()) {
            (Self::Vi, Ok(date)) => date.strftime("%d/%m/%Y").to_string(),
            _ => iso.to_owned(),
        }
    }
}
