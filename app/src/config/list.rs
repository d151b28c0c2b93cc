//! Parses a list that is written in one string, such as the value of a variable.

/// Splits a text at its commas into trimmed items. A text in brackets is read as a JSON array of
/// strings or whole numbers.
///
/// # Errors
/// When brackets or quotes would become part of an item. The error repeats no value.
pub(super) fn items(text: &str) -> Result<Vec<String>, &'static str> {
    let text = text.trim();
    if text.starts_with('[') && text.ends_with(']') {
        let items: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|_| PROBLEM)?;
        return items.iter().map(|item| in_brackets(item).ok_or(PROBLEM)).collect();
    }
    let items: Vec<_> = text.split(',').map(|item| item.trim().to_owned()).collect();
    let is_wrapped = |item: &String| {
        item.starts_with(['"', '\'', '['])
            || item.ends_with(['"', '\''])
            || (item.ends_with(']') && !item.contains('['))
    };
    if items.iter().any(is_wrapped) { Err(PROBLEM) } else { Ok(items) }
}

const PROBLEM: &str = "its brackets or quotes do not make a list; write the items without them, with commas between \
     them, or as a JSON array of texts";

fn in_brackets(item: &serde_json::Value) -> Option<String> {
    let number = || item.as_u64().map(|number| number.to_string());
    item.as_str().map(|text| text.trim().to_owned()).or_else(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_and_without_brackets() {
        for (text, expected) in [
            ("a,b", &["a", "b"][..]),
            (" a , b ", &["a", "b"]),
            (r#"["a","b"]"#, &["a", "b"]),
            (r#" [ "a" , "b" ] "#, &["a", "b"]),
            ("[340000000000000200, 1]", &["340000000000000200", "1"]),
            ("[1]", &["1"]),
            (r#"["a,b"]"#, &["a,b"]),
            ("https://[::1]", &["https://[::1]"]),
            ("[]", &[]),
            ("a,,b", &["a", "", "b"]),
            ("", &[""]),
        ] {
            assert_eq!(items(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn brackets_and_quotes_are_no_part_of_an_item() {
        for text in [
            r#""a","b""#,
            r#""a,b""#,
            "'a','b'",
            "['a','b']",
            "[a, b]",
            "[a,b",
            "a,b]",
            "[[1]]",
            "[1.5]",
            "[-1]",
            "[null]",
            r#"["a",]"#,
            r#"["a"] ["b"]"#,
        ] {
            assert!(items(text).is_err(), "{text}");
        }
    }
}
