//! Steps that create or extend the native application of MCP clients.

use super::Work;
use crate::setup::{
    error::PerformError,
    lock::ObjectEntry,
    taken::taken,
    target::{Target, TargetClient},
};

impl Work<'_> {
    pub(super) async fn create_mcp_client(&mut self) -> Result<(), PerformError> {
        let project = self.project()?;
        let TargetClient { name, redirect_uris } = client(self.target)?;
        let made = self.management.create_native_application(&project, name, redirect_uris).await;
        let made = match made {
            Err(error) if error.is_conflict() => {
                let names = async || {
                    let found = self.management.applications_named(&project, name).await?;
                    Ok(found.into_iter().map(|application| application.name).collect())
                };
                return Err(PerformError::Taken(taken("application", name, names).await?));
            }
            made => made?,
        };
        self.lock.mcp_client = Some(ObjectEntry { id: made.id, made_here: true });
        self.mcp_client_id = Some(made.client_id);
        Ok(())
    }

    pub(super) async fn extend_mcp_client(
        &mut self,
        missing: &[String],
    ) -> Result<(), PerformError> {
        let (project, client) = (self.project()?, self.lock.mcp_client.as_ref());
        let id = client.map(|client| client.id.clone()).ok_or(PerformError::Order)?;
        Ok(self.management.extend_native_application(&project, &id, missing).await?)
    }
}

fn client(target: &Target) -> Result<&TargetClient, PerformError> {
    target.mcp_client.as_ref().ok_or(PerformError::Order)
}
