//! Checks at ZITADEL the tokens that this API itself uses: the canary (a known good token), and the
//! token that reads the event log.

use domain::{ChangeFeed, Introspection, IntrospectionError, Silence, TokenIntrospector};

use super::{ClaimName, EventLog, FeedSettings, OwnToken, ZitadelIntrospector};
use crate::Clocks;

impl ZitadelIntrospector {
    /// Introspects one of this API's own tokens, once.
    ///
    /// # Errors
    /// When no verdict is obtained.
    pub async fn introspect_own(
        &self,
        token: &OwnToken,
    ) -> Result<Introspection, IntrospectionError> {
        self.for_own_tokens().introspect(&token.current()).await
    }

    /// Reads the event log once, as the API does at its start, to check that the settings in `feed`
    /// work. `claims` are the additional claims whose changes the API follows.
    ///
    /// # Errors
    /// When the event log cannot be read.
    pub async fn read_event_log(
        &self,
        feed: &FeedSettings,
        project_id: Option<&str>,
        claims: Vec<ClaimName>,
    ) -> Result<(), Silence> {
        let clocks = Clocks::of_the_system();
        let project_id = project_id.map(str::to_owned);
        let mut log = EventLog::new(self, feed, project_id, claims, clocks);
        // The loop ends by itself: a poll takes at most 20 s.
        while log.next().await?.as_of.is_none() {}
        Ok(())
    }
}
