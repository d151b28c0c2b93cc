//! Plan for the native application of MCP clients.

use adapters::zitadel::management::{Application, ApplicationKind};

use super::{Plan, Step};
use crate::setup::{
    found::Found,
    here::Here,
    target::{Target, TargetClient},
};

impl Plan {
    /// Adds the steps for the application of MCP clients. Missing redirect URIs are added, none
    /// removed.
    pub(super) fn mcp_client(&mut self, target: &Target, found: &Found, here: &Here) {
        let Some(TargetClient { name, redirect_uris }) = &target.mcp_client else { return };
        let Some(application) = &found.mcp_client else {
            return self.steps.push(Step::CreateMcpClient);
        };
        let Application { name: found, id, is_active, kind } = application;
        let locked = here.lock.as_ref().and_then(|lock| lock.mcp_client.as_ref());
        // An application that setup made may be renamed.
        if found != name && locked.is_none_or(|locked| locked.id != *id) {
            return self.refuse(format!(
                "an application {found:?} exists in the project, and names are unique without regard to \
                 case: use another --name"
            ));
        }
        if !is_active {
            return self
                .refuse(format!("the application {found:?} ({id}) is deactivated: reactivate it"));
        }
        let ApplicationKind::Native(native) = kind else {
            return self.refuse(format!(
                "the application {found:?} ({id}) is no native application without a secret: use another \
                 --name, or rename it"
            ));
        };
        let is_missing = |uri: &&String| !native.redirect_uris.contains(*uri);
        let missing: Vec<_> = redirect_uris.iter().filter(is_missing).cloned().collect();
        if !missing.is_empty() || !native.may_refresh {
            self.steps.push(Step::ExtendMcpClient(missing));
        }
    }
}
