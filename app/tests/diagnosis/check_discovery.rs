//! Tests of `app check` when discovery fails because of the host name, the connection or the
//! response.

use std::net::TcpListener;

use zitadel_double::{DATABASE_HOST, DiscoveryFault, Fault, RedirectStatus, Times, ZitadelDouble};

use crate::{
    check::{CHECK, NOBODY, fails, reason, with_fault},
    run::{at, basic, run, said, with},
};

// A label of 64 characters is never a valid name, so no DNS server is queried.
#[test]
fn a_name_that_is_not_resolved() {
    let origin = format!("http://{}.invalid:8080", "a".repeat(64));
    let environment = with(at("http://localhost:8080"), "APP_ZITADEL__CONNECT_TO", origin.as_str());
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), "name_not_resolved");
    fails(
        &ended,
        &ended.stdout,
        "discovery",
        &format!("the name in {origin} is not resolved"),
        "check the spelling of zitadel.domain (or zitadel.connect_to), and the DNS of this machine",
    );
}

#[test]
fn a_port_at_which_nobody_listens() {
    let ended = run(CHECK, &at(NOBODY), "");
    assert_eq!(ended.status, Some(1));
    assert_eq!(
        ended.stdout,
        "ok       configuration  ZITADEL at http://127.0.0.1:1 is asked by client \
         340000000000000010 with client_secret_basic\n\
         FAILED   discovery      http://127.0.0.1:1 refuses the connection\n\
         \x20                       -> nobody listens there: is ZITADEL running, and is the port \
         right?\n\
         skipped  clock          it needs discovery\n\
         skipped  introspection  it needs discovery\n"
    );
}

#[test]
fn somebody_who_never_answers() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = format!("http://{}", silent.local_addr().unwrap());
    let environment = with(at(&domain), "APP_ZITADEL__TIMEOUT", "200ms");
    let ended = run(CHECK, &environment, "");
    assert_eq!(reason(&environment), "timed_out");
    fails(
        &ended,
        &ended.stdout,
        "discovery",
        &format!("no complete answer from {domain} within 200ms"),
        "if it is always so, something drops what is sent: check address, port and firewall; if \
         ZITADEL is slow, raise zitadel.timeout",
    );
}

// No certificate can be for a name with a label of 64 characters.
#[test]
fn another_reason_why_there_is_no_connection() {
    let domain = format!("https://{}.invalid", "a".repeat(64));
    let ended = run(CHECK, &at(&domain), "");
    assert_eq!(reason(&at(&domain)), "unreachable");
    fails(
        &ended,
        &ended.stdout,
        "discovery",
        &format!("no connection to {domain}: invalid dns name"),
        "check zitadel.domain, zitadel.connect_to, and the network in between",
    );
}

#[tokio::test]
async fn a_host_that_zitadel_does_not_know() {
    let double = ZitadelDouble::builder().issuer("https://auth.example.test").start().await;
    let domain = format!("http://{}", double.addr());
    let ended = run(CHECK, &with(basic(&double), "ZITADEL_DOMAIN", domain), "");
    drop(double.take_violations());
    fails(
        &ended,
        &said(&ended, &double),
        "discovery",
        "404 \"unable to set instance\": ZITADEL knows no instance by the host ADDRESS that was \
         sent",
        "set zitadel.domain to the public name of the instance, and zitadel.connect_to where \
         another address leads to it; no proxy in between may change Host or add Forwarded or \
         X-Forwarded-Host; if it worked before, ZITADEL's database may be down",
    );
}

#[tokio::test]
async fn a_database_that_is_down_is_not_shown_by_its_name() {
    let fault = |double: &ZitadelDouble| {
        double.discovery_fault(Fault::DatabaseDown, Times::UntilCleared);
    };
    let (ended, text) = with_fault("unknown_instance", fault).await;
    assert_eq!(ended.status, Some(1));
    assert!(text.contains("ZITADEL's database may be down"), "{text}");
    assert!(!text.contains(DATABASE_HOST), "{text}");
}

#[test]
fn a_domain_with_a_path_is_refused_at_once() {
    for path in ["/realms/one", "/oauth/v2/introspect", "/.well-known/openid-configuration", "//"] {
        let ended = run(CHECK, &at(&format!("http://127.0.0.1:1{path}")), "");
        assert_eq!(ended.status, Some(2), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("zitadel.domain") && ended.stderr.contains("it has a path"));
    }
}

#[tokio::test]
async fn a_web_page_instead_of_json() {
    let fault =
        |double: &ZitadelDouble| double.discovery_fault(Fault::LoginPage, Times::UntilCleared);
    let (ended, text) = with_fault("web_page", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "http://ADDRESS answers with a web page (HTML) instead of JSON",
        "another program listens on that port, or a login page or proxy stands in between: check \
         host and port of zitadel.domain",
    );
    // The clock of this server is not ZITADEL's.
    assert!(text.contains("skipped  clock          it needs discovery\n"), "{text}");
}

#[tokio::test]
async fn another_issuer_is_shown_with_the_expected_one() {
    let fault = |double: &ZitadelDouble| {
        let another = DiscoveryFault::Issuer("https://auth.example.test".to_owned());
        double.discovery_fault(another, Times::UntilCleared);
    };
    let (ended, text) = with_fault("issuer_mismatch", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "the metadata names the issuer \"https://auth.example.test\" instead of \"http://ADDRESS\"",
        "set zitadel.domain to the issuer of the instance, with the same scheme, host and port; if \
         that is what it says, a proxy in between changes the host",
    );
}

#[tokio::test]
async fn a_foreign_endpoint_and_a_redirect() {
    let fault = |double: &ZitadelDouble| {
        let foreign = "https://other.example.test/introspect".to_owned();
        let foreign = DiscoveryFault::IntrospectionEndpoint(foreign);
        double.discovery_fault(foreign, Times::UntilCleared);
    };
    let (ended, text) = with_fault("foreign_endpoint", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "the metadata names an introspection endpoint at https://other.example.test, not at the \
         issuer's origin",
        "if that endpoint is the right one, set zitadel.introspection_endpoint to it; if not, this \
         is not your ZITADEL",
    );
    let fault = |double: &ZitadelDouble| {
        let to = "https://login.example.test/x".to_owned();
        double.discovery_fault(Fault::Redirect(RedirectStatus::Found, to), Times::UntilCleared);
    };
    let (ended, text) = with_fault("redirected", fault).await;
    fails(
        &ended,
        &text,
        "discovery",
        "http://ADDRESS answers with status 302 Found, a redirect to https://login.example.test",
        "redirects are not followed, for the token would go along: set zitadel.domain to the final \
         address (https instead of http, the public name), or remove the login page in between",
    );
}
