//! The assessments service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run("assessments", assessments::run)
}
