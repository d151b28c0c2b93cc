//! The two variables that name a real server.

use std::io::Write as _;
use std::time::Duration;

use conformance::{DOMAIN, Error, Outcome, Server, TOKEN_FILE, run};
use tempfile::NamedTempFile;
use zitadel_double::{VisibilityLag, ZitadelDouble};

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn server(domain: Option<&str>, file: Option<&str>) -> Result<Option<Server<'static>>, Error> {
    Server::of_environment(|name| match name {
        DOMAIN => domain.map(str::to_owned),
        TOKEN_FILE => file.map(str::to_owned),
        _ => None,
    })
}

#[track_caller]
fn assert_refused(domain: Option<&str>, file: Option<&str>, expected: &str) {
    let error = server(domain, file).map(drop).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn neither_variable_names_no_server() {
    assert!(server(None, None).unwrap().is_none());
    assert!(server(Some(""), Some(" ")).unwrap().is_none());
}

#[test]
fn one_variable_alone_is_an_error_that_names_both() {
    let domain = Some("https://auth.example.com");
    assert_refused(
        domain,
        None,
        "LIVE_ZITADEL_DOMAIN is set, LIVE_ZITADEL_ADMIN_TOKEN_FILE is not",
    );
    assert_refused(
        None,
        Some("admin.pat"),
        "LIVE_ZITADEL_ADMIN_TOKEN_FILE is set, LIVE_ZITADEL_DOMAIN is not",
    );
}

#[test]
fn a_value_that_is_of_no_use_is_an_error_that_names_its_variable() {
    let domain = Some("https://auth.example.com");
    assert_refused(
        domain,
        Some("/no/such/file"),
        "LIVE_ZITADEL_ADMIN_TOKEN_FILE: /no/such/file cannot be read: ",
    );
    for text in ["", " \n", "two tokens"] {
        let file = file(text);
        let path = file.path().to_str().unwrap();
        let expected = format!("LIVE_ZITADEL_ADMIN_TOKEN_FILE: {path} does not hold one token");
        assert_refused(domain, Some(path), &expected);
    }
    let file = file("token");
    let expected = "LIVE_ZITADEL_DOMAIN is no origin such as https://auth.example.com";
    assert_refused(Some("auth.example.com"), file.path().to_str(), expected);
}

#[tokio::test]
async fn a_token_that_is_refused_ends_the_run_with_what_the_server_said() {
    let double = ZitadelDouble::start().await;
    let file = file("not-the-administrators-token\n");
    let server = server(Some(double.issuer()), file.path().to_str()).unwrap().unwrap();
    let error = run(&server).await.map(drop).unwrap_err();
    let _wrong_on_purpose = double.take_violations();
    let error = error.to_string();
    assert!(error.contains("401 Unauthorized Errors.Token.Invalid (AUTH-7fs1e)"), "{error}");
    assert!(!error.contains("not-the-administrators-token"), "{error}");
}

#[tokio::test]
async fn the_run_for_real_servers_asks_over_http_alone_and_has_a_reason_where_it_does_not_ask() {
    let double = ZitadelDouble::start().await;
    let file = file(&format!("{}\n", double.administrator()));
    let domain = format!("{}/", double.issuer());
    let server = server(Some(&domain), file.path().to_str()).unwrap().unwrap();
    let report = run(&server).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    assert!(report.different().is_empty(), "{report}");
    assert!(report.rows().iter().all(|row| !matches!(row.outcome, Outcome::Skipped(_))));
    let same = report.rows().iter().filter(|row| row.outcome == Outcome::Same).count();
    assert!(same > 110, "{report}");
    assert!(!report.to_string().contains(&double.administrator()));
}

#[tokio::test]
async fn what_a_real_server_shows_late_is_waited_for() {
    let double = ZitadelDouble::start().await;
    let file = file(&double.administrator());
    let server = server(Some(double.issuer()), file.path().to_str()).unwrap().unwrap();
    double.set_visibility_lag(VisibilityLag::Time(Duration::from_millis(200)));
    double.set_roles_lag(Duration::from_millis(200));
    let report = run(&server).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    assert!(report.different().is_empty(), "{report}");
}
