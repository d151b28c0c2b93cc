//! Errors of changes.

/// Change of something unknown, or not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// No user has this id or user name.
    #[error("no user has the id or user name {0}")]
    UnknownUser(String),
    /// No organization has this id.
    #[error("no organization has the id {0}")]
    UnknownOrg(String),
    /// No project has this id.
    #[error("no project has the id {0}")]
    UnknownProject(String),
    /// The project, or its grant to the organization, has no such role.
    #[error("the project or its grant has no role {0}")]
    UnknownRole(String),
    /// The organization has no grant of the project.
    #[error("the project was not granted to the organization {0}")]
    NoProjectGrant(String),
    /// No application has this client id.
    #[error("no application has the client id {0}")]
    UnknownClient(String),
    /// The application authenticates differently.
    #[error("the application {0} does not authenticate that way")]
    OtherAuthentication(String),
    /// The token was not issued here.
    #[error("this token was not issued here")]
    UnknownToken,
    /// ZITADEL does not allow the change, for this reason.
    #[error("ZITADEL cannot do that: {0}")]
    Impossible(&'static str),
}
