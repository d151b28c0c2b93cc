//! Third-party MCP clients, from the first 401 to a tool's result. `mcp-clients/README.md` lists
//! the needs of each.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod client;
mod program;
mod rmcp_client;
mod server;
mod stories;
mod stripping_proxy;

use client::{Habits, Kind, Recovery};
use stories::Identity;

/// Three tests per client: registration at an authorization server with RFC 8414 metadata; a
/// configured client id at one without, as with ZITADEL; and failure without the API's scopes.
macro_rules! clients {
    ($($name:ident: $kind:expr, $habits:expr;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn goes_the_whole_way_and_registers() {
                stories::whole_way($kind, $habits, Identity::Registered).await;
            }

            #[tokio::test]
            async fn goes_the_whole_way_with_a_client_id() {
                stories::whole_way($kind, $habits, Identity::Given).await;
            }

            #[tokio::test]
            async fn is_lost_without_the_scopes_that_the_api_names() {
                stories::lost_without_scopes($kind).await;
            }
        }
    )*};
}

clients! {
    typescript_sdk_1: Kind::Node("sdk-1.mjs"), Habits {
        without_access_token: Recovery::Login,
        without_any_token: Recovery::Login,
        ..Habits::default()
    };
    typescript_client_2: Kind::Node("client-2.mjs"), Habits {
        without_access_token: Recovery::Refresh,
        without_any_token: Recovery::Login,
        ..Habits::default()
    };
    python_mcp: Kind::Python("mcp_sdk.py"), Habits {
        without_access_token: Recovery::Login,
        without_any_token: Recovery::Login,
        ..Habits::default()
    };
    python_fastmcp: Kind::Python("fast_mcp.py"), Habits {
        without_access_token: Recovery::Login,
        without_any_token: Recovery::Login,
        ..Habits::default()
    };
    rmcp: Kind::Rmcp, Habits::default();
    inspector: Kind::Node("inspector.mjs"), Habits {
        without_access_token: Recovery::Refresh,
        without_any_token: Recovery::Login,
        refreshes_on_403_with_a_client_id: true,
    };
}

/// A page cannot register: the registration endpoint allows no other origin.
mod page_in_chromium {
    use super::*;

    const KIND: Kind = Kind::Node("chromium.mjs");

    #[tokio::test]
    async fn goes_the_whole_way_with_a_client_id() {
        let habits = Habits {
            without_access_token: Recovery::Refresh,
            without_any_token: Recovery::Login,
            ..Habits::default()
        };
        stories::whole_way(KIND, habits, Identity::Given).await;
    }

    #[tokio::test]
    async fn is_lost_without_the_scopes_that_the_api_names() {
        stories::lost_without_scopes(KIND).await;
    }

    /// The browser hides the challenge from the page unless the API exposes it.
    #[tokio::test]
    async fn reads_the_scopes_in_the_challenge() {
        stories::scopes_of_the_challenge_suffice(KIND).await;
    }
}
