//! The demo API as a program, with the routes of these tests: those of a fork are its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run(tests::routes())
}
