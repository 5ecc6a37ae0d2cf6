//! YAML as a tree that remembers where everything stands, down to the keys.
//!
//! Scalars stay text: a decimal goes from the document to a decimal without being a float in between. Anchors, aliases
//! and tags are refused, so that what is written is what is meant.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::fault::{Mark, Report};

/// Longest document, in bytes. The largest real set has about 100 leaves at 1 kB each.
const DOCUMENT_MAX: usize = 1 << 20;
/// Deepest nesting; a definition needs about 12.
const DEPTH_MAX: usize = 32;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Mark,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// `plain` when it stands without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) at: Mark,
    pub(crate) text: String,
}

/// Reads the one document in `text`. What is wrong goes to the report.
pub(crate) fn read(text: &str, report: &Report) -> Option<Node> {
    let start = Mark { line: 1, column: 1 };
    if text.len() > DOCUMENT_MAX {
        report.add(
            start,
            "",
            format!("the document is longer than {DOCUMENT_MAX} bytes"),
        );
        return None;
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, mark(span.start)),
            Err(error) => Err((mark(*error.marker()), format!("not YAML: {}", error.info()))),
        };
        if let Err((at, message)) = taken {
            report.add(at, "", message);
            return None;
        }
    }
    if builder.root.is_none() {
        report.add(start, "", "the document is empty");
    }
    builder.root
}

fn mark(marker: Marker) -> Mark {
    Mark {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// A list or a mapping that is not closed yet; a mapping may wait for the value of a key.
enum Open {
    List(Mark, Vec<Node>),
    Map(Mark, Vec<(Key, Node)>, Option<Key>),
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Mark) -> Result<(), (Mark, String)> {
        let refuse = |message: &str| Err((at, message.to_owned()));
        let decorated = match &event {
            Event::Scalar(_, _, anchor, tag) => *anchor > 0 || tag.is_some(),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                *anchor > 0 || tag.is_some()
            }
            Event::Alias(_) => true,
            _ => false,
        };
        if decorated {
            return refuse("anchors, aliases and tags are not accepted: write the value out");
        }
        if self.open.len() >= DEPTH_MAX {
            return refuse("nested too deeply");
        }
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return refuse("only one document is accepted in a file");
                }
            }
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                return self.scalar(text.into_owned(), plain, at);
            }
            Event::SequenceStart(..) => self.open.push(Open::List(at, Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Map(at, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List(at, items)) => Node {
                        at,
                        content: Content::List(items),
                    },
                    Some(Open::Map(at, entries, _)) => Node {
                        at,
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

    fn scalar(&mut self, text: String, plain: bool, at: Mark) -> Result<(), (Mark, String)> {
        if let Some(Open::Map(_, entries, key @ None)) = self.open.last_mut() {
            if let Some((first, _)) = entries.iter().find(|(key, _)| key.text == text) {
                let line = first.at.line;
                return Err((
                    at,
                    format!("the key {text:?} stands here and in line {line}"),
                ));
            }
            *key = Some(Key { at, text });
            return Ok(());
        }
        self.place(Node {
            at,
            content: Content::Scalar { text, plain },
        })
    }

    fn place(&mut self, node: Node) -> Result<(), (Mark, String)> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => return Err((node.at, "a key has to be a text".to_owned())),
            },
        }
        Ok(())
    }
}
