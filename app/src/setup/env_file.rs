//! Edits a `.env` line by line: a new value replaces the variable's line, other lines stay.

/// Sets `variables` in `text`, the content of a `.env`. A variable whose value is `None` is
/// removed.
pub(super) fn with(text: &str, variables: &[(String, Option<String>)]) -> String {
    let mut set = vec![false; variables.len()];
    let mut edited = String::new();
    for line in text.split_inclusive('\n') {
        let place = name(line).and_then(|name| variables.iter().position(|(it, _)| *it == name));
        match place.and_then(|place| Some((set.get_mut(place)?, variables.get(place)?))) {
            None => edited.push_str(line),
            // The last line about a name wins, so one line replaces all of them.
            Some((true, _) | (_, (_, None))) => {}
            Some((is_set, (name, Some(value)))) => {
                *is_set = true;
                edited.push_str(&binding(name, value));
            }
        }
    }
    if !edited.is_empty() && !edited.ends_with('\n') {
        edited.push('\n');
    }
    for ((name, value), is_set) in variables.iter().zip(set) {
        if let (false, Some(value)) = (is_set, value) {
            edited.push_str(&binding(name, value));
        }
    }
    edited
}

fn binding(name: &str, value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/+,".contains(c);
    if value.chars().all(is_plain) {
        format!("{name}={value}\n")
    } else {
        format!("{name}='{}'\n", value.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

fn name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, _) = line.split_once('=')?;
    let name = name.trim_end();
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_other_variables_stay() {
        let before = "# mine\nOTHER=1\nexport CLIENT_ID = old # why\n\nCLIENT_SECRET=x\nLAST=2";
        let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        let after = with(
            before,
            &[
                set("CLIENT_ID", "340"),
                ("CLIENT_SECRET".to_owned(), None),
                set("KEY_FILE", "a b's"),
            ],
        );
        assert_eq!(after, "# mine\nOTHER=1\nCLIENT_ID=340\n\nLAST=2\nKEY_FILE='a b\\'s'\n");
        assert_eq!(with("", &[set("A", "1")]), "A=1\n");
        assert_eq!(with("A=1\nA=2\n", &[set("A", "3")]), "A=3\n");
        assert_eq!(with("A=1\n", &[]), "A=1\n");
    }
}
