//! Test helper that groups test cases with the same output, so that a snapshot shows each output
//! only once.

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
