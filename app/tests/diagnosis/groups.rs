//! Says of many cases what the app says of each, once for those of which it says the same.

use std::fmt::Write;

/// Cases by what is said of them, in the order in which that was first said.
#[derive(Default)]
pub(crate) struct Groups(Vec<(String, Vec<String>)>);

impl Groups {
    pub(crate) fn add(&mut self, case: &str, said: String) {
        match self.0.iter_mut().find(|(other, _)| *other == said) {
            Some((_, cases)) => cases.push(case.to_owned()),
            None => self.0.push((said, vec![case.to_owned()])),
        }
    }

    /// The text of a snapshot.
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
