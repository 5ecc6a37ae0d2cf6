//! YAML as a tree that remembers its lines, and a reader that names every fault at once.
//!
//! Scalars stay text: codes such as `1.005129` and decimals come through as they were written. Anchors, aliases and tags
//! are refused, so that what is written is what is meant.

mod fields;

use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle};

pub use fields::Fields;

/// Deepest nesting; the documents read here need about six.
const DEPTH_MAX: usize = 32;

/// A value with its line.
#[derive(Debug, Clone)]
pub struct Node {
    /// Line that it begins in, from 1.
    pub line: usize,
    /// The value.
    pub content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Text; `plain` when it stands without quotes.
    Scalar {
        /// As written, without quotes.
        text: String,
        /// Without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the document; no key stands twice.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Line of the key.
    pub line: usize,
    /// The key.
    pub key: String,
    /// The value.
    pub value: Node,
}

/// What is wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads the one document in `text`.
///
/// # Errors
/// The first place that is not YAML, or not of the kind described above.
pub fn parse(text: &str) -> Result<Node, Fault> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault {
            line: error.marker().line(),
            message: format!("not YAML: {}", error.info()),
        })?;
        builder.take(event, span.start.line())?;
    }
    builder.root.ok_or(Fault {
        line: 1,
        message: "the document is empty".to_owned(),
    })
}

/// A list or a mapping that is not closed yet; a mapping may wait for the value of a key.
enum Open {
    List(usize, Vec<Node>),
    Map(usize, Vec<Entry>, Option<(usize, String)>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Fault> {
        let refuse = |message: &str| {
            Err(Fault {
                line,
                message: message.to_owned(),
            })
        };
        let decorated = match &event {
            Event::Scalar(_, _, anchor, tag) => *anchor > 0 || tag.is_some(),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                *anchor > 0 || tag.is_some()
            }
            Event::Alias(_) => true,
            _ => false,
        };
        if decorated {
            return refuse("anchors, aliases and tags are not accepted; write the value out");
        }
        if self.open.len() > DEPTH_MAX {
            return refuse("nested too deeply");
        }
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                return refuse("a second document; put it into a file of its own");
            }
            Event::Scalar(text, style, ..) => {
                return self.scalar(text.into_owned(), style == ScalarStyle::Plain, line);
            }
            Event::SequenceStart(..) => self.open.push(Open::List(line, Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Map(line, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List(line, items)) => Node {
                        line,
                        content: Content::List(items),
                    },
                    Some(Open::Map(line, entries, _)) => Node {
                        line,
                        content: Content::Map(entries),
                    },
                    None => return refuse("closed without being opened"),
                };
                return self.place(node);
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: String, plain: bool, line: usize) -> Result<(), Fault> {
        if let Some(Open::Map(_, entries, key @ None)) = self.open.last_mut() {
            if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                let message = format!("the key {text:?} stands here and in line {}", first.line);
                return Err(Fault { line, message });
            }
            *key = Some((line, text));
            return Ok(());
        }
        self.place(Node {
            line,
            content: Content::Scalar { text, plain },
        })
    }

    fn place(&mut self, node: Node) -> Result<(), Fault> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => match key.take() {
                Some((line, key)) => entries.push(Entry {
                    line,
                    key,
                    value: node,
                }),
                None => {
                    let message = "a list or a mapping cannot be a key".to_owned();
                    return Err(Fault {
                        line: node.line,
                        message,
                    });
                }
            },
        }
        Ok(())
    }
}

impl Node {
    /// The text of a scalar; nothing for `null` and for what is no scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, plain }
                if *plain && matches!(text.as_str(), "" | "~" | "null") =>
            {
                None
            }
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_stay_text_with_their_lines() {
        let node = parse("a: 1.10\nb:\n  - \"x\"\n  - ~\n").expect("sound");
        assert_eq!(node.get("a").and_then(Node::text), Some("1.10"));
        let Some(Content::List(items)) = node.get("b").map(|node| &node.content) else {
            panic!("a list")
        };
        assert_eq!((items[0].line, items[0].text()), (3, Some("x")));
        assert_eq!((items[1].line, items[1].text()), (4, None));
    }

    #[test]
    fn what_is_not_accepted_is_named_with_its_line() {
        for (text, line, message) in [
            ("a: 1\na: 2\n", 2, "stands here and in line 1"),
            ("a: &x 1\nb: *x\n", 1, "anchors"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            ("a: [1\nb: 2\n", 2, "not YAML"),
            ("", 1, "empty"),
        ] {
            let fault = parse(text).expect_err(text);
            assert!(fault.message.contains(message), "{text:?}: {fault}");
            assert_eq!(fault.line, line, "{text:?}: {fault}");
        }
    }
}
