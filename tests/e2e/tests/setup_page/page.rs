//! The page as steps: input, terminal, expectation.

use std::{fs, path::Path};

/// Shell block of the page.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Prose between the previous block and this one.
    pub(crate) words: String,
    /// Lines with their line feeds.
    pub(crate) code: String,
    /// Sentence that begins with `Expected`.
    pub(crate) expected: Option<String>,
}

impl Step {
    /// True if the page sends this block to the second terminal.
    pub(crate) fn is_for_second_terminal(&self) -> bool {
        self.words.contains("second terminal")
    }

    /// Returns the variable that the block reads from the terminal, if it does nothing else.
    pub(crate) fn secret(&self) -> Option<&str> {
        Some(self.code.strip_prefix("IFS= read -rs ")?.trim_end())
    }
}

/// Returns the steps of `docs/zitadel-setup.md`.
pub(crate) fn steps() -> Vec<Step> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/zitadel-setup.md");
    let page = fs::read_to_string(page).unwrap();
    let (mut steps, mut words): (Vec<Step>, _) = (Vec::new(), String::new());
    for (number, part) in page.split("```").enumerate() {
        if number % 2 == 0 {
            let line = part.lines().find(|line| line.starts_with("Expected"));
            if let (Some(step), Some(line)) = (steps.last_mut(), line) {
                let sentence = line.split(". ").next().unwrap();
                step.expected.get_or_insert_default().push_str(sentence);
            }
            part.clone_into(&mut words);
        } else if let Some(code) = part.strip_prefix("sh\n") {
            steps.push(Step { words: words.clone(), code: code.to_owned(), expected: None });
        }
    }
    steps
}
