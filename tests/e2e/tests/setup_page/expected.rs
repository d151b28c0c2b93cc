//! What the page expects, compared with what was printed.

use serde_json::{Deserializer, Value};

/// Asserts that `printed` is what the text behind `Expected` says: each piece of code in it, in
/// that order; the statuses; the JSON, of which more members may come; the lines of text.
#[track_caller]
pub(crate) fn assert_meets(printed: &str, expected: &str) {
    let mut parts = expected.split("```");
    let sentence = parts.next().unwrap();
    let mut is_checked = assert_sentence(printed, sentence);
    for block in parts.step_by(2) {
        let (kind, body) = block.split_once('\n').unwrap();
        if kind == "json" {
            let wanted: Value = serde_json::from_str(body).unwrap();
            let found = json_in(printed);
            assert!(found.iter().any(|found| holds(found, &wanted)), "{wanted} in {printed}");
        } else {
            let mut lines = body.lines();
            assert!(lines.all(|line| printed.contains(line)), "{body} in {printed}");
        }
        is_checked = true;
    }
    assert!(is_checked, "nothing to compare in: {expected}");
    for error in ["curl: (", "jq: ", "was refused"] {
        assert!(!printed.contains(error), "{printed}");
    }
}

#[track_caller]
fn assert_sentence(printed: &str, sentence: &str) -> bool {
    let pieces: Vec<_> = sentence.split('`').collect();
    let (words, code) = (pieces.iter().step_by(2), pieces.iter().skip(1).step_by(2));
    // "such as" goes before an example of a number, a time or an id.
    let (ids, mut rest) = (without_ids(printed), 0);
    for (before, code) in words.clone().zip(code.clone()) {
        let wanted = without_ids(code);
        let found = ids[rest..].find(&wanted);
        let found = found.unwrap_or_else(|| panic!("{before}`{code}` is not in: {printed}"));
        rest += found + wanted.len();
    }
    let words = words.copied().collect::<Vec<_>>().join(" ");
    let statuses = numbers(&words).into_iter().filter(|number| (200..600).contains(number));
    let statuses: Vec<_> = statuses.collect();
    if words.contains("four lines, each beginning with") {
        assert_eq!(printed.lines().filter(|line| line.starts_with("ok ")).count(), 4, "{printed}");
        assert_eq!(printed.lines().count(), 4, "{printed}");
    } else if words.contains(" of about ") {
        let printed = *numbers(printed).first().unwrap();
        let near = |number: &usize| number.abs_diff(printed) * 20 <= *number;
        assert!(numbers(&words).iter().any(near), "{printed}: {sentence}");
    } else if !statuses.is_empty() {
        let answered = printed
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|answer| numbers(answer).first().copied());
        let answered: Vec<_> = answered.collect();
        assert_eq!(answered, statuses, "{printed}");
    }
    code.count() > 0 || !statuses.is_empty()
}

/// The numbers that stand alone in a text.
fn numbers(text: &str) -> Vec<usize> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The text with each id, and each time that is a line, made the same.
fn without_ids(text: &str) -> String {
    let is_time = |line: &str| line.starts_with("20") && line.contains('T') && line.ends_with('Z');
    let lines = text.split('\n').map(|line| if is_time(line) { "(time)" } else { line });
    let text = lines.collect::<Vec<_>>().join("\n");
    let (mut shown, mut digits) = (String::new(), String::new());
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
        } else {
            shown += if digits.len() >= 15 { "(id)" } else { &digits };
            digits.clear();
            shown.push(character);
        }
    }
    shown.pop();
    shown
}

/// The JSON objects that begin a line.
fn json_in(printed: &str) -> Vec<Value> {
    let starts = printed.match_indices('{').map(|(start, _)| start);
    let starts = starts.filter(|start| *start == 0 || printed[..*start].ends_with('\n'));
    let values = starts.filter_map(|start| {
        Deserializer::from_str(&printed[start..]).into_iter::<Value>().next()?.ok()
    });
    values.collect()
}

/// Whether `found` has everything of `wanted`, where any id is as good as another.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            let same = |(found, _): &(&String, &Value)| without_ids(found) == without_ids(name);
            found.iter().filter(same).any(|(_, found)| holds(found, wanted))
        }),
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(f, w)| holds(f, w))
        }
        (Value::String(found), Value::String(wanted)) => {
            wanted == "…" || without_ids(found) == without_ids(wanted)
        }
        _ => found == wanted,
    }
}
