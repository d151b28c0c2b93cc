//! Differences in the form of a response.

use serde_json::{Value, json};

use super::form::{differences, pattern};
use crate::form::Strictness;

/// Compares as at the double and as at a real server.
fn both(expected: &Value, answer: &Value) -> [Vec<String>; 2] {
    [Strictness::Exact, Strictness::Tolerant]
        .map(|strictness| differences(expected, answer, strictness))
}

#[test]
fn ids_times_and_secrets_are_compared_by_their_form() {
    let expected = json!({
        "id": "340000000000000001",
        "details": { "sequence": "1", "creationDate": "2026-11-26T01:56:39.763137Z" },
        "token": "abc",
    });
    let answer = json!({
        "id": "349999999999999999",
        "details": { "sequence": "23", "creationDate": "2027-01-01T00:00:00Z" },
        "token": "another-one",
    });
    assert_eq!(both(&expected, &answer), [[""; 0]; 2]);
    for (member, value, problem) in [
        ("id", json!("x"), "the answer, id is Text for Id"),
        ("id", json!(1), "the answer, id has another type"),
        ("token", json!(""), "the answer, token is Empty for Text"),
        ("token", Value::Null, "the answer, token has another type"),
    ] {
        let mut other = answer.clone();
        other[member] = value;
        assert_eq!(both(&expected, &other), [[problem]; 2]);
    }
}

#[test]
fn words_of_zitadel_are_compared_by_their_value_and_missing_members_are_found() {
    let expected = json!({ "code": 6, "message": "Role already exists (V3-DKcYh)" });
    let other = json!({ "code": 9, "message": "Role exists" });
    let problems = [
        "the answer, code is 9 for 6",
        "the answer, message is \"Role exists\" for \"Role already exists (V3-DKcYh)\"",
    ];
    assert_eq!(both(&expected, &other), [problems; 2]);
    let without = json!({ "code": 6 });
    assert_eq!(both(&expected, &without), [["the answer, message is missing"]; 2]);
}

#[test]
fn a_further_member_is_found_at_the_double_alone() {
    let (expected, answer) = (
        json!({ "result": [{ "a": true }] }),
        json!({
            "result": [{ "a": false }, { "a": true, "b": 1 }],
        }),
    );
    let [exact, tolerant] = both(&expected, &answer);
    assert_eq!(exact, ["an element of the answer, result has a member b"]);
    assert_eq!(tolerant, [""; 0]);
    let empty = json!({ "result": [] });
    assert_eq!(both(&expected, &empty).map(|found| found.len()), [1, 1]);
}

#[test]
fn a_path_is_compared_without_its_ids() {
    let path = "/management/v1/projects/340000000000000002/roles/read:messages";
    assert_eq!(pattern(path), "/management/v1/projects/{}/roles/read:messages");
}
