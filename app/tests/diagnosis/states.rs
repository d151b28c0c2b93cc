//! Tests of `app explain` for a token in every state that ZITADEL knows, and of `app check` for
//! each fault of ZITADEL.

use zitadel_double::{
    AppState, Audience, Fault, NewUser, Pat, RedirectStatus, SessionToken, Times, TokenForm,
    TokenKind, TokenShape, UserId, UserState, ZitadelDouble,
};

use crate::{
    groups::Groups,
    run::{Ended, Environment, basic, run, with},
};

const RESOURCE_OWNER: &str = "urn:zitadel:iam:user:resourceowner";

type Make = fn(&ZitadelDouble) -> String;
type State = (&'static str, Make);

const ACTIVE: [State; 13] = [
    ("a person with the role", |double| session(double, &reader(double))),
    ("a person without a role", |double| session(double, &person(double))),
    ("a person with another role", |double| {
        let user = person(double);
        double.grant(&user, "write:messages");
        session(double, &user)
    }),
    ("a role that another organization granted", |double| {
        let user = person(double);
        double.grant_in(&user, double.project_id(), "read:messages", double.foreign_org_id());
        session(double, &user)
    }),
    ("roles of another organization alone were requested", |double| {
        let scope = format!("urn:zitadel:iam:org:roles:id:{}", double.foreign_org_id());
        double.session_token(&reader(double), SessionToken::default().with_scope(&scope))
    }),
    ("a scope of another role was requested", |double| {
        let token = SessionToken::default();
        let token = token.with_scope("urn:zitadel:iam:org:project:role:write:messages");
        double.session_token(&person(double), token)
    }),
    ("a JWT of a person with the role", |double| double.session_token(&reader(double), jwt())),
    ("a PAT with the role", |double| {
        let user = service(double);
        double.grant(&user, "read:messages");
        double.pat(&user)
    }),
    ("a PAT without a role", |double| double.pat(&service(double))),
    ("a PAT that expires", |double| {
        double.pat_with(&service(double), Pat::ExpiresIn(std::time::Duration::from_secs(86_400)))
    }),
    ("client credentials with the audience scope", |double| {
        let user = service(double);
        double.session_token(&user, SessionToken::client_credentials("svc", [double.project_id()]))
    }),
    ("its organization is requested", |double| {
        double.session_token(&reader(double), SessionToken::default().with_scope(RESOURCE_OWNER))
    }),
    ("a person after a refresh", |double| {
        let token = session(double, &reader(double));
        double.refresh(&token)
    }),
];

/// Inactive tokens: the state, the expected cause, and the function that creates the token.
const INACTIVE: [(&str, &str, Make); 24] = [
    ("client credentials without the audience scope", "audience", |double| {
        double.session_token(&service(double), SessionToken::client_credentials("svc", []))
    }),
    ("a JWT without the audience scope", "audience", |double| {
        let token = SessionToken::client_credentials("svc", []);
        let shape = TokenShape::Jwt;
        double.session_token(&service(double), SessionToken { shape, ..token })
    }),
    ("a token of another project", "audience", |double| {
        let audience = Audience::Project(double.foreign_project_id().clone());
        double.session_token(&reader(double), SessionToken { audience, ..SessionToken::default() })
    }),
    ("an expired session's token", "expired", |double| {
        double.session_token(&reader(double), SessionToken::expired())
    }),
    ("an expired JWT", "expired", |double| {
        let shape = TokenShape::Jwt;
        double.session_token(&reader(double), SessionToken { shape, ..SessionToken::expired() })
    }),
    ("an expired PAT", "expired", |double| {
        double.pat_with(&service(double), Pat::ExpiredSince(std::time::Duration::from_secs(60)))
    }),
    ("a revoked token", "revoked", |double| after(double, ZitadelDouble::revoke)),
    ("a token replaced by a refresh", "revoked", |double| {
        after(double, |double, token| drop(double.refresh(token)))
    }),
    ("the refresh token was revoked", "revoked", |double| {
        after(double, ZitadelDouble::revoke_refresh)
    }),
    ("the session was ended", "revoked", |double| after(double, ZitadelDouble::end_session)),
    ("the person signed out", "revoked", |double| {
        after(double, |double, token| double.sign_out(&double.user_of(token)))
    }),
    ("the person is deactivated", "user_not_active", |double| {
        after(double, |double, token| {
            double.set_user_state(&double.user_of(token), UserState::Deactivated);
        })
    }),
    ("the person is locked", "user_not_active", |double| {
        after(double, |double, token| {
            double.set_user_state(&double.user_of(token), UserState::Locked);
        })
    }),
    ("the person is removed", "user_not_active", |double| {
        after(double, |double, token| {
            double.set_user_state(&double.user_of(token), UserState::Removed);
        })
    }),
    ("a JWT that was revoked", "revoked", |double| {
        let token = double.session_token(&reader(double), jwt());
        double.revoke(&token);
        token
    }),
    ("a PAT that was removed", "revoked", |double| {
        let token = double.pat(&service(double));
        double.remove_pat(&token);
        token
    }),
    ("a PAT after its user was locked and unlocked", "user_not_active", |double| {
        let user = service(double);
        let token = double.pat(&user);
        double.set_user_state(&user, UserState::Locked);
        double.set_user_state(&user, UserState::Active);
        token
    }),
    ("a PAT while a table of ZITADEL's database fails", "fault_of_zitadel", |double| {
        double.set_inactive_by_fault(TokenKind::Pat, true);
        double.pat(&service(double))
    }),
    ("a PAT with a character too many", "cut_off", |double| double.pat(&service(double)) + "A"),
    ("a PAT with a character too few", "cut_off", |double| {
        let mut token = double.pat(&service(double));
        token.pop();
        token
    }),
    ("a session's token with a character too many", "cut_off", |double| {
        session(double, &reader(double)) + "A"
    }),
    ("a JWT with a character too few", "cut_off", |double| {
        let mut token = double.session_token(&reader(double), jwt());
        token.pop();
        token
    }),
    ("half a JWT", "cut_off", |double| {
        let token = double.session_token(&reader(double), jwt());
        token[..token.len() / 3].to_owned()
    }),
    ("a client secret", "client_secret", |_| {
        "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z".to_owned()
    }),
];

#[tokio::test]
async fn an_active_token_of_every_kind() {
    insta::assert_snapshot!(explained(&ACTIVE, Some(0), &[]).await);
}

#[tokio::test]
async fn an_inactive_token_of_every_kind() {
    let states = INACTIVE.map(|(state, _, make)| (state, make));
    insta::assert_snapshot!(explained(&states, Some(1), &[]).await);
}

#[tokio::test]
async fn no_first_cause_is_false() {
    for form in [TokenForm::Legacy, TokenForm::Jwe] {
        for (state, truth, make) in INACTIVE {
            let double = double(form).await;
            let token = make(&double);
            let json = run(&["explain", "--format", "json"], &environment(&double), &token).json();
            let causes = json["causes"].as_array().unwrap();
            assert!(causes.iter().any(|cause| cause["cause"] == truth), "{state}: {causes:?}");
            let first = &causes[0];
            let is_true = first["cause"] == truth || first["certainty"] == "possible";
            assert!(is_true, "{state}: {first}");
        }
    }
}

#[tokio::test]
async fn organizations_are_configured() {
    let states = [ACTIVE[0], ACTIVE[7], ACTIVE[11]];
    let others = [("APP_AUTH__ORGANIZATIONS", "340000000000000999")];
    insta::assert_snapshot!(explained(&states, Some(1), &others).await);
}

#[tokio::test]
async fn a_wrong_project_is_configured() {
    let states = [ACTIVE[0], ACTIVE[7], ACTIVE[10]];
    let others = [("APP_ZITADEL__PROJECT_ID", "340000000000000999")];
    insta::assert_snapshot!(explained(&states, Some(0), &others).await);
}

/// Runs `app explain` for a token in each state, with opaque tokens in ZITADEL's older form and as
/// JWE. Returns the outputs as the text of a snapshot.
async fn explained(
    states: &[State],
    status: Option<i32>,
    settings: &[(&'static str, &str)],
) -> String {
    let mut groups = Groups::default();
    for (form, shown) in [(TokenForm::Legacy, ""), (TokenForm::Jwe, " (JWE)")] {
        for (state, make) in states {
            let double = double(form).await;
            let token = make(&double);
            let mut environment = environment(&double);
            for (name, value) in settings {
                environment = with(environment, name, *value);
            }
            let ended = run(&["explain"], &environment, &token);
            assert_eq!(ended.status, status, "{state}: {}{}", ended.stdout, ended.stderr);
            groups.add(&format!("{state}{shown}"), said(&ended, &double));
        }
    }
    groups.text()
}

#[tokio::test]
async fn a_check_of_every_fault() {
    type Order = fn(&ZitadelDouble);
    let mut groups = Groups::default();
    let faults: [(&str, Order); 12] = [
        ("all is well", |_| {}),
        ("another secret was generated", |double| {
            double.regenerate_client_secret(double.client_id());
        }),
        ("the application is deactivated", |double| {
            double.set_app_state(double.client_id(), AppState::Deactivated);
        }),
        ("the project is deactivated", ZitadelDouble::deactivate_project),
        ("the database is down", |double| always(double, Fault::DatabaseDown)),
        ("a table of the database fails", |double| {
            double.set_inactive_by_fault(TokenKind::All, true);
        }),
        ("ZITADEL fails", |double| always(double, Fault::InternalServerError)),
        ("its proxy fails", |double| always(double, Fault::BadGateway)),
        ("a limit of requests", |double| always(double, Fault::TooManyRequests)),
        ("a login page stands in between", |double| always(double, Fault::LoginPage)),
        ("a redirect stands in between", |double| {
            let to = "https://login.example.com/".to_owned();
            always(double, Fault::Redirect(RedirectStatus::Found, to));
        }),
        ("the connection breaks", |double| always(double, Fault::ResetBeforeAnswer)),
    ];
    for (fault, order) in faults {
        let double = double(TokenForm::Legacy).await;
        let environment = environment(&double);
        order(&double);
        let ended = run(&["check"], &environment, "");
        drop(double.take_violations());
        groups.add(fault, said(&ended, &double));
    }
    insta::assert_snapshot!(groups.text());
}

/// Starts a double with a fixed issuer, so that the length of a JWT is the same in each run.
async fn double(form: TokenForm) -> ZitadelDouble {
    ZitadelDouble::builder().issuer("https://auth.example.com").tokens(form).start().await
}

fn environment(double: &ZitadelDouble) -> Environment {
    with(basic(double), "APP_ZITADEL__CONNECT_TO", format!("http://{}", double.addr()))
}

fn always(double: &ZitadelDouble, fault: Fault) {
    double.introspection_fault(fault, Times::UntilCleared);
}

fn person(double: &ZitadelDouble) -> UserId {
    double.add_user(NewUser::human("ada"))
}

fn reader(double: &ZitadelDouble) -> UserId {
    let user = person(double);
    double.grant(&user, "read:messages");
    user
}

fn service(double: &ZitadelDouble) -> UserId {
    double.add_user(NewUser::service("svc"))
}

fn session(double: &ZitadelDouble, user: &UserId) -> String {
    double.session_token(user, SessionToken::default())
}

fn jwt() -> SessionToken {
    SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() }
}

/// Creates a session token, makes it inactive by `end`, such as a sign-out, and returns it.
fn after(double: &ZitadelDouble, end: impl FnOnce(&ZitadelDouble, &str)) -> String {
    let token = session(double, &reader(double));
    end(double, &token);
    token
}

/// Returns the app's output without values that change between runs: the double's address,
/// generated ids, and times.
fn said(ended: &Ended, double: &ZitadelDouble) -> String {
    let text = ended.stdout.replace(&format!("http://{}", double.addr()), "http://ADDRESS");
    let lines = text.lines().map(|line| {
        let line = without(line, "          subject \"", "\"", "ID");
        let line = without(&line, ", exp ", ", OIDC", "TIME");
        let line = without(&line, "OIDC session \"", "\"", "ID");
        let line = without(&line, "it expired at ", ": get", "TIME");
        match line.strip_prefix("Verdict:  active, until 9") {
            None => without(&line, "Verdict:  active, until ", "\n", "TIME"),
            Some(_) => line,
        }
    });
    let lines: Vec<_> = lines.collect();
    format!("{}\n(exit status {})\n", lines.join("\n"), ended.status.unwrap())
}

/// Returns the line with `shown` in the place of the text between `before` and `end`, which differs
/// in each run.
pub(crate) fn without(line: &str, before: &str, end: &str, shown: &str) -> String {
    match line.split_once(before) {
        Some((head, rest)) => {
            let tail = rest.find(end).map_or("", |end| &rest[end..]);
            format!("{head}{before}{shown}{tail}")
        }
        None => line.to_owned(),
    }
}
