//! Differences in the form of a response.

use observed::{Case, introspection};

use super::{Strictness, differences};
use crate::exchange::Answer;
use crate::names::Names;

fn case(name: &str) -> Case {
    introspection().into_iter().find(|case| case.name == name).unwrap()
}

/// Returns the observed response, with real values for placeholders.
fn answer(case: &Case) -> Answer {
    let live = |value: &str| {
        let value = value.replace("(a time)", "Thu, 26 Nov 2026 01:56:40 GMT");
        value.replace("(a value of 152 characters)", &"c".repeat(152))
    };
    let headers = case
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), live(value.as_str().unwrap())));
    Answer { status: case.status.unwrap(), headers: headers.collect(), body: case.body.clone() }
}

/// Changes the observed response and compares.
fn changed(name: &str, change: impl Fn(&mut Answer)) -> [Vec<String>; 2] {
    let case = case(name);
    let mut answer = answer(&case);
    change(&mut answer);
    [Strictness::Exact, Strictness::Tolerant]
        .map(|strictness| differences(&case, Some(&answer), &Names::default(), strictness))
}

fn in_body<'a>(from: &'a str, to: &'a str) -> impl Fn(&mut Answer) + 'a {
    move |answer| {
        assert!(answer.body.contains(from), "{from} is not in {}", answer.body);
        answer.body = answer.body.replacen(from, to, 1);
    }
}

fn in_header<'a>(name: &'a str, value: &'a str) -> impl Fn(&mut Answer) + 'a {
    move |answer| {
        let header = answer.headers.iter_mut().find(|(known, _)| known == name);
        value.clone_into(&mut header.unwrap().1);
    }
}

#[track_caller]
fn found_everywhere(case: &str, change: impl Fn(&mut Answer), expected: &str) {
    for found in changed(case, change) {
        assert_eq!(found, [expected], "{case}");
    }
}

#[track_caller]
fn found_at_the_double(case: &str, change: impl Fn(&mut Answer), expected: &str) {
    let [exact, tolerant] = changed(case, change);
    assert_eq!(exact, [expected], "{case}");
    assert_eq!(tolerant, [""; 0], "{case}");
}

#[test]
fn every_observed_answer_has_its_own_form() {
    for case in introspection().iter().filter(|case| case.status.is_some()) {
        for strictness in [Strictness::Exact, Strictness::Tolerant] {
            let found = differences(case, Some(&answer(case)), &Names::default(), strictness);
            assert_eq!(found, [""; 0], "{}", case.name);
        }
    }
}

#[test]
fn another_status_is_found() {
    found_everywhere("wrong_secret", |answer| answer.status = 401, "status 401 for 400");
}

#[test]
fn a_missing_header_and_another_value_are_found() {
    let without = |answer: &mut Answer| answer.headers.retain(|(name, _)| name != "cache-control");
    found_everywhere("wrong_secret", without, "no header cache-control");
    let html = in_header("content-type", "text/html");
    found_everywhere("wrong_secret", html, "content-type: text/html for application/json");
    let cookie = in_header("set-cookie", "zitadel.useragent=short; Path=/");
    let expected = "set-cookie: zitadel.useragent=(a value of 5 characters); Path=/ for \
                    zitadel.useragent=(a value of 152 characters); Path=/; Domain=localhost; \
                    Max-Age=31536000; HttpOnly; SameSite=Lax";
    found_at_the_double("wrong_secret", cookie, expected);
    let no_time = in_header("expires", "soon");
    found_everywhere("wrong_secret", no_time, "expires: soon for (a time)");
}

#[test]
fn a_further_header_is_found_at_the_double_and_may_come_from_a_proxy() {
    let via = |answer: &mut Answer| answer.headers.push(("via".to_owned(), "1.1 x".to_owned()));
    found_at_the_double("wrong_secret", via, "a header via");
    let twice = |answer: &mut Answer| answer.headers.push(answer.headers[0].clone());
    found_at_the_double("wrong_secret", twice, "the header cache-control more than once");
}

#[test]
fn members_that_are_missing_added_or_renamed_are_found() {
    let case = "pat_with_role";
    let missing = in_body("\"username\":\"ha-reader\"", "\"x\":1");
    for found in changed(case, missing) {
        assert_eq!(found, ["the body has no username", "the body has a member x"]);
    }
    let added = in_body("{\"active\":true", "{\"acting\":1,\"active\":true");
    found_everywhere(case, added, "the body has a member acting");
}

