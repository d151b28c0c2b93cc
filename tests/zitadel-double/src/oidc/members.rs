//! JSON objects in Go's format.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Members in their written order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(Vec<(String, Value)>);

impl Members {
    /// Appends or replaces a member.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }
}

impl<const COUNT: usize> From<[(&str, Value); COUNT]> for Members {
    fn from(members: [(&str, Value); COUNT]) -> Self {
        Self(members.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Formats one line of JSON, with escaped HTML characters and a line feed.
#[expect(clippy::expect_used, reason = "texts and numbers are JSON")]
pub(super) fn line(json: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_string(json).expect("JSON");
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    format!("{json}\n").into_bytes()
}
