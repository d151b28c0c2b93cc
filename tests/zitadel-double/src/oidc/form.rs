//! `application/x-www-form-urlencoded`, decoded as strictly as by Go.

/// Names and values in their original order.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

/// A `%` without two hex digits, a `;`, or bytes that are not UTF-8.
#[derive(Debug)]
pub(crate) struct MalformedForm;

impl Form {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, MalformedForm> {
        let text = str::from_utf8(text).map_err(|_| MalformedForm)?;
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let fields = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = unescape(name).zip(unescape(value));
            decoded.filter(|_| !pair.contains(';')).ok_or(MalformedForm)
        });
        fields.collect::<Result<_, _>>().map(Self)
    }

    /// Returns a name's last value, as ZITADEL does; empty if absent.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.iter().rfind(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Appends the fields of another form.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// Decodes one name or value; `None` if impossible.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// True if every character is unreserved, or part of an escape.
pub(crate) fn is_escaped(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-._~+%".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Form, is_escaped, unescape};

    #[test]
    fn a_plus_is_a_space_and_an_escape_is_a_byte() {
        assert_eq!(unescape("a%2Bb%25c+d").as_deref(), Some("a+b%c d"));
    }

    #[test]
    fn a_stray_percent_sign_cannot_be_decoded() {
        for text in ["100%", "%2", "%zz", "%ff"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_of_two_values_counts_and_both_names_are_seen() {
        let form = Form::parse(b"token=a&token=b&x").unwrap();
        assert_eq!(form.value("token"), "b");
        assert_eq!(form.names().collect::<Vec<_>>(), ["token", "token", "x"]);
    }

    #[test]
    fn letters_that_need_an_escape_betray_a_half_that_was_not_encoded() {
        assert!(is_escaped("a%40b-c_d.e~f*"));
        for text in ["a@b", "a b", "a:b", "a/b", "ä"] {
            assert!(!is_escaped(text), "{text}");
        }
    }
}
