//! What goes to the terminal: data to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

use prost::{Message, Name};
use serde_json::Value;

/// Prints a line of data. A reader that has gone (`chiso … | head`) ends the program, as it ends any other.
pub fn line(line: impl Display) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        gone(&error);
    }
}

/// Prints text as it is.
pub fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        gone(&error);
    }
}

/// Prints a message as one line of proto3 JSON.
pub fn message<M: Message + Name>(message: &M) {
    line(json(message));
}

/// The proto3 JSON of a message.
pub fn json<M: Message + Name>(message: &M) -> Value {
    contracts::json::to_json(&M::full_name(), &message.encode_to_vec())
        .expect("the descriptors of every contract are built in")
}

/// Says something that is not data.
pub fn note(note: impl Display) {
    let note = note.to_string();
    let _ = writeln!(std::io::stderr().lock(), "{}", note.trim_end());
}

/// Whether data goes to a terminal.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

fn gone(error: &std::io::Error) {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    note(format_args!("chiso: cannot print: {error}"));
    std::process::exit(1);
}
