//! From ZITADEL's words to the domain's. Pure: no I/O, no judgement.

use domain::{
    ActiveToken, Audience, ClientId, EmptyClaim, Introspection, IntrospectionError, Issuer,
    Organization, OrganizationId, Principal, Role, Roles, Scope, Subject, Username,
};

use super::{
    fault::Seen,
    sharing::Sharing,
    wire::{self, Answer, AnswerReader, NumericDate},
};

/// Reads the body of a 200 answer.
#[derive(Debug)]
pub(super) struct Translator {
    project_roles_claim: Option<String>,
    sharing: Sharing,
}

impl Translator {
    /// With a project id, that project's roles are read first; the roles claim without an id is
    /// what is left.
    pub(super) fn new(project_id: Option<&str>) -> Self {
        let project_roles_claim =
            project_id.map(|id| format!("urn:zitadel:iam:org:project:{id}:roles"));
        Self { project_roles_claim, sharing: Sharing::default() }
    }

    /// What the answer says.
    ///
    /// # Errors
    /// `Malformed`, when it is not an introspection answer to the letter.
    pub(super) fn introspection(&self, json: &[u8]) -> Result<Introspection, IntrospectionError> {
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(Seen::NoObject.malformed());
        }
        let reader = AnswerReader { project_roles_claim: self.project_roles_claim.as_deref() };
        let answer = reader.read(json).map_err(|error| Seen::Answer(error).malformed())?;
        match answer.active {
            Some(true) => self.active_token(answer).map(Introspection::Active),
            Some(false) => Ok(Introspection::Inactive),
            None => Err(Seen::NoActive.malformed()),
        }
    }

    fn active_token(&self, answer: Answer) -> Result<ActiveToken, IntrospectionError> {
        let time = |claim: Option<NumericDate>| claim.map(|NumericDate(time)| time);
        Ok(ActiveToken {
            expires_at: time(answer.expires_at),
            not_before: time(answer.not_before),
            key_bound: answer.confirmation.is_some(),
            principal: principal(answer)
                .map(|principal| self.sharing.share(principal))
                .map_err(|EmptyClaim| Seen::EmptyClaim.malformed())?,
        })
    }
}

fn principal(answer: Answer) -> Result<Principal, EmptyClaim> {
    let audience = answer.audience.map_or_else(Vec::new, |wire::Audience(values)| values);
    Ok(Principal {
        subject: answer.subject.as_deref().map(Subject::parse).transpose()?,
        username: answer.username.as_deref().map(Username::parse).transpose()?,
        client_id: answer.client_id.as_deref().map(ClientId::parse).transpose()?,
        issuer: answer.issuer.as_deref().map(Issuer::parse).transpose()?,
        audience: audience.iter().map(|value| Audience::parse(value)).collect::<Result<_, _>>()?,
        scope: answer.scope.as_deref().map(Scope::parse).unwrap_or_default(),
        roles: roles(answer.project_roles.or(answer.roles).unwrap_or_default())?,
        organization: answer.organization.as_deref().map(OrganizationId::parse).transpose()?,
    })
}

fn roles(roles: wire::Roles) -> Result<Roles, EmptyClaim> {
    let mut grants = Vec::new();
    for (key, organizations) in roles {
        let role = Role::parse(&key)?;
        for (id, primary_domain) in organizations {
            let organization = Organization {
                id: OrganizationId::parse(&id)?,
                primary_domain: primary_domain.into(),
            };
            grants.push((role.clone(), organization));
        }
    }
    Ok(grants.into_iter().collect())
}

#[cfg(test)]
mod tests;
