//! The suite against the server in the environment: `LIVE_ZITADEL_DOMAIN=https://auth.example.com
//! LIVE_ZITADEL_ADMIN_TOKEN_FILE=admin.pat`.

use std::env;
use std::io::{Write as _, stderr};

use conformance::{DOMAIN, Error, Report, Server, TOKEN_FILE, run, run_administration};

#[tokio::test]
async fn a_real_zitadel_answers_as_the_observed_one() {
    ask(async |server| run(server).await).await;
}

#[tokio::test]
async fn a_real_zitadel_answers_a_set_up_as_the_observed_one() {
    ask(async |server| run_administration(server).await).await;
}

#[expect(clippy::explicit_write, reason = "past the capture of tests, for it is to be seen")]
#[expect(clippy::panic, reason = "a test that cannot go on says so by panicking")]
async fn ask(questions: impl AsyncFnOnce(&Server<'_>) -> Result<Report, Error>) {
    let server = match Server::of_environment(|name| env::var(name).ok()) {
        Ok(Some(server)) => server,
        Ok(None) => {
            let skipped = "SKIPPED: the conformance suite against a real ZITADEL";
            writeln!(stderr(), "{skipped} ({DOMAIN} and {TOKEN_FILE} name none)").unwrap();
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let report = match questions(&server).await {
        Ok(report) => report,
        Err(error) => {
            panic!("{} with the token of {TOKEN_FILE}: {}", server.issuer(), error.with_causes())
        }
    };
    println!("{report}");
    let different = report.different().into_iter().map(|row| row.case.as_str());
    assert_eq!(different.collect::<Vec<_>>(), [""; 0]);
}
