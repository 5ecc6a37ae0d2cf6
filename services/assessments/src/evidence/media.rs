//! Whether the content of a file is of the type that it is said to be.

/// Types that are taken when nothing is said: documents, scans, tables.
pub(super) const DEFAULT: [&str; 7] = [
    "application/pdf",
    "image/png",
    "image/jpeg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/csv",
    "text/plain",
];

/// Most bytes that a character has in UTF-8, less one: what may be left over at the end of a part.
const LEFT_OVER: usize = 3;

/// How the content of a type can be told.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// It begins with these bytes.
    Begins(&'static [u8]),
    /// It is text in UTF-8.
    Text,
    /// Not at all.
    Unknown,
}

/// The content is not of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OtherType;

/// Looks at content as it comes in.
#[derive(Debug, Clone)]
pub(super) struct Look {
    shape: Shape,
    /// The first bytes, or those of a character whose end has not come.
    seen: Vec<u8>,
}

impl Look {
    /// At content of a type.
    pub(super) fn at(media_type: &str) -> Self {
        let shape = match media_type {
            "application/pdf" => Shape::Begins(b"%PDF-"),
            "image/png" => Shape::Begins(b"\x89PNG\r\n\x1a\n"),
            "image/jpeg" => Shape::Begins(b"\xff\xd8\xff"),
            "application/zip"
            | "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            | "application/vnd.openxmlformats-officedocument.presentationml.presentation" => {
                Shape::Begins(b"PK\x03\x04")
            }
            "text/csv" | "text/plain" => Shape::Text,
            _ => Shape::Unknown,
        };
        Self {
            shape,
            seen: Vec::new(),
        }
    }

    /// At the next part.
    pub(super) fn take(&mut self, part: &[u8]) -> Result<(), OtherType> {
        match self.shape {
            Shape::Begins(start) => {
                let wanted = start.len().saturating_sub(self.seen.len());
                self.seen.extend(part.iter().take(wanted));
                if start.starts_with(&self.seen) {
                    return Ok(());
                }
                Err(OtherType)
            }
            Shape::Text => self.take_text(part),
            Shape::Unknown => Ok(()),
        }
    }

    fn take_text(&mut self, part: &[u8]) -> Result<(), OtherType> {
        if part.contains(&0) {
            return Err(OtherType);
        }
        self.seen.extend_from_slice(part);
        let sound = match std::str::from_utf8(&self.seen) {
            Ok(_) => self.seen.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(OtherType),
        };
        self.seen.drain(..sound);
        debug_assert!(self.seen.len() <= LEFT_OVER);
        Ok(())
    }

    /// When everything has come.
    pub(super) fn end(&self) -> Result<(), OtherType> {
        let whole = match self.shape {
            Shape::Begins(start) => self.seen.len() == start.len(),
            Shape::Text => self.seen.is_empty(),
            Shape::Unknown => true,
        };
        if whole { Ok(()) } else { Err(OtherType) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(media_type: &str, parts: &[&[u8]]) -> Result<(), OtherType> {
        let mut look = Look::at(media_type);
        parts.iter().try_for_each(|part| look.take(part))?;
        look.end()
    }

    #[test]
    fn content_is_told_by_how_it_begins_in_parts_of_any_size() {
        let pdf = "application/pdf";
        assert_eq!(look(pdf, &[b"%PDF-1.7 and so on"]), Ok(()));
        assert_eq!(look(pdf, &[b"%", b"PDF", b"-1.7"]), Ok(()));
        assert_eq!(look(pdf, &[b"%PDF"]), Err(OtherType), "too short");
        assert_eq!(look(pdf, &[b"%PDX-1.7"]), Err(OtherType));
        assert_eq!(look(pdf, &[b"MZ\x90\x00"]), Err(OtherType));
        assert_eq!(look("image/png", &[b"\x89PNG\r\n\x1a\n...."]), Ok(()));
        assert_eq!(look("image/jpeg", &[b"\xff\xd8\xff\xe0"]), Ok(()));
        assert_eq!(look("image/jpeg", &[b"\x89PNG\r\n\x1a\n"]), Err(OtherType));
        assert_eq!(look(DEFAULT[3], &[b"PK\x03\x04rest"]), Ok(()));
        assert_eq!(look(DEFAULT[4], &[b"%PDF-1.7"]), Err(OtherType));
        assert_eq!(look("application/x-own", &[b"\0anything"]), Ok(()));
    }

    #[test]
    fn text_is_utf_8_throughout() {
        let text = "Sở Nội vụ;52\n".repeat(3);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(look("text/csv", &bytes), Ok(()));
        assert_eq!(look("text/plain", &[text.as_bytes()]), Ok(()));
        assert_eq!(
            look("text/plain", &["ở".as_bytes().get(..2).unwrap()]),
            Err(OtherType)
        );
        assert_eq!(look("text/csv", &[b"a;b\n\0"]), Err(OtherType));
        assert_eq!(look("text/csv", &[b"S\xf4 N\xf4i v\xf4"]), Err(OtherType));
    }
}
