//! Tests that every implementation keeps the contract of the port `TokenIntrospector`.

use std::{sync::Arc, time::SystemTime};

use adapters::{InMemoryIntrospector, SystemClock};
use domain::{
    AccessToken, ActiveToken, Clock, Introspection, Organization, OrganizationId, Principal, Role,
    Subject, TokenIntrospector,
};
use zitadel_double::{NewUser, ZitadelDouble};

use crate::{ask, assert_active, setup};

const READ: Role = Role::from_static("read:messages");

/// Implementation under test, with three tokens: `reader` is active with a role, `plain` is active
/// without one, and `revoked` is inactive.
struct Case {
    introspector: Arc<dyn TokenIntrospector>,
    reader: AccessToken<'static>,
    plain: AccessToken<'static>,
    revoked: AccessToken<'static>,
}

impl Case {
    async fn active(&self, token: &AccessToken<'_>) -> ActiveToken {
        match self.introspector.introspect(token).await {
            Ok(Introspection::Active(token)) => token,
            other => panic!("{other:?}"),
        }
    }

    async fn is_inactive(&self, token: &AccessToken<'_>) -> bool {
        matches!(self.introspector.introspect(token).await, Ok(Introspection::Inactive))
    }
}

async fn keeps_its_promises(case: Case) {
    let reader = case.active(&case.reader).await;
    assert!(reader.principal.subject.is_some());
    let roles = &reader.principal.roles;
    let [organization] = roles.granted_by(&READ) else { panic!("{roles:?}") };
    assert_eq!(organization.id.as_str(), "340000000000000200");
    assert!(reader.expires_at.is_none_or(|time| time > SystemClock.now()));

    assert_eq!(case.active(&case.plain).await.principal.roles.iter().len(), 0);
    assert!(case.is_inactive(&case.revoked).await);
    assert!(case.is_inactive(&AccessToken::parse("unknown").unwrap()).await);

    let (first, second) = (case.active(&case.reader).await, case.active(&case.reader).await);
    assert_eq!(first, second, "the same question has the same answer");
}

#[tokio::test]
async fn the_fake_keeps_the_promises_of_the_port() {
    let token = |text: &str| AccessToken::parse(text).unwrap().into_owned();
    let organization = Organization {
        id: OrganizationId::from_static("340000000000000200"),
        primary_domain: "acme.localhost".into(),
    };
    let principal = Principal {
        subject: Some(Subject::parse("1").unwrap()),
        roles: [(READ, organization)].into_iter().collect(),
        ..Principal::default()
    };
    let reader = ActiveToken {
        principal: Arc::new(principal),
        expires_at: Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_799)),
        ..ActiveToken::default()
    };
    let introspector = InMemoryIntrospector::new([
        (token("reader"), Introspection::Active(reader)),
        (token("plain"), Introspection::Active(ActiveToken::default())),
        (token("revoked"), Introspection::Inactive),
    ]);
    assert_eq!(format!("{introspector:?}"), "InMemoryIntrospector { .. }");
    keeps_its_promises(Case {
        introspector: Arc::new(introspector),
        reader: token("reader"),
        plain: token("plain"),
        revoked: token("revoked"),
    })
    .await;
}

#[tokio::test]
async fn the_fake_forgets_every_token_that_is_not_among_the_new_ones() {
    let token = |text: &str| AccessToken::parse(text).unwrap().into_owned();
    let active = || Introspection::Active(ActiveToken::default());
    let introspector = InMemoryIntrospector::new([(token("old"), active())]);
    introspector.replace([(token("new"), active())]);
    assert_eq!(ask(&introspector, &token("old")).await.unwrap(), Introspection::Inactive);
    assert_active(&ask(&introspector, &token("new")).await);
}

#[tokio::test]
async fn zitadel_keeps_the_promises_of_the_port() {
    let double = ZitadelDouble::start().await;
    let user = |name: &str| double.add_user(NewUser::service(name));
    let (reader, plain) = (user("reader"), user("plain"));
    double.grant(&reader, "read:messages");
    let token = |text: String| AccessToken::parse(&text).unwrap().into_owned();
    let revoked = double.session_token(&plain, zitadel_double::SessionToken::default());
    double.revoke(&revoked);
    keeps_its_promises(Case {
        introspector: Arc::new(setup::introspector(setup::basic(&double))),
        reader: token(double.pat(&reader)),
        plain: token(double.pat(&plain)),
        revoked: token(revoked),
    })
    .await;
}
