//! Text that people read: bounded and printable.

use std::fmt;

/// Longest text, in characters: a line on a screen or in a letter, with room to spare.
pub const MAX_TEXT_CHARS: usize = 200;

/// Why a text is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is none.
    #[error("is empty; write 1 to 200 characters")]
    Empty,
    /// There is too much.
    #[error("has {0} characters; write at most 200")]
    TooLong(usize),
    /// It holds a line break or another control character.
    #[error("has a control character; write one printable line")]
    Control,
    /// It begins or ends with white space, which two readers would compare differently.
    #[error("begins or ends with white space; remove it")]
    Padded,
}

/// One printable line of at most [`MAX_TEXT_CHARS`] characters; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// The text, when it is one.
    ///
    /// # Errors
    /// When it is too long, has a control character, or begins or ends with white space.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        let chars = text.chars().count();
        if chars > MAX_TEXT_CHARS {
            return Err(TextError::TooLong(chars));
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        if text.trim() != text {
            return Err(TextError::Padded);
        }
        Ok(Self(text))
    }

    /// As [`new`](Self::new), and not empty.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when it is empty.
    pub fn filled(text: impl Into<String>) -> Result<Self, TextError> {
        let text = Self::new(text)?;
        if text.0.is_empty() {
            Err(TextError::Empty)
        } else {
            Ok(text)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Vietnamese; never empty.
    pub vi: Text,
    /// English; may be empty.
    pub en: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_printable_line() {
        assert!(Text::new("Sở Nội vụ").is_ok());
        assert!(
            Text::new("ế".repeat(200)).is_ok(),
            "characters count, not bytes"
        );
        assert_eq!(Text::new("x".repeat(201)), Err(TextError::TooLong(201)));
        assert_eq!(Text::new("a\nb"), Err(TextError::Control));
        assert_eq!(Text::new(" a"), Err(TextError::Padded));
        assert_eq!(Text::filled(""), Err(TextError::Empty));
    }
}
