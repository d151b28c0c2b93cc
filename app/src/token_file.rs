//! In-memory fake with tokens from a file that can be edited while the API runs.

use std::{io, path::PathBuf};

use adapters::{
    InMemoryIntrospector,
    bounded_file::{self, AGAIN},
};
use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use tokio::{sync::Mutex, task::spawn_blocking};
use tracing::{info, warn};

use crate::local_tokens::LocalTokens;

/// In-memory fake (a stand-in for ZITADEL in development) that reads its token file before each
/// introspection. After a broken edit, the last good content stays in use, and one warning is
/// logged.
#[derive(Debug)]
pub(crate) struct TokenFile {
    path: PathBuf,
    introspector: InMemoryIntrospector,
    /// Content of the token file at the last read, or the error; `None` before the first read. The
    /// lock is held during a read, so that at most one read waits for a file that hangs, such as a
    /// pipe.
    seen: Mutex<Option<Content>>,
}

type Content = Result<String, io::ErrorKind>;

impl TokenFile {
    /// Creates the fake with `tokens`, the content of the token file at the start.
    pub(crate) fn new(path: PathBuf, tokens: &LocalTokens) -> Self {
        let introspector = InMemoryIntrospector::new(tokens.answers());
        Self { path, introspector, seen: Mutex::new(None) }
    }

    async fn refresh(&self) {
        let mut seen = self.seen.lock().await;
        let path = self.path.clone();
        let read = spawn_blocking(move || bounded_file::read_to_string(&path, AGAIN)).await;
        // The runtime is shutting down.
        let Ok(content) = read else { return };
        let content = content.map_err(|error| error.kind());
        if seen.as_ref() == Some(&content) {
            return;
        }
        let file = self.path.display();
        match content.as_deref().map(LocalTokens::parse) {
            Ok(Ok(tokens)) => {
                self.introspector.replace(tokens.answers());
                if seen.is_some() {
                    info!(%file, "read the local tokens again");
                }
            }
            Ok(Err(error)) => warn!(%file, %error, "the local tokens stay as they were"),
            Err(error) => warn!(%file, %error, "the local tokens stay as they were"),
        }
        *seen = Some(content);
    }
}

#[async_trait]
impl TokenIntrospector for TokenFile {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        self.refresh().await;
        self.introspector.introspect(token).await
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn an_edit_shows_at_the_next_question_and_a_broken_one_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.toml");
        let write = |text: &str| fs::write(&path, text).unwrap();
        write("[[token]]\ntoken = \"a\"");
        let introspector = TokenFile::new(path.clone(), &LocalTokens::read(&path).unwrap());
        let token = AccessToken::parse("a").unwrap();
        let is_active =
            async || matches!(introspector.introspect(&token).await, Ok(Introspection::Active(_)));
        assert!(is_active().await);
        write("[[token]]\ntoken = \"b\"");
        assert!(!is_active().await);
        write("[[token]]\ntoken = \"a\"");
        assert!(is_active().await);
        write("[[token]]\ntoken = ");
        assert!(is_active().await);
        fs::remove_file(&path).unwrap();
        assert!(is_active().await);
        write("");
        assert!(!is_active().await);
    }
}
