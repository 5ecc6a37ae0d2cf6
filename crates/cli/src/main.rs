//! The `chiso` command-line tool.

fn main() {}
