//! The demo API as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run(app::routes())
}
