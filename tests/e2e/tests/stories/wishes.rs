//! A test backs each claim of the documentation about users' wishes, incidents elsewhere and
//! standards.

use std::fs;

use crate::documentation::{files, root};

/// Returns the table cells of a text by row, without headings.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<_> = text.lines().collect();
    let is_heading = |next: Option<&&str>| next.is_some_and(|next| next.starts_with("|---"));
    let rows = lines
        .iter()
        .enumerate()
        .filter(|(number, line)| line.starts_with("| ") && !is_heading(lines.get(number + 1)));
    rows.map(|(_, line)| line.trim_matches('|').split('|').collect()).collect()
}

#[track_caller]
fn assert_held(row: &[&str], code: &str) {
    let names = row.last().unwrap().split('`').skip(1).step_by(2);
    let names: Vec<_> = names.filter(|name| name.contains('_')).collect();
    assert!(!names.is_empty(), "nothing holds {row:?}");
    for name in names {
        assert!(is_test(code, name), "{name} is no test");
    }
}

fn code() -> String {
    let mut sources = Vec::new();
    files(&root(), "rs", &mut sources);
    sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

// A wish is met only with a test, and must name its source.
#[test]
fn every_wish_names_whose_it_is_and_a_test_that_exists() {
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, wishes) = page.split_once("## What users of such software ask for").unwrap();
    let (rows, code) = (rows(wishes), code());
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        assert!(row.len() == 4 && row[1].contains('#'), "whose is the wish {row:?}");
        assert_held(&row, &code);
    }
}

#[test]
fn every_incident_names_a_test_that_exists() {
    let page = fs::read_to_string(root().join("docs/incidents.md")).unwrap();
    let (rows, code) = (rows(&page), code());
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        assert_held(&row, &code);
    }
}

#[test]
fn each_thing_that_a_standard_asks_has_a_test_or_a_reason_why_it_does_not_apply() {
    let page = fs::read_to_string(root().join("docs/mcp.md")).unwrap();
    let (_, asked) = page.split_once("## What the texts ask").unwrap();
    let (rows, code) = (rows(asked), code());
    assert!(rows.len() > 40, "{rows:?}");
    for row in rows {
        assert_eq!(row.len(), 4, "{row:?}");
        if !row[2].trim_start().starts_with("does not apply, because") {
            assert_held(&row, &code);
        }
    }
}

fn is_test(code: &str, name: &str) -> bool {
    let is_attribute = |line: &str| line.trim().starts_with("#[") && line.contains("test");
    code.split_once(&format!("fn {name}("))
        .is_some_and(|(before, _)| before.lines().rev().take(3).any(is_attribute))
}

// Third-party pages had it wrong more than once, and clients that follow them get a 401.
#[test]
fn the_scope_for_the_audience_is_spelled_right_wherever_it_is_told() {
    let mut all = Vec::new();
    files(&root(), "md", &mut all);
    files(&root().join("adapters/src"), "rs", &mut all);
    let text: String = all.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let told: Vec<_> = text.split("urn:zitadel:iam:org:project:id").skip(1).collect();
    assert!(told.len() > 3, "{}", told.len());
    for rest in told {
        let mut parts = rest.splitn(3, ':').skip(1);
        let (id, end) = (parts.next().unwrap(), parts.next().unwrap());
        assert!(!id.contains(char::is_whitespace) && end.starts_with("aud"), "{id}:{end:.20}");
    }
}
