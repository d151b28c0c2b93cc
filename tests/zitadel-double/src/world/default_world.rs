//! State of a new double: enough for the walk-through, with fixed ids.

use std::sync::OnceLock;

use super::{App, Credentials, Org, Project, SigningKey, World, WorldError};
use crate::ids::{ClientId, KeyId, OrgId, ProjectId};
use crate::random;
use crate::token_form::TokenSeal;

#[derive(Debug)]
pub(crate) struct DefaultWorld {
    pub(crate) org: OrgId,
    pub(crate) project: ProjectId,
    /// Front end for logins of people.
    pub(crate) front_end: ClientId,
    pub(crate) basic_client: ClientId,
    pub(crate) key_client: ClientId,
    pub(crate) key: KeyId,
    pub(crate) foreign_org: OrgId,
    pub(crate) foreign_project: ProjectId,
    pub(crate) foreign_client: ClientId,
}

impl DefaultWorld {
    pub(crate) fn new() -> Self {
        Self {
            org: OrgId::from("340000000000000200"),
            project: ProjectId::from("340000000000000001"),
            front_end: ClientId::from("340000000000000011"),
            basic_client: ClientId::from("340000000000000010"),
            key_client: ClientId::from("340000000000000013"),
            key: KeyId::from("340000000000000020"),
            foreign_org: OrgId::from("340000000000000201"),
            foreign_project: ProjectId::from("340000000000000002"),
            foreign_client: ClientId::from("340000000000000015"),
        }
    }

    pub(crate) fn build(&self, seal: TokenSeal) -> World {
        let mut world = World::empty(seal);
        let org = |name: &str, domain: &str| Org {
            name: name.to_owned(),
            primary_domain: domain.to_owned(),
            active: true,
        };
        world.orgs.insert(self.org.clone(), org("ACME", "acme.localhost"));
        world.orgs.insert(self.foreign_org.clone(), org("Globex", "globex.localhost"));

        let mut project = Project::new("Playground", &self.org);
        project.roles.insert("read:messages".to_owned());
        world.projects.insert(self.project.clone(), project);
        world
            .projects
            .insert(self.foreign_project.clone(), Project::new("Elsewhere", &self.foreign_org));

        let mut app = |client: &ClientId, project: &ProjectId, app_id: &str, credentials| {
            let app = App::new(project.clone(), app_id.to_owned(), credentials);
            world.apps.insert(client.clone(), app);
        };
        let secret = || Credentials::Secret(random::client_secret());
        app(&self.basic_client, &self.project, "340000000000000009", secret());
        app(&self.front_end, &self.project, "340000000000000008", Credentials::None);
        app(&self.key_client, &self.project, "340000000000000012", Credentials::Keys);
        app(&self.foreign_client, &self.foreign_project, "340000000000000014", secret());
        world
    }
}

impl World {
    /// Returns the first key of the default `private_key_jwt` application, registered on first use
    /// and generated once per process, because that takes time.
    pub(crate) fn default_key_json(&mut self, ids: &DefaultWorld) -> Result<String, WorldError> {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        let key = KEY.get_or_init(SigningKey::generate).clone();
        self.register_key(&ids.key_client, ids.key.clone(), key, None)
    }
}
