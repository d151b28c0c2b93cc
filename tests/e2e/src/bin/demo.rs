//! The demo API with the routes of these tests, because a fork replaces its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run(tests::routes())
}
