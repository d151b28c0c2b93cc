//! Compares output with the page's expectations.

/// Asserts that `printed` contains each piece of code of the sentence after `Expected`, in order,
/// and the statuses.
#[track_caller]
pub(crate) fn assert_meets(printed: &str, sentence: &str) {
    let pieces: Vec<_> = sentence.split('`').collect();
    let (words, code) = (pieces.iter().step_by(2), pieces.iter().skip(1).step_by(2));
    let mut rest = printed;
    for (before, code) in words.clone().zip(code.clone()) {
        let found = rest.split_once(*code);
        let found = found.unwrap_or_else(|| panic!("{before}`{code}` is not in: {printed}"));
        rest = found.1;
    }
    let words = words.copied().collect::<Vec<_>>().join(" ");
    let statuses: Vec<_> =
        numbers(&words).into_iter().filter(|it| (200..600).contains(it)).collect();
    let is_check = words.contains("four lines, each beginning with");
    if is_check {
        assert_eq!(printed.lines().filter(|line| line.starts_with("ok ")).count(), 4, "{printed}");
        assert_eq!(printed.lines().count(), 4, "{printed}");
    } else if !statuses.is_empty() {
        let answers = printed.split("HTTP/1.1 ").skip(1);
        let answered: Vec<_> = answers.filter_map(|it| numbers(it).first().copied()).collect();
        assert_eq!(answered, statuses, "{printed}");
    }
    assert!(
        is_check || code.count() > 0 || !statuses.is_empty(),
        "nothing to compare in: {sentence}"
    );
    for error in ["curl: (", "jq: "] {
        assert!(!printed.contains(error), "{printed}");
    }
}

/// Returns the numbers that are separate words.
fn numbers(text: &str) -> Vec<usize> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| word.parse().ok()).collect()
}
