//! A setup's calls against the double.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use conformance::{DOMAIN, Outcome, Report, Server, TOKEN_FILE, run_administration};
use tempfile::NamedTempFile;
use zitadel_double::{VisibilityLag, ZitadelDouble};

use crate::administration::names;
use crate::double::assert_all_same;

/// Subjects of a setup's calls, and the minimum number of each.
const SUBJECTS: [(&str, usize); 7] = [
    ("/roles", 6),
    ("/apps", 11),
    ("/keys", 4),
    ("/grants", 8),
    ("/pats", 5),
    ("/admin/v1/members", 4),
    ("/v2/actions/", 8),
];

async fn asked(double: &ZitadelDouble) -> Report {
    let report = run_administration(&Server::double(double).unwrap()).await.unwrap();
    let _of_the_version = double.take_violations();
    assert_all_same(&report);
    report
}

#[tokio::test]
async fn the_double_answers_a_set_up_as_the_observed_zitadel_and_is_left_as_it_was() {
    let double = ZitadelDouble::start().await;
    let before = names(&double).await;
    let report = asked(&double).await;
    assert_eq!(names(&double).await, before);
    let cases = || report.rows().iter().map(|row| row.case.as_str());
    for (subject, least) in SUBJECTS {
        assert!(cases().filter(|case| case.contains(subject)).count() >= least, "{subject}");
    }
    // Calls without an observation are compared with the documentation.
    let documented: BTreeSet<_> =
        cases().filter(|case| case.contains("by the public API's documentation")).collect();
    for call in ["GET /auth/v1/users/me", "POST /v2/actions/targets", "PUT /v2/actions/executions"]
    {
        assert!(documented.iter().any(|case| case.starts_with(call)), "{documented:?}");
    }
}

#[tokio::test]
async fn what_a_set_up_made_may_show_late() {
    let double = ZitadelDouble::start().await;
    // Creates the administrator in advance.
    let _token = double.administrator();
    double.set_visibility_lag(VisibilityLag::Time(Duration::from_millis(200)));
    asked(&double).await;
}

#[tokio::test]
async fn the_calls_for_real_servers_are_made_over_http_alone() {
    let double = ZitadelDouble::start().await;
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "{}", double.administrator()).unwrap();
    let server = Server::of_environment(|name| match name {
        DOMAIN => Some(double.issuer().to_owned()),
        TOKEN_FILE => Some(file.path().to_str().unwrap().to_owned()),
        _ => None,
    });
    let report = run_administration(&server.unwrap().unwrap()).await.unwrap();
    let _of_the_version = double.take_violations();
    assert!(report.rows().iter().all(|row| row.outcome == Outcome::Same), "{report}");
    assert!(!report.to_string().contains(&double.administrator()));
}
