//! The service as a program: the library's settings with a section of its own.

use std::process::ExitCode;

use app::{Program, config::ConfigError};
use orders::{Shop, routes};
use serde::Deserialize;

const LOCAL_TOKENS: &str = r#"
[[token]]
token = "local-reader"
about = "may read orders"
subject = "ada"
roles = { "read:orders" = ["local"] }
"#;

#[derive(Deserialize)]
struct Database {
    url: String,
}

fn main() -> ExitCode {
    Program::new("app").version(env!("CARGO_PKG_VERSION")).local_tokens(LOCAL_TOKENS).run_with(
        async |config| {
            let database: Database = config.section("database")?;
            Ok::<_, ConfigError>(routes(Shop { database_url: database.url }))
        },
    )
}
