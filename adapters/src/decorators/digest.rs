//! Keyed digests, which are stored in place of tokens.

use std::hash::Hasher;

use domain::AccessToken;
use siphasher::sip128::{Hasher128, SipHasher13};
use uuid::Uuid;

/// `SipHash-1-3` of 128 bits. Texts with the same digest cannot be found without the key, which
/// never leaves the process.
pub(crate) type Digest = u128;

/// Computes digests under a random key of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digester(SipHasher13);

impl Digester {
    /// Creates a digester with a new key of 122 random bits: the other 6 of a UUID are fixed.
    pub(crate) fn new() -> Self {
        Self(SipHasher13::new_with_key(&Uuid::new_v4().into_bytes()))
    }

    pub(super) fn of_token(&self, token: &AccessToken<'_>) -> Digest {
        self.of(token.expose_secret())
    }

    pub(super) fn of(&self, text: &str) -> Digest {
        digest(self.0, text)
    }

    /// Returns the digest of `text` with the byte `kind` before it: a user and a role of the same
    /// name have different digests.
    pub(crate) fn of_kind(&self, kind: u8, text: &str) -> Digest {
        let mut hasher = self.0;
        hasher.write(&[kind]);
        digest(hasher, text)
    }
}

fn digest(mut hasher: SipHasher13, text: &str) -> Digest {
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::gated::token, *};

    // incidents.md row 2.
    #[test]
    fn two_digesters_know_one_token_by_two_digests() {
        let token = token("a");
        assert_ne!(Digester::new().of_token(&token), Digester::new().of_token(&token));
    }

    // incidents.md row 7: a key is a digest of fixed length, whatever the token.
    #[test]
    fn two_tokens_have_two_digests() {
        let digester = Digester::new();
        let tokens =
            ["a", "b", "aa", "a=", "a==", "A", "a.b", "a/b", "a%0Ab".trim_end_matches("%0Ab")];
        let digests: HashSet<_> =
            tokens.iter().map(|text| digester.of_token(&token(text))).collect();
        assert_eq!(digests.len(), tokens.len() - 1, "the last is the first");
    }
}
