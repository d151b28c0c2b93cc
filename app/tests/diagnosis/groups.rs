//! Test helper that groups cases with equal output, so that a snapshot has each output once.

use std::fmt::Write;

/// Outputs of test cases in the order of first occurrence, each with its cases' names.
#[derive(Default)]
pub(crate) struct Groups(Vec<(String, Vec<String>)>);

impl Groups {
    pub(crate) fn add(&mut self, case: &str, said: String) {
        match self.0.iter_mut().find(|(other, _)| *other == said) {
            Some((_, cases)) => cases.push(case.to_owned()),
            None => self.0.push((said, vec![case.to_owned()])),
        }
    }

    /// Returns the text of a snapshot: each output below the names of its cases.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (said, cases) in &self.0 {
            for case in cases {
                writeln!(text, "=== {case}").unwrap();
            }
            writeln!(text, "{said}").unwrap();
        }
        text
    }
}