#[test]
fn another_type_is_found() {
    let text = in_body("\"exp\":1795745071", "\"exp\":\"1795745071\"");
    found_everywhere("pat_with_role", text, "the body, exp is a string for a number");
    let aud = in_body("\"aud\":[\"340000000000000001\"]", "\"aud\":\"340000000000000001\"");
    let case = "client_credentials_opaque_without_role";
    found_everywhere(case, aud, "the body, aud is a string for an array");
}

#[test]
fn another_order_of_members_is_found_at_the_double() {
    let swapped = in_body(
        "\"scope\":\"openid urn:zitadel:iam:org:project:id:340000000000000001:aud\",\"client_id\":\"ha-norole\"",
        "\"client_id\":\"ha-norole\",\"scope\":\"openid urn:zitadel:iam:org:project:id:340000000000000001:aud\"",
    );
    let expected = "the body has its members in another order";
    found_at_the_double("client_credentials_opaque_without_role", swapped, expected);
    let line_feed = in_body("\n", "");
    found_at_the_double("wrong_secret", line_feed, "the line feed at the end of the body");
}

#[test]
fn fixed_values_are_compared_everywhere() {
    let expected = "the body, error has another value than the observed one";
    found_everywhere("wrong_secret", in_body("unauthorized_client", "invalid_client"), expected);
    let active = "the body, active has another value than the observed one";
    found_everywhere("pat_removed", in_body("false", "true"), active);
    let aud = "the body, aud is [\"340000000000000010\"] for \
               [\"340000000000000001\", \"340000000000000010\"]";
    found_everywhere("pat_with_role", in_body(",\"340000000000000001\"]", "]"), aud);
    let scope = in_body(" urn:zitadel:iam:org:project:role:other:role", "");
    found_everywhere(
        "pat_with_role",
        scope,
        "the body, scope has another value than the observed one",
    );
    let never = in_body("253402300799", "1795745071");
    let case = "pat_of_another_organization_without_expiry";
    found_at_the_double(case, never, "the body, exp has another value than the observed one");
}

#[test]
fn ids_inside_members_are_compared_as_what_they_stand_for() {
    let other = in_body("\"340000000000000200\":\"ha-docs", "\"340000000000000999\":\"ha-docs");
    for found in changed("pat_with_role", other) {
        let path = "the body, urn:zitadel:iam:org:project:340000000000000001:roles, read:messages";
        assert_eq!(
            found,
            [
                format!("{path} has no 340000000000000200"),
                format!("{path} has a member 340000000000000999"),
            ],
        );
    }
    let case = case("pat_with_role");
    let mut renamed = answer(&case);
    renamed.body =
        renamed.body.replace("340000000000000001", "77").replace("ha-docs.localhost", "x.y");
    let mut names = Names::default();
    names.add("340000000000000001", "77");
    names.add("ha-docs.localhost", "x.y");
    assert_eq!(differences(&case, Some(&renamed), &names, Strictness::Exact), [""; 0]);
}

#[test]
fn the_form_of_a_fresh_id_is_compared() {
    let jti = in_body("V2_340000000000000604-at_340000000000000704", "340000000000000704");
    let case = "client_credentials_opaque_without_role";
    found_everywhere(case, jti, "the body, jti has another value than the observed one");
    let other = in_body(
        "V2_340000000000000604-at_340000000000000704",
        "V2_123456789012345678-at_12345678901234567890",
    );
    assert_eq!(changed(case, other), [vec![], Vec::<String>::new()]);
}

#[test]
fn a_claim_of_the_observed_version_alone_may_be_missing_at_a_real_server() {
    let without = |answer: &mut Answer| {
        let (before, rest) =
            answer.body.split_once(",\"urn:zitadel:iam:org:projects:roles\"").unwrap();
        let (_, after) = rest.split_once("}}").unwrap();
        answer.body = format!("{before}{after}");
    };
    let expected = "the body has no urn:zitadel:iam:org:projects:roles";
    found_at_the_double("pat_with_role", without, expected);
}

#[test]
fn an_answer_where_none_came_and_none_where_one_came_are_found() {
    let hangs = case("database hangs (stopped process)");
    let names = Names::default();
    assert_eq!(differences(&hangs, None, &names, Strictness::Exact), [""; 0]);
    let found = differences(&hangs, Some(&answer(&case("head"))), &names, Strictness::Exact);
    assert_eq!(found, ["an answer came, with 400"]);
    let found = differences(&case("head"), None, &names, Strictness::Tolerant);
    assert_eq!(found, ["no answer came"]);
}
