//! Plans which settings `setup` writes to `.env`, and which it leaves as they are.

use adapters::zitadel::management::ApplicationKind;

use super::{Plan, Step};
use crate::setup::{
    args::SetupArgs,
    found::Found,
    here::{ENV_FILE, Here},
    target::Target,
    variables::{CLIENT_ID, CLIENT_SECRET, DOMAIN, Known, project_id, wanted},
};

impl Plan {
    pub(super) fn env(&mut self, args: &SetupArgs, target: &Target, found: &Found, here: &Here) {
        if self.lacks_credentials {
            return;
        }
        let client_id = found.client_id();
        let value = |name: &str| here.variables.get(name);
        let project = found.project.as_ref().map(|project| &project.id);
        let of_other = value(&project_id(target)).filter(|id| Some(*id) != project);
        if let (Some(id), false) = (of_other, args.force) {
            return self.refuse(format!(
                "{ENV_FILE}: it is for the project {id}: run this in another directory, or use --force"
            ));
        }
        let is_of_this = value(CLIENT_ID).map(String::as_str) == client_id;
        if value(CLIENT_SECRET).is_some() && !is_of_this && !args.force {
            return self.refuse(format!(
                "{ENV_FILE}: it has the secret of another application: run this in another directory, \
                 or use --force"
            ));
        }
        let makes = |step: &Step| self.steps.contains(step);
        let key = here.key.as_ref().filter(|_| !makes(&Step::CreateKey));
        let key = key.and_then(|key| found.keys.iter().find(|it| it.id == key.key_id));
        let secret = value(CLIENT_SECRET).filter(|_| is_of_this && !makes(&Step::GenerateSecret));
        let wanted = wanted(
            args,
            target,
            Known {
                project: project.cloned(),
                client_id: client_id.map(str::to_owned),
                client_secret: secret.cloned(),
                key_expires: key.map(|key| key.expires.clone()),
            },
        );
        let overriding = wanted.iter().filter(|(name, value)| {
            here.environment.get(name).is_some_and(|set| value.as_ref() != Some(set))
        });
        for (name, _) in overriding {
            self.refused
                .push(format!("the environment has {name}, which overrides {ENV_FILE}: unset it"));
        }
        // Another spelling of the same domain is right.
        let is_right = |(name, wanted): &(String, Option<String>)| match value(name) {
            Some(_) if name == DOMAIN => true,
            is => is == wanted.as_ref(),
        };
        let has_new = [Step::CreateProject, Step::CreateApplication, Step::CreateKey];
        let is_new = has_new.iter().chain([&Step::GenerateSecret]).any(makes);
        if is_new || !wanted.iter().all(is_right) {
            self.steps.push(Step::WriteEnv);
        }
    }
}

impl Found {
    /// Returns the client id of the API's application; `None` if there is none, or it is of another
    /// kind, such as native.
    pub(in crate::setup) fn client_id(&self) -> Option<&str> {
        match &self.application.as_ref()?.kind {
            ApplicationKind::Basic { client_id } | ApplicationKind::Key { client_id } => {
                Some(client_id)
            }
            ApplicationKind::Native(_) | ApplicationKind::Other => None,
        }
    }
}
