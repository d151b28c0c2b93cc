//! The client of the crate `rmcp`, used as its documentation shows.

use std::error::Error;

use rmcp::{
    RoleClient, ServiceExt,
    model::CallToolRequestParams,
    service::RunningService,
    transport::{
        AuthClient, AuthorizationManager, StreamableHttpClientTransport,
        auth::{AuthorizationRequest, OAuthState},
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::json;

use crate::client::Told;

/// Loopback URL with a port that is in no list of redirect URIs.
const REDIRECT_URL: &str = "http://127.0.0.1:49152/callback";

type Failure = Box<dyn Error>;

pub(crate) struct RmcpClient {
    url: String,
    service: Option<RunningService<RoleClient, ()>>,
}

/// Formats an error with its causes.
fn told(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", told(cause)));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Acts as a browser with a signed-in user: the authorization server redirects at once.
async fn open(url: &str) -> Result<String, Failure> {
    let browser = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let response = browser.build()?.get(url).send().await?;
    let location = response.headers().get("location").ok_or("no redirect")?;
    Ok(location.to_str()?.to_owned())
}

impl RmcpClient {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), service: None }
    }

    pub(crate) async fn connect(&mut self, client_id: Option<&str>) -> Result<(), String> {
        self.service = None;
        let service = async {
            let manager = self.authorize(client_id).await?;
            let http = reqwest::Client::builder().no_proxy().build()?;
            let transport = StreamableHttpClientTransport::with_client(
                AuthClient::new(http, manager),
                StreamableHttpClientTransportConfig::with_uri(self.url.as_str()),
            );
            Ok::<_, Failure>(().serve(transport).await?)
        };
        self.service = Some(service.await.map_err(|error| told(&*error))?);
        Ok(())
    }

    async fn authorize(&self, client_id: Option<&str>) -> Result<AuthorizationManager, Failure> {
        let mut state = OAuthState::new(&self.url, None).await?;
        let mut request = AuthorizationRequest::new(REDIRECT_URL);
        if let Some(client_id) = client_id {
            request = request.with_preregistered_client(client_id);
        }
        state.start_authorization(request).await?;
        let callback = open(&state.get_authorization_url().await?).await?;
        state.handle_callback_url(&callback).await?;
        Ok(state.into_authorization_manager().ok_or("not authorized")?)
    }

    pub(crate) async fn call(&mut self, tool: &'static str) -> Result<Told, String> {
        let service = self.service.as_ref().ok_or("not connected")?;
        let arguments = json!({ "id": 1 }).as_object().cloned().unwrap();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let result = service.call_tool(request).await;
        let result = result.map_err(|error| told(&error))?;
        let text = result.content.iter().filter_map(|part| Some(part.as_text()?.text.as_str()));
        Ok(Told { text: text.collect(), is_error: result.is_error.unwrap_or_default() })
    }
}
