//! The real server that the environment names:
//! `LIVE_ZITADEL_DOMAIN=https://auth.example.com LIVE_ZITADEL_ADMIN_TOKEN_FILE=admin.pat`.

use std::env;
use std::io::{Write as _, stderr};

use conformance::{DOMAIN, Server, TOKEN_FILE, run};

#[tokio::test]
async fn a_real_zitadel_answers_as_the_observed_one() {
    let server = match Server::of_environment(|name| env::var(name).ok()) {
        Ok(Some(server)) => server,
        Ok(None) => {
            // Written past the capture of tests: it is to be seen.
            let skipped = "SKIPPED: the conformance suite against a real ZITADEL";
            writeln!(stderr(), "{skipped} ({DOMAIN} and {TOKEN_FILE} name none)").unwrap();
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let report = match run(&server).await {
        Ok(report) => report,
        Err(error) => {
            panic!("{} with the token of {TOKEN_FILE}: {}", server.issuer(), error.with_causes())
        }
    };
    println!("{report}");
    let different = report.different().into_iter().map(|row| row.case.as_str());
    assert_eq!(different.collect::<Vec<_>>(), [""; 0]);
}
