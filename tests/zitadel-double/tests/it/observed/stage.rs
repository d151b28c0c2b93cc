//! A double in the state of the observed server.

use std::collections::HashMap;
use std::time::Duration;

use zitadel_double::{
    ClientId, NewUser, Pat, Profile, SessionToken, TokenShape, UserId, ZitadelDouble,
};

const DAY: Duration = Duration::from_hours(24);

pub(super) const PROFILE: &str = "openid profile offline_access";
pub(super) const EVERYTHING: &str =
    "openid profile email offline_access urn:zitadel:iam:user:resourceowner";
pub(super) const OUR_AUDIENCE: &str = "urn:zitadel:iam:org:project:id:340000000000000001:aud";

pub(super) struct Stage {
    pub(super) double: ZitadelDouble,
    /// Front end with JWTs as tokens.
    pub(super) jwt_front_end: ClientId,
    pub(super) web_app: ClientId,
    pub(super) web_secret: String,
    foreign_apps: [ClientId; 2],
    pub(super) reader: UserId,
    pub(super) no_role: UserId,
    pub(super) other_role: UserId,
    pub(super) deactivated: UserId,
    pub(super) jwt_user: UserId,
    pub(super) stranger: UserId,
    pub(super) ada: UserId,
    pub(super) guest: UserId,
    pub(super) administrator: UserId,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let double = ZitadelDouble::builder().issuer("http://localhost:8080").start().await;
        let _ = double.key_json();
        let jwt_front_end = double.add_front_end(double.project_id());
        let (web_app, web_secret) = double.add_web_app(double.project_id());
        let foreign_apps = [(); 2].map(|()| double.add_front_end(double.foreign_project_id()));

        let service = |name| double.add_user(NewUser::service(name));
        let metadata = [("team".to_owned(), "blue?>".to_owned())].into();
        let reader = double.add_user(NewUser { metadata, ..NewUser::service("ha-reader") });
        let [no_role, other_role, deactivated, jwt_user, administrator] =
            ["ha-norole", "ha-otherrole", "ha-deact", "ha-jwtuser", "setup"].map(service);
        let stranger = NewUser::service("ha-stranger").in_org(double.foreign_org_id());
        let stranger = double.add_user(stranger);
        let ada = NewUser {
            email: Some("ha-ada@example.com".to_owned()),
            profile: Profile::named("Ada", "Doe"),
            ..NewUser::human("ha-ada")
        };
        let (ada, guest) = (double.add_user(ada), double.add_user(NewUser::human("ha-guest")));
        for user in [&reader, &deactivated, &jwt_user, &ada] {
            double.grant(user, "read:messages");
        }
        double.grant(&other_role, "other:role");
        Self {
            double,
            jwt_front_end,
            web_app,
            web_secret,
            foreign_apps,
            reader,
            no_role,
            other_role,
            deactivated,
            jwt_user,
            stranger,
            ada,
            guest,
            administrator,
        }
    }

    fn pairs(&self) -> [(&str, &'static str); 19] {
        let double = &self.double;
        [
            (double.client_id().as_str(), "340000000000000010"),
            (double.key_client_id().as_str(), "340000000000000011"),
            ("340000000000000011", "340000000000000012"),
            (self.jwt_front_end.as_str(), "340000000000000013"),
            (self.web_app.as_str(), "340000000000000014"),
            (double.project_id().as_str(), "340000000000000001"),
            (double.org_id().as_str(), "340000000000000200"),
            (double.foreign_org_id().as_str(), "340000000000000201"),
            (self.reader.as_str(), "340000000000000102"),
            (self.no_role.as_str(), "340000000000000103"),
            (self.other_role.as_str(), "340000000000000104"),
            (self.deactivated.as_str(), "340000000000000107"),
            (self.jwt_user.as_str(), "340000000000000109"),
            (self.stranger.as_str(), "340000000000000110"),
            (self.ada.as_str(), "340000000000000100"),
            (self.guest.as_str(), "340000000000000101"),
            (self.administrator.as_str(), "340000000000000150"),
            ("340000000000000030", "340000000000000902"),
            ("340000000000000031", "340000000000000904"),
        ]
    }

    /// Returns observed ids by the double's ids.
    pub(super) fn ids(&self) -> HashMap<String, &'static str> {
        self.pairs().into_iter().map(|(own, observed)| (own.to_owned(), observed)).collect()
    }

    /// Returns observed ids by themselves.
    pub(super) fn observed_ids(&self) -> HashMap<String, &'static str> {
        self.pairs().into_iter().map(|(_, observed)| (observed.to_owned(), observed)).collect()
    }

    /// Returns the double's id for an observed one, or the same text.
    pub(super) fn own_id(&self, observed: &str) -> String {
        let known = self.pairs().into_iter().find(|(_, id)| *id == observed);
        known.map_or(observed, |(own, _)| own).to_owned()
    }

    /// Returns a front end of the foreign project.
    pub(super) fn foreign_front_end(&self) -> &ClientId {
        &self.foreign_apps[1]
    }

    pub(super) fn pat(&self, user: &UserId) -> String {
        self.double.pat_with(user, Pat::ExpiresIn(DAY))
    }

    /// Returns a client credentials token with these space-separated scopes.
    pub(super) fn credentials(&self, user: &UserId, name: &str, scopes: &str) -> String {
        self.double.session_token(user, client_credentials(name, scopes))
    }

    /// Returns the token of a login at the front end.
    pub(super) fn login(&self, user: &UserId, scopes: &str) -> String {
        self.double.session_token(user, session(scopes))
    }

    /// Returns a JWT from the front end with JWTs.
    pub(super) fn jwt_login(&self) -> String {
        let client_id = Some(self.jwt_front_end.to_string());
        let request = SessionToken { client_id, shape: TokenShape::Jwt, ..session(PROFILE) };
        self.double.session_token(&self.ada, request)
    }
}

pub(super) fn session(scopes: &str) -> SessionToken {
    SessionToken { scopes: list(scopes), ..SessionToken::default() }
}

pub(super) fn client_credentials(name: &str, scopes: &str) -> SessionToken {
    SessionToken { scopes: list(scopes), ..SessionToken::client_credentials(name, []) }
}

fn list(scopes: &str) -> Vec<String> {
    scopes.split(' ').map(str::to_owned).collect()
}

/// Many observed requests break a rule of the double.
impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.double.take_violations();
    }
}
