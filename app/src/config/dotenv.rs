//! Parses a `.env` file as python-dotenv 1.2 does, so that the file of ZITADEL's Python example
//! works unchanged. One difference: `$` is never expanded.

use std::collections::BTreeMap;

use thiserror::Error;

/// Error for an unreadable line in a `.env` file, if the line contains a setting's name, or a
/// similar name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("line {line} cannot be read; write NAME=value or NAME=\"value\"")]
pub(super) struct UnreadableLine {
    line: usize,
}

/// Returns the variables of a `.env` file. A later line for the same name wins; a name without `=`
/// unsets the variable.
///
/// # Errors
/// When an unreadable line has a word for which `is_ours` is true. Other unreadable lines are
/// skipped.
pub(super) fn parse(
    text: &str,
    is_ours: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, UnreadableLine> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let mut variables = BTreeMap::new();
    let mut reader = Reader { rest: &text };
    loop {
        reader.skip_while(is_space);
        if reader.rest.is_empty() {
            return Ok(variables);
        }
        let start = reader.rest;
        match reader.binding() {
            Some(Binding { name: "", .. }) => {}
            Some(Binding { name, value: Some(value) }) => {
                variables.insert(name.to_owned(), value);
            }
            Some(Binding { name, value: None }) => drop(variables.remove(name)),
            None => {
                reader.skip_while(|c| c != '\n');
                let skipped = &start[..start.len() - reader.rest.len()];
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if skipped.split(|c| !is_word(c)).any(&is_ours) {
                    let before = &text[..text.len() - start.len()];
                    return Err(UnreadableLine { line: before.matches('\n').count() + 1 });
                }
            }
        }
    }
}

/// Returns whether Python's `str.isspace` is true for `c`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n'
}

/// Parsed line of a `.env` file: an assignment, or a comment (then `name` is empty). A quoted value
/// may span lines.
struct Binding<'a> {
    name: &'a str,
    value: Option<String>,
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Parses the next assignment or comment; `None` if the line is unreadable.
    fn binding(&mut self) -> Option<Binding<'a>> {
        self.export();
        let name = self.name()?;
        self.skip_while(is_blank);
        let value = if self.skip("=") {
            let is_spaced = self.rest.starts_with(is_blank);
            self.skip_while(is_blank);
            let is_comment = is_spaced && self.rest.starts_with('#');
            Some(if is_comment { String::new() } else { self.value()? })
        } else {
            None
        };
        self.skip_while(is_blank);
        if self.rest.starts_with('#') {
            self.skip_while(|c| c != '\n');
        }
        (self.rest.is_empty() || self.skip("\n")).then_some(Binding { name, value })
    }

    fn export(&mut self) {
        if let Some(rest) = self.rest.strip_prefix("export")
            && rest.starts_with(is_blank)
        {
            self.rest = rest.trim_start_matches(is_blank);
        }
    }

    fn name(&mut self) -> Option<&'a str> {
        if self.rest.starts_with('#') {
            return Some("");
        }
        let name = match self.rest.strip_prefix('\'') {
            Some(quoted) => {
                let (name, rest) = quoted.split_once('\'')?;
                self.rest = rest;
                name
            }
            None => self.take_while(|c| c != '=' && c != '#' && !is_space(c)),
        };
        (!name.is_empty()).then_some(name)
    }

    fn value(&mut self) -> Option<String> {
        match self.rest.chars().next() {
            Some('\'') => self.quoted('\'', unescape_single),
            Some('"') => self.quoted('"', unescape_double),
            _ => Some(self.unquoted()),
        }
    }

    fn unquoted(&mut self) -> String {
        let line = self.take_while(|c| c != '\n');
        let comment = line.match_indices('#').map(|(index, _)| &line[..index]);
        let value = comment.into_iter().find(|before| before.ends_with(is_space)).unwrap_or(line);
        value.trim_end_matches(is_space).to_owned()
    }

    /// Parses a value up to the closing `quote`; `None` if that is missing. A quote behind a
    /// backslash does not close the value.
    fn quoted(&mut self, quote: char, unescape: fn(char) -> Option<char>) -> Option<String> {
        let quoted = self.rest.strip_prefix(quote)?;
        let mut escaped = false;
        let end = quoted.find(|c| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        let (value, rest) = quoted.split_at(end);
        self.rest = rest.strip_prefix(quote)?;
        Some(decode(value, unescape))
    }

    fn skip(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_while(&mut self, condition: impl Fn(char) -> bool) {
        self.take_while(condition);
    }

    fn take_while(&mut self, condition: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !condition(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

fn decode(text: &str, unescape: fn(char) -> Option<char>) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let plain = (c == '\\').then(|| chars.peek().copied().and_then(unescape)).flatten();
        if plain.is_some() {
            chars.next();
        }
        decoded.push(plain.unwrap_or(c));
    }
    decoded
}

fn unescape_single(c: char) -> Option<char> {
    matches!(c, '\\' | '\'').then_some(c)
}

fn unescape_double(c: char) -> Option<char> {
    Some(match c {
        '\\' | '\'' | '"' => c,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        _ => return None,
    })
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
#[cfg(test)]
mod tests;
