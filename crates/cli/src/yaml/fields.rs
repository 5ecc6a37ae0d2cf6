//! Reading mappings field by field.

use super::{Content, Entry, Fault, Node};

/// Reads the fields of a mapping and notes what is wrong with them.
#[derive(Debug)]
pub struct Fields<'a> {
    what: &'static str,
    line: usize,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// A reader of `node`, which is called `what` in faults; nothing when it is no mapping.
    pub fn of(what: &'static str, node: &'a Node, faults: &'a mut Vec<Fault>) -> Option<Self> {
        match &node.content {
            Content::Map(entries) => Some(Self {
                what,
                line: node.line,
                entries,
                asked: Vec::new(),
                faults,
            }),
            _ => {
                faults.push(Fault {
                    line: node.line,
                    message: format!("{what} must be a mapping of its fields"),
                });
                None
            }
        }
    }

    /// The line that the mapping begins in.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Notes a fault.
    pub fn fault(&mut self, line: usize, message: impl Into<String>) {
        self.faults.push(Fault {
            line,
            message: message.into(),
        });
    }

    /// Where faults are noted, to read what lies deeper.
    pub fn faults(&mut self) -> &mut Vec<Fault> {
        self.faults
    }

    /// The value of a field, whatever it is.
    pub fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Text; empty when it is left out.
    pub fn text(&mut self, key: &'static str) -> String {
        let Some(node) = self.node(key) else {
            return String::new();
        };
        match &node.content {
            Content::Scalar { .. } => node.text().unwrap_or_default().to_owned(),
            _ => {
                self.fault(node.line, format!("{key} must be text"));
                String::new()
            }
        }
    }

    /// Text that must be there.
    pub fn needed(&mut self, key: &'static str) -> String {
        let text = self.text(key);
        if text.is_empty() {
            let line = self.node(key).map_or(self.line, |node| node.line);
            self.fault(line, format!("{} needs {key}", self.what));
        }
        text
    }

    /// `true` or `false`; false when it is left out.
    pub fn flag(&mut self, key: &'static str) -> bool {
        let text = self.text(key);
        match text.as_str() {
            "true" => true,
            "" | "false" => false,
            _ => {
                let line = self.node(key).map_or(self.line, |node| node.line);
                self.fault(line, format!("{key} is {text:?}; write true or false"));
                false
            }
        }
    }

    /// A whole number; 0 when it is left out.
    pub fn number(&mut self, key: &'static str) -> i32 {
        let text = self.text(key);
        if text.is_empty() {
            return 0;
        }
        text.parse().unwrap_or_else(|_| {
            let line = self.node(key).map_or(self.line, |node| node.line);
            self.fault(line, format!("{key} is {text:?}; write a whole number"));
            0
        })
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key);
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() && !text.is_empty() {
            let line = self.node(key).map_or(self.line, |node| node.line);
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(
                line,
                format!("{key} is {text:?}; write one of {}", words.join(", ")),
            );
        }
        found
    }

    /// The items of a list; none when it is left out.
    pub fn list(&mut self, key: &'static str) -> &'a [Node] {
        let Some(node) = self.node(key) else {
            return &[];
        };
        match &node.content {
            Content::List(items) => items,
            _ => {
                self.fault(node.line, format!("{key} must be a list"));
                &[]
            }
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.list(key) {
            match item.text() {
                Some(text) => texts.push(text.to_owned()),
                None => self.fault(item.line, format!("an item of {key} must be text")),
            }
        }
        texts
    }

    /// Notes every field that nobody asked for.
    pub fn end(self) {
        for entry in self.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let mut known = self.asked.clone();
                known.dedup();
                let message = format!(
                    "{} has no field {:?}; its fields are {}",
                    self.what,
                    entry.key,
                    known.join(", ")
                );
                self.faults.push(Fault {
                    line: entry.line,
                    message,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    #[test]
    fn every_wrong_field_is_named() {
        let node = parse("flag: maybe\nnumber: 1.5\nword: red\nother: 1\n").expect("sound");
        let mut faults = Vec::new();
        let mut fields = Fields::of("a thing", &node, &mut faults).expect("a mapping");
        fields.flag("flag");
        fields.number("number");
        fields.word("word", &[("green", 1), ("blue", 2)]);
        fields.needed("name");
        fields.end();
        let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            told,
            [
                "line 1: flag is \"maybe\"; write true or false",
                "line 2: number is \"1.5\"; write a whole number",
                "line 3: word is \"red\"; write one of green, blue",
                "line 1: a thing needs name",
                "line 4: a thing has no field \"other\"; its fields are flag, number, word, name",
            ]
        );
    }
}
