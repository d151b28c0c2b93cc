//! Steps of a client, and its failure without the API's scopes.

use tests::{Counts, OidcProvider};

use crate::{
    client::{Client, Habits, Kind, Recovery},
    server::{McpServer, free_port},
    stripping_proxy::StrippingProxy,
};

/// Origin of a client id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Registration, at an authorization server with RFC 8414 metadata.
    Registered,
    /// Configuration, at an authorization server with OpenID Connect discovery only.
    Given,
}

impl Identity {
    async fn provider(self) -> OidcProvider {
        let options: &[&str] = match self {
            Self::Registered => &[],
            Self::Given => &["--without-rfc8414"],
        };
        OidcProvider::start_with(options).await
    }

    fn client_id(self, provider: &OidcProvider) -> Option<String> {
        (self == Self::Given).then(|| provider.about("native").to_owned())
    }
}

/// Connects, and calls the tool that the user may use.
async fn connect_and_call(client: &mut Client, client_id: Option<&str>) -> Result<(), String> {
    client.connect(client_id).await?;
    let told = client.call("read_message").await?;
    assert!(!told.is_error, "{told:?}");
    Ok(())
}

pub(crate) async fn whole_way(kind: Kind, habits: Habits, identity: Identity) {
    let mut provider = identity.provider().await;
    let page_port = free_port();
    let server = McpServer::start(&provider, None, page_port).await;
    let id = identity.client_id(&provider);
    let mut client = Client::start(kind, &server.url(), page_port);
    let refreshes_on_403 = habits.refreshes_on_403_with_a_client_id && identity == Identity::Given;

    provider.grant("anna", &["read:messages"]).await;
    provider.sign_in("anna").await;
    connect_and_call(&mut client, id.as_deref()).await.unwrap();
    let login = provider.counts().await;
    assert!(login.authorization >= 1, "{login:?}");
    assert_eq!((login.token, login.registration), (1, u64::from(id.is_none())));

    let told = client.call("delete_message").await.unwrap();
    assert!(told.is_error && told.text.contains("delete:messages"), "{told:?}");
    assert_eq!(provider.counts().await, login, "a role of a tool is missing");

    provider.ungrant("anna").await;
    client.call("read_message").await.expect_err("the role of the route is missing");
    let denied = provider.counts().await;
    let token = denied.token;
    assert_eq!(Counts { token: login.token, ..denied }, login, "the role of the route is missing");
    assert_eq!(token > login.token, refreshes_on_403, "{token} requests at the token endpoint");

    provider.grant("anna", &["read:messages"]).await;
    provider.revoke_access_tokens("anna").await;
    recovers(&mut client, &mut provider, habits.without_access_token).await;
    provider.revoke("anna").await;
    recovers(&mut client, &mut provider, habits.without_any_token).await;

    let before = provider.counts().await;
    provider.sign_in("bert").await;
    connect_and_call(&mut client, id.as_deref()).await.expect_err("bert has no role");
    let after = provider.counts().await;
    assert_eq!(after.authorization - before.authorization, login.authorization, "one login");
    assert_eq!(after.token - before.token > login.token, refreshes_on_403, "one login");
    client.end().await;
}

/// Calls a tool with a token that the API refuses.
async fn recovers(client: &mut Client, provider: &mut OidcProvider, recovery: Recovery) {
    let before = provider.counts().await;
    let told = client.call("read_message").await;
    let after = provider.counts().await;
    let taken = match told {
        Err(_) => Recovery::None,
        Ok(told) if told.is_error => panic!("{told:?}"),
        Ok(_) if after.authorization > before.authorization => Recovery::Login,
        Ok(_) => Recovery::Refresh,
    };
    assert_eq!(taken, recovery, "{before:?}, then {after:?}");
}

/// An API behind a proxy, its authorization server, and a client with its id.
struct Proxied {
    provider: OidcProvider,
    proxy: StrippingProxy,
    client: Client,
    _server: McpServer,
}

impl Proxied {
    async fn start(kind: Kind) -> Self {
        let mut provider = Identity::Given.provider().await;
        let page_port = free_port();
        let proxy = StrippingProxy::start().await;
        let server = McpServer::start(&provider, Some(proxy.address()), page_port).await;
        proxy.forward_to(server.address());
        let client = Client::start(kind, &proxy.url(), page_port);
        provider.grant("anna", &["read:messages"]).await;
        provider.sign_in("anna").await;
        Self { provider, proxy, client, _server: server }
    }

    async fn connect_and_call(&mut self) -> Result<(), String> {
        let id = Identity::Given.client_id(&self.provider);
        connect_and_call(&mut self.client, id.as_deref()).await
    }
}

pub(crate) async fn lost_without_scopes(kind: Kind) {
    let mut proxied = Proxied::start(kind).await;
    let lost = proxied.connect_and_call().await.expect_err("the token is for no API");
    // The client reached the login, so only the missing scopes stopped it.
    assert!(proxied.provider.counts().await.authorization >= 1, "{lost}");

    proxied.proxy.keep_challenges();
    proxied.proxy.keep_metadata();
    proxied.connect_and_call().await.expect("the scopes are what was missing");
    proxied.client.end().await;
}

pub(crate) async fn scopes_of_the_challenge_suffice(kind: Kind) {
    let mut proxied = Proxied::start(kind).await;
    proxied.proxy.keep_challenges();
    proxied.connect_and_call().await.expect("the challenge names the scopes");
    proxied.client.end().await;
}
