//! Tests of the authorizer with a mocked introspector and a fixed clock.

use proptest::prelude::*;

use super::*;
use crate::{
    Cause, Misconfiguration, Organization, Outage, Role,
    clock::MockClock,
    mock::MockTokenIntrospector,
    rules::{ReadMessages, SignedIn},
};

const NOW_SECS: u64 = 1_767_225_600;

fn at(offset_secs: i64) -> SystemTime {
    let offset = Duration::from_secs(offset_secs.unsigned_abs());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_SECS);
    if offset_secs < 0 { now - offset } else { now + offset }
}

fn issuer(value: &str) -> Issuer {
    Issuer::parse(value).unwrap()
}

fn audience(values: &[&str]) -> Vec<Audience> {
    values.iter().map(|value| Audience::parse(value).unwrap()).collect()
}

fn authorize<R: Rule>(
    answer: Result<Introspection, IntrospectionError>,
    requirements: &Requirements,
) -> Result<Permit<R>, Refusal> {
    let mut introspector = MockTokenIntrospector::new();
    introspector
        .expect_answer()
        .with(mockall::predicate::eq("the-token"))
        .once()
        .return_once(move |_| answer);
    let mut clock = MockClock::new();
    clock.expect_now().return_const(at(0));
    let authorizer = Authorizer::new(Arc::new(introspector), Arc::new(clock), requirements.clone());
    pollster::block_on(authorizer.authorize::<R>(&AccessToken::parse("the-token").unwrap()))
}

fn judge<R: Rule>(token: ActiveToken, requirements: &Requirements) -> Result<Permit<R>, Denial> {
    authorize::<R>(Ok(Introspection::Active(token)), requirements).map_err(
        |refusal| match refusal {
            Refusal::Denied(denial) => denial,
            Refusal::Undetermined(error) => panic!("there was a verdict, not {error}"),
        },
    )
}

fn of(principal: Principal) -> ActiveToken {
    ActiveToken { principal: Arc::new(principal), ..ActiveToken::default() }
}

#[track_caller]
fn check(token: ActiveToken, requirements: &Requirements, expected: &Result<(), Denial>) {
    assert_eq!(&judge::<SignedIn>(token, requirements).map(drop), expected);
}

#[derive(Debug)]
struct Anyone;
impl Rule for Anyone {
    const POLICY: &'static Policy = &Policy::AllOf(&[]);
}

#[derive(Debug)]
struct Nobody;
impl Rule for Nobody {
    const POLICY: &'static Policy = &Policy::AnyOf(&[]);
}

#[test]
fn a_token_about_which_nothing_is_said_but_active_is_let_in_where_nothing_more_is_asked() {
    check(ActiveToken::default(), &Requirements::default(), &Ok(()));
}

/// Simulated cache of verdicts; the closure returns the verdict for every token.
struct Kept<F>(F);

impl<F: Fn() -> ActiveToken + Send + Sync> KeptVerdicts for Kept<F> {
    fn get(&self, _: &AccessToken<'_>, _: SystemTime) -> Option<ActiveToken> {
        Some((self.0)())
    }
}

