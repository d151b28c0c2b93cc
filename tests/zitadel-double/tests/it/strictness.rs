//! Violations that ZITADEL tolerates.

use zitadel_double::{Violation, ZitadelDouble};

use crate::resource_server::{basic, http, request, send};

async fn violations_of(
    change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
) -> Vec<Violation> {
    let double = ZitadelDouble::start().await;
    let got = send(change(request(&double).form(&[("token", "t")]))).await;
    assert_eq!(got.status, 200, "ZITADEL tolerates it: {}", got.body);
    double.take_violations()
}

#[tokio::test]
async fn a_proper_request_breaks_no_rule() {
    let found = violations_of(|request| {
        request
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .header("user-agent", "test")
            .form(&[("token", "t"), ("token_type_hint", "access_token")])
    });
    assert_eq!(found.await, []);
}

#[tokio::test]
async fn a_cookie_is_reported() {
    let found = violations_of(|request| request.header("cookie", "zitadel.useragent=x"));
    assert_eq!(found.await, [Violation::Cookie]);
}

#[tokio::test]
async fn forwarding_headers_are_reported() {
    let values = [
        ("forwarded", "for=10.0.0.1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-proto", "http"),
    ];
    for (name, value) in values {
        let found = violations_of(|request| request.header(name, value));
        assert_eq!(found.await, [Violation::ForwardingHeader(name.into())]);
    }
}

#[tokio::test]
async fn parameters_in_the_query_are_reported_by_name_alone() {
    let found = violations_of(|request| request.query(&[("token_type_hint", "secret-value")]));
    let found = found.await;
    assert_eq!(found, [Violation::QueryParameters(vec!["token_type_hint".into()])]);
    assert!(!format!("{found:?}").contains("secret-value"));
}

#[tokio::test]
async fn unknown_and_repeated_fields_are_reported() {
    let form = [("token", "t"), ("scope", "x"), ("token", "u")];
    let found = violations_of(|request| request.form(&form)).await;
    let expected =
        [Violation::UnknownField("scope".into()), Violation::RepeatedField("token".into())];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn fields_of_another_authentication_are_reported() {
    for name in ["client_id", "client_secret", "client_assertion_type"] {
        let form = [("token", "t"), (name, "x")];
        let found = violations_of(|request| request.form(&form)).await;
        assert_eq!(found, [Violation::FieldOfOtherAuthentication(name.into())]);
    }
}

#[tokio::test]
async fn a_second_authorization_header_is_reported() {
    let found = violations_of(|request| request.header("authorization", basic("a", "b")));
    assert_eq!(found.await, [Violation::Authorization]);
}

#[tokio::test]
async fn a_missing_media_type_is_reported() {
    let double = ZitadelDouble::start().await;
    assert_eq!(send(request(&double).body("token=t")).await.status, 400);
    assert_eq!(double.take_violations(), [Violation::MediaType(None), Violation::NoToken]);
}

#[tokio::test]
async fn credentials_for_discovery_and_unknown_paths_are_reported() {
    let double = ZitadelDouble::start().await;
    let at = |path: &str| http().get(format!("{}{path}", double.issuer()));
    send(at("/.well-known/openid-configuration").header("authorization", basic("a", "b"))).await;
    assert_eq!(double.take_violations(), [Violation::CredentialsForDiscovery]);
    assert_eq!(send(at("/oauth/v2/nowhere?x=1")).await.status, 404);
    assert_eq!(double.take_violations(), [Violation::UnknownPath("/oauth/v2/nowhere".into())]);
}

#[tokio::test]
async fn a_request_that_meets_a_fault_is_judged_nevertheless() {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(zitadel_double::Fault::BadGateway, zitadel_double::Times::Once);
    let request = request(&double).header("cookie", "a=b").form(&[("token", "t")]);
    assert_eq!(send(request).await.status, 502);
    assert_eq!(double.take_violations(), [Violation::Cookie]);
}

#[tokio::test]
#[should_panic(expected = "a cookie was sent")]
async fn a_violation_that_nobody_took_fails_the_test_at_drop() {
    let double = ZitadelDouble::start().await;
    send(request(&double).header("cookie", "a=b").form(&[("token", "t")])).await;
    drop(double);
}

#[tokio::test]
async fn listing_violations_does_not_take_them() {
    let double = ZitadelDouble::start().await;
    send(request(&double).header("cookie", "a=b").form(&[("token", "t")])).await;
    assert_eq!(double.violations(), [Violation::Cookie]);
    assert_eq!(double.take_violations(), [Violation::Cookie]);
    assert_eq!(double.violations(), []);
}
