//! Service users that cases share.

use serde_json::json;

use super::A_DAY;
use crate::clock::timestamp_in;
use crate::names::Names;
use crate::prefix::Prefix;
use crate::server::Server;
use crate::{Error, Secret};

/// Tokens in the observed requests of clients.
const OBSERVED_PAT: &str =
    "i3YKziU4OXTfheyGXGG3glaPIyWE-Efbl-hNw88h-2q8q2-zhLk96l5sqwIgHPqWShjaA0s";
const OBSERVED_ADMINISTRATOR: &str =
    "4WDkUkPA3pLooKssOojEdcGx2fdoJcQFblL2UnwE37qnspTNJZWUJe0UsGy3acvDBsVzXRv";
const OBSERVED_SECRET: &str = "4mLKnTVzzDuy5cv6W6rfhe0MKW6XCkmI4GlPjfK6dBcf4Tslaufp4LJeMyVyMpGS";
/// Token in the request of a client that is refused anyway.
const OBSERVED_WITHOUT_AUDIENCE: &str = "h8JUI8oOBSZ3ZGja7XolGeB4GyjC-bEwj0JNSHP1RtYc-jBlpGa7Pr43Fe--cSyDhfQ7gmDpeeMcxbxzdujlA9qkip5tvcmD682XBT3V";

/// Service user with personal access token and client secret.
pub(crate) struct ServiceUser {
    pub(crate) id: String,
    pub(crate) pat: Secret,
    pub(crate) credentials: (String, Secret),
}

pub(crate) struct ServiceUsers {
    /// Has the role `read:messages`, and metadata.
    pub(crate) reader: ServiceUser,
    pub(crate) without_role: ServiceUser,
    /// Has the role `other:role`.
    pub(crate) other_role: ServiceUser,
    /// Has the role `read:messages`; for a token before a deactivation.
    pub(crate) to_deactivate: ServiceUser,
    /// Has the role `read:messages`; its access tokens are JWTs.
    pub(crate) with_jwt: ServiceUser,
}

impl ServiceUsers {
    pub(super) async fn set_up(
        server: &Server<'_>,
        prefix: &Prefix,
        project: &str,
        names: &mut Names,
    ) -> Result<Self, Error> {
        let (read, other) = (Some("read:messages"), Some("other:role"));
        let mut made = Vec::new();
        for (name, id, role) in [
            ("reader", "340000000000000102", read),
            ("norole", "340000000000000103", None),
            ("otherrole", "340000000000000104", other),
            ("deact", "340000000000000107", read),
            ("jwtuser", "340000000000000109", read),
        ] {
            let user = server.add_service_user(&prefix.name(name), name == "jwtuser").await?;
            names.add(id, &user);
            names.add(format!("ha-{name}"), prefix.name(name));
            if let Some(role) = role {
                server.add_grant(&user, project, role).await?;
            }
            let (_, pat) = server.add_pat(&user, &timestamp_in(A_DAY)).await?;
            let credentials = server.add_user_secret(&user).await?;
            made.push(ServiceUser { id: user, pat, credentials });
        }
        let Ok([reader, without_role, other_role, to_deactivate, with_jwt]) =
            <[ServiceUser; 5]>::try_from(made)
        else {
            return Err(Error::NotVisible("a service user".to_owned()));
        };
        let path = format!("/management/v1/users/{}/metadata/team", reader.id);
        server.post(&path, json!({ "value": "Ymx1ZT8+" })).await?;
        names.add(OBSERVED_PAT, reader.pat.reveal());
        names.add(OBSERVED_SECRET, reader.credentials.1.reveal());
        names.add(OBSERVED_ADMINISTRATOR, server.administrator());
        names.add(OBSERVED_WITHOUT_AUDIENCE, without_role.pat.reveal());
        Ok(Self { reader, without_role, other_role, to_deactivate, with_jwt })
    }

    pub(super) fn pats(&self) -> [&Secret; 3] {
        [&self.reader, &self.without_role, &self.other_role].map(|user| &user.pat)
    }
}
