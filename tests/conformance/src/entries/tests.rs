//! Entries and observed cases.

use observed::introspection;

use super::{all, unmatched};

#[test]
fn each_case_has_one_entry_and_each_entry_one_case() {
    assert_eq!(unmatched(&introspection()), [""; 0]);
}

#[test]
fn a_case_without_an_entry_and_an_entry_without_a_case_are_found() {
    let mut cases = introspection();
    "no_such_case".clone_into(&mut cases[0].name);
    let expected = ["the case no_such_case has 0 entries", "the entry pat_with_role has 0 cases"];
    assert_eq!(unmatched(&cases), expected);
}

#[test]
fn what_a_real_server_is_not_asked_has_a_reason_and_is_less_than_a_third() {
    let reasons: Vec<&str> = all().filter_map(|entry| entry.double_only).collect();
    assert!(reasons.iter().all(|reason| reason.contains(' ')), "{reasons:?}");
    assert!(reasons.len() * 3 < all().count(), "{} cases", reasons.len());
}