#[test]
fn what_is_kept_is_judged_as_what_is_asked_and_nobody_is_asked() {
    for (expires_at, expected) in [(1, Ok(())), (0, Err(Denial::Expired))] {
        let mut introspector = MockTokenIntrospector::new();
        let token = ActiveToken { expires_at: Some(at(expires_at)), ..ActiveToken::default() };
        introspector.expect_answer().never();
        let mut clock = MockClock::new();
        clock.expect_now().return_const(at(0));
        let authorizer =
            Authorizer::new(Arc::new(introspector), Arc::new(clock), Requirements::default())
                .kept(Some(Arc::new(Kept(move || token.clone()))));
        let token = AccessToken::parse("the-token").unwrap();
        let decision = pollster::block_on(authorizer.authorize::<SignedIn>(&token));
        match (decision, expected) {
            (Ok(_), Ok(())) => {}
            (Err(Refusal::Denied(denial)), Err(expected)) => assert_eq!(denial, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[derive(Debug)]
struct DeleteEverything;
impl Rule for DeleteEverything {
    const POLICY: &'static Policy = &Policy::Authenticated;
    const FRESHNESS: Freshness = Freshness::Asked;
}

#[test]
fn a_rule_that_asks_never_looks_at_what_is_kept() {
    let mut introspector = MockTokenIntrospector::new();
    introspector.expect_answer().times(2).returning(|_| Ok(Introspection::Inactive));
    let mut clock = MockClock::new();
    clock.expect_now().return_const(at(0));
    let authorizer =
        Authorizer::new(Arc::new(introspector), Arc::new(clock), Requirements::default())
            .kept(Some(Arc::new(Kept(|| panic!("it was looked at")))));
    let token = AccessToken::parse("the-token").unwrap();
    let refusal = pollster::block_on(authorizer.authorize::<DeleteEverything>(&token));
    assert!(matches!(refusal, Err(Refusal::Denied(Denial::Inactive))));
    let verdict = pollster::block_on(authorizer.verdict(&token, Freshness::Asked)).unwrap();
    assert_eq!(verdict, (Introspection::Inactive, Freshness::Asked));
}

// The command `explain` obtains one verdict and judges it for each route.
#[test]
fn one_verdict_is_judged_for_each_policy_as_authorize_judges() {
    for expires_at in [1, 0] {
        let token = ActiveToken { expires_at: Some(at(expires_at)), ..ActiveToken::default() };
        for verdict in [Introspection::Inactive, Introspection::Active(token)] {
            let mut introspector = MockTokenIntrospector::new();
            introspector.expect_answer().once().return_once({
                let verdict = verdict.clone();
                move |_| Ok(verdict)
            });
            let mut clock = MockClock::new();
            clock.expect_now().return_const(at(0));
            let authorizer =
                Authorizer::new(Arc::new(introspector), Arc::new(clock), Requirements::default());
            let token = AccessToken::parse("the-token").unwrap();
            let asked = pollster::block_on(authorizer.verdict(&token, Freshness::Kept));
            let (asked, freshness) = asked.unwrap();
            assert_eq!((&asked, freshness), (&verdict, Freshness::Asked));
            for (policy, authorized) in [
                (SignedIn::POLICY, authorize_as::<SignedIn>(&verdict)),
                (ReadMessages::POLICY, authorize_as::<ReadMessages>(&verdict)),
                (Nobody::POLICY, authorize_as::<Nobody>(&verdict)),
            ] {
                assert_eq!(authorizer.judge(asked.clone(), policy), authorized, "{policy}");
            }
        }
    }
}

fn authorize_as<R: Rule>(verdict: &Introspection) -> Result<Arc<Principal>, Denial> {
    match authorize::<R>(Ok(verdict.clone()), &Requirements::default()) {
        Ok(permit) => Ok(Arc::clone(permit.principal())),
        Err(Refusal::Denied(denial)) => Err(denial),
        Err(Refusal::Undetermined(error)) => panic!("there was a verdict, not {error}"),
    }
}

#[test]
fn an_inactive_token_meets_no_policy() {
    fn check<R: Rule>() {
        let refusal = authorize::<R>(Ok(Introspection::Inactive), &Requirements::default());
        assert!(matches!(refusal, Err(Refusal::Denied(Denial::Inactive))));
    }
    check::<SignedIn>();
    check::<ReadMessages>();
    check::<Anyone>();
    check::<Nobody>();
}

// incidents.md row 6.
#[test]
fn without_a_verdict_nobody_is_let_in_and_nobody_is_denied() {
    let source: Cause = Arc::new(std::io::Error::other("down"));
    let faults = [
        IntrospectionError::Unavailable {
            reason: Outage::Unreachable,
            source: Arc::clone(&source),
        },
        IntrospectionError::ClientRefused { source: Arc::clone(&source) },
        IntrospectionError::Misconfigured {
            reason: Misconfiguration::Redirected,
            source: Arc::clone(&source),
        },
        IntrospectionError::Malformed { source },
    ];
    for fault in faults {
        let reason = fault.reason();
        match authorize::<Anyone>(Err(fault), &Requirements::default()) {
            Err(Refusal::Undetermined(error)) => assert_eq!(error.reason(), reason),
            other => panic!("{other:?}"),
        }
    }
}

// incidents.md row 8: `exp` at its boundary, as RFC 7519 section 4.1.4 has it.
#[test]
fn a_token_expires_at_the_very_second_of_exp() {
    for (offset_secs, expected) in
        [(1, Ok(())), (0, Err(Denial::Expired)), (-1, Err(Denial::Expired))]
    {
        let token = ActiveToken { expires_at: Some(at(offset_secs)), ..ActiveToken::default() };
        check(token, &Requirements::default(), &expected);
    }
}

#[test]
fn leeway_never_extends_exp() {
    let lenient = Requirements { leeway: Duration::from_mins(1), ..Requirements::default() };
    let token = ActiveToken { expires_at: Some(at(0)), ..ActiveToken::default() };
    check(token, &lenient, &Err(Denial::Expired));
}

#[test]
fn a_token_is_valid_from_nbf_less_the_leeway() {
    let cases = [
        (0, 0, Ok(())),
        (0, 1, Err(Denial::NotYetValid)),
        (5, 5, Ok(())),
        (5, 6, Err(Denial::NotYetValid)),
        (5, -100, Ok(())),
    ];
    for (leeway_secs, offset_secs, expected) in cases {
        let requirements =
            Requirements { leeway: Duration::from_secs(leeway_secs), ..Requirements::default() };
        let token = ActiveToken { not_before: Some(at(offset_secs)), ..ActiveToken::default() };
        check(token, &requirements, &expected);
    }
}

#[test]
fn the_longest_leeway_overflows_nothing() {
    let requirements = Requirements { leeway: Duration::MAX, ..Requirements::default() };
    let token = ActiveToken { not_before: Some(at(1)), ..ActiveToken::default() };
    check(token, &requirements, &Ok(()));
}

// incidents.md row 16: possession of the key was not proved, so the token is worthless.
#[test]
fn a_token_bound_to_a_key_is_denied() {
    let token = ActiveToken { key_bound: true, ..ActiveToken::default() };
    check(token, &Requirements::default(), &Err(Denial::KeyBound));
}

// incidents.md row 10.
#[test]
fn the_issuer_must_be_the_configured_one_and_be_there() {
    let requirements = Requirements {
        issuer: Some(issuer("https://auth.example.com")),
        ..Requirements::default()
    };
    for (found, allowed) in [
        (Some("https://auth.example.com"), true),
        (Some("https://auth.example.com/"), true),
        (Some("https://auth.example.com.evil.test"), false),
        (Some("http://auth.example.com"), false),
        (None, false),
    ] {
        let found = found.map(issuer);
        let expected = issuer("https://auth.example.com");
        let expected = if allowed {
            Ok(())
        } else {
            Err(Denial::WrongIssuer { found: found.clone(), expected })
        };
        check(of(Principal { issuer: found, ..Principal::default() }), &requirements, &expected);
    }
}

// incidents.md row 10.
#[test]
fn the_audience_must_contain_a_configured_one_and_be_there() {
    let requirements = Requirements { audiences: audience(&["a", "b"]), ..Requirements::default() };
    for (found, allowed) in
        [(&["x", "b"][..], true), (&["a"], true), (&["x", "ab"], false), (&[], false)]
    {
        let found: Arc<[Audience]> = audience(found).into();
        let expected =
            if allowed { Ok(()) } else { Err(Denial::WrongAudience { found: Arc::clone(&found) }) };
        check(of(Principal { audience: found, ..Principal::default() }), &requirements, &expected);
    }
}

// incidents.md row 10.
#[test]
fn the_organization_must_be_a_configured_one_and_be_there() {
    let organizations = ["1", "2"].map(|id| OrganizationId::parse(id).unwrap()).to_vec();
    let requirements = Requirements { organizations, ..Requirements::default() };
    for (found, allowed) in [(Some("2"), true), (Some("3"), false), (None, false)] {
        let found = found.map(OrganizationId::from_static);
        let expected =
            if allowed { Ok(()) } else { Err(Denial::WrongOrganization { found: found.clone() }) };
        check(
            of(Principal { organization: found, ..Principal::default() }),
            &requirements,
            &expected,
        );
    }
}

fn reader() -> ActiveToken {
    let organization =
        Organization { id: OrganizationId::from_static("1"), primary_domain: "acme.test".into() };
    of(Principal {
        subject: Some(crate::Subject::parse("ada").unwrap()),
        username: Some(crate::Username::parse("ada@acme.test").unwrap()),
        client_id: Some(crate::ClientId::parse("front-end").unwrap()),
        organization: Some(OrganizationId::from_static("2")),
        scope: crate::Scope::parse("openid"),
        roles: [(Role::from_static("read:messages"), organization)].into_iter().collect(),
        ..Principal::default()
    })
}

#[test]
fn the_policy_of_the_rule_is_asked_last() {
    let denial = judge::<ReadMessages>(ActiveToken::default(), &Requirements::default());
    assert_eq!(
        denial.unwrap_err(),
        Denial::PolicyNotMet { policy: ReadMessages::POLICY, missing: Missing::Role }
    );
    let expired = ActiveToken { expires_at: Some(at(-1)), ..reader() };
    let denial = judge::<ReadMessages>(expired, &Requirements::default());
    assert_eq!(denial.unwrap_err(), Denial::Expired);
    assert!(judge::<ReadMessages>(reader(), &Requirements::default()).is_ok());
}

#[test]
fn a_denial_tells_whether_a_login_with_more_scopes_would_help() {
    struct ReadMail;

    impl Rule for ReadMail {
        const POLICY: &'static Policy = &Policy::AllOf(&[
            Policy::Role(Role::from_static("read:messages")),
            Policy::Scope(crate::ScopeToken::from_static("email")),
        ]);
    }

    for (token, missing) in [(reader(), Missing::Scopes), (ActiveToken::default(), Missing::Role)] {
        let denial = judge::<ReadMail>(token, &Requirements::default()).unwrap_err();
        assert_eq!(denial, Denial::PolicyNotMet { policy: ReadMail::POLICY, missing });
    }
}

// incidents.md row 1: each rule judges the same facts on its own.
#[test]
fn one_answer_opens_one_door_and_not_another() {
    assert!(judge::<Anyone>(reader(), &Requirements::default()).is_ok());
    assert!(judge::<ReadMessages>(reader(), &Requirements::default()).is_ok());
    let denial = judge::<Nobody>(reader(), &Requirements::default()).unwrap_err();
    assert_eq!(denial, Denial::PolicyNotMet { policy: Nobody::POLICY, missing: Missing::Role });
}

#[test]
fn a_permit_tells_who_was_let_in() {
    let permit = judge::<ReadMessages>(reader(), &Requirements::default()).unwrap();
    let principal = permit.principal();
    let read = Role::from_static("read:messages");
    assert_eq!(principal.subject.as_ref().unwrap().as_str(), "ada");
    assert_eq!(principal.username.as_ref().unwrap().as_str(), "ada@acme.test");
    assert_eq!(principal.client_id.as_ref().unwrap().as_str(), "front-end");
    assert_eq!(principal.organization.as_ref().unwrap().as_str(), "2");
    assert_eq!(principal.scope.iter().len(), 1);
    assert!(principal.has_role(&read));
    assert!(!principal.has_role(&Role::from_static("admin")));
    assert_eq!(&*principal.roles.granted_by(&read)[0].primary_domain, "acme.test");
    assert!(format!("{permit:?}").contains("ada"));
}

#[test]
fn an_authorizer_shows_what_it_requires() {
    let authorizer = Authorizer::new(
        Arc::new(MockTokenIntrospector::new()),
        Arc::new(MockClock::new()),
        Requirements {
            issuer: Some(issuer("https://auth.example.com")),
            ..Requirements::default()
        },
    );
    assert!(format!("{authorizer:?}").contains("https://auth.example.com"));
}

#[test]
fn denials_and_faults_have_one_word_and_one_clause_each() {
    let denial = Denial::PolicyNotMet { policy: ReadMessages::POLICY, missing: Missing::Role };
    assert_eq!(denial.to_string(), "the token does not have the role read:messages");
    let source: Cause = Arc::new(std::io::Error::other("down"));
    let unavailable =
        |reason| IntrospectionError::Unavailable { reason, source: Arc::clone(&source) };
    let misconfigured =
        |reason| IntrospectionError::Misconfigured { reason, source: Arc::clone(&source) };
    let words = [
        unavailable(Outage::Unreachable),
        unavailable(Outage::TimedOut),
        unavailable(Outage::Interrupted),
        unavailable(Outage::ServerError),
        unavailable(Outage::RateLimited),
        unavailable(Outage::UnexpectedStatus),
        unavailable(Outage::TooManyInFlight),
        unavailable(Outage::OverBudget),
        unavailable(Outage::CircuitOpen),
        misconfigured(Misconfiguration::IssuerMismatch),
        misconfigured(Misconfiguration::ForeignEndpoint),
        misconfigured(Misconfiguration::Redirected),
        IntrospectionError::ClientRefused { source: Arc::clone(&source) },
        IntrospectionError::Malformed { source: Arc::clone(&source) },
    ]
    .map(|error| error.reason());
    assert_eq!(
        words,
        [
            "unreachable",
            "timed_out",
            "interrupted",
            "server_error",
            "rate_limited",
            "unexpected_status",
            "too_many_in_flight",
            "over_budget",
            "circuit_open",
            "issuer_mismatch",
            "foreign_endpoint",
            "redirected",
            "client_refused",
            "malformed_answer",
        ],
    );
    assert_eq!(
        unavailable(Outage::TimedOut).to_string(),
        "the authorization server is not available (timed_out)",
    );
}

proptest! {
    #[test]
    fn an_expired_token_is_never_let_in(
        expired_for_secs in prop_oneof![0..3_i64, 0..200_000_i64, 0..1_700_000_000_i64],
        leeway_secs in 0..100_000_u64,
        not_before_secs in prop::option::of(-1000..1000_i64),
        key_bound: bool,
        has_role: bool,
    ) {
        let token = ActiveToken {
            expires_at: Some(at(-expired_for_secs)),
            not_before: not_before_secs.map(at),
            key_bound,
            ..if has_role { reader() } else { ActiveToken::default() }
        };
        let requirements =
            Requirements { leeway: Duration::from_secs(leeway_secs), ..Requirements::default() };
        prop_assert!(judge::<Anyone>(token.clone(), &requirements).is_err());
        prop_assert!(judge::<SignedIn>(token.clone(), &requirements).is_err());
        prop_assert!(judge::<ReadMessages>(token, &requirements).is_err());
    }
}
