//! Each response of the double against a real ZITADEL's to the same request.
//!
//! Tables map each observed case to a request at a double in the same state.

mod applications;
mod assertions;
mod clients;
mod comparison;
mod faults;
mod hosts;
mod kinds_of_tokens;
mod organizations;
mod question;
mod sessions;
mod signed_assertion;
mod stage;
mod token_texts;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use comparison::{assert_alike, now};
use question::Question;
use stage::Stage;

/// Case of `tests/observed/introspection.jsonl`.
#[derive(Deserialize)]
struct Observed {
    case: String,
    asked: Value,
    /// Absent if no response arrived.
    status: Option<u16>,
    headers: Value,
    body: String,
}

static OBSERVED: LazyLock<Vec<Observed>> = LazyLock::new(|| {
    let lines = include_str!("../../../../observed/introspection.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
});

/// Request of each case, made after its setup.
type Table = &'static [(&'static str, fn(&Stage, &Observed) -> Question)];

const TABLES: [Table; 8] = [
    applications::TABLE,
    assertions::TABLE,
    clients::TABLE,
    hosts::TABLE,
    kinds_of_tokens::TABLE,
    organizations::TABLE,
    sessions::TABLE,
    token_texts::TABLE,
];

fn find(case: &str) -> &'static Observed {
    OBSERVED.iter().find(|one| one.case == case).unwrap_or_else(|| panic!("no case {case}"))
}

/// Sends each request of a table to a new double, and compares.
async fn check(table: Table) {
    for (case, question) in table {
        let observed = find(case);
        // Assertions are checked by whole seconds: none may end between request and response.
        let mut is_compared = false;
        for _ in 0..20 {
            let stage = Stage::new().await;
            let second = now();
            let answer = question(&stage, observed).ask(&stage).await;
            is_compared = now() == second;
            if is_compared {
                assert_alike(observed, &answer, &stage);
                break;
            }
        }
        assert!(is_compared, "{case} was never asked within one second");
    }
}

#[test]
fn no_observed_case_is_left_out_or_taken_twice() {
    let tables = TABLES.into_iter().flatten().map(|(case, _)| *case);
    let handled: Vec<&str> = tables.chain(faults::CASES).collect();
    let observed: Vec<&str> = OBSERVED.iter().map(|one| one.case.as_str()).collect();
    let names = |cases: &[&'static str]| cases.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(names(&handled), names(&observed));
    assert_eq!((handled.len(), observed.len()), (168, 168));
}
