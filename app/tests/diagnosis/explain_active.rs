//! What `app explain` says about tokens that ZITADEL calls active.

use zitadel_double::{NewUser, SessionToken, Times, ZitadelDouble};

use crate::run::{Ended, basic, run, said, with};

fn explain(double: &ZitadelDouble, token: &str) -> Ended {
    run(&["explain"], &basic(double), token)
}

/// The lines behind the heading of the causes.
fn causes(text: &str) -> &str {
    text.split_once("Why, most likely first:\n").map_or("", |(_, causes)| causes)
}

#[tokio::test]
async fn a_token_with_the_role_opens_every_route() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    let token = double.pat(&user);
    // As it comes from a file.
    let ended = explain(&double, &format!("{token}\n"));
    assert_eq!(
        said(&ended, &double).replace(user.as_str(), "USER"),
        "Asked:    ZITADEL at http://ADDRESS is asked by client 340000000000000010 with \
         client_secret_basic\n\
         Token:    opaque, of 71 characters, as ZITADEL's personal access tokens are\n\
         Verdict:  active, until 9999-12-31T23:59:59Z\n\
         \x20         subject \"USER\"\n\
         \x20         username \"svc\"\n\
         \x20         organization \"340000000000000200\"\n\
         \x20         role \"read:messages\", granted by \"340000000000000200\" (\"acme.localhost\")\n\
         \n\
         Routes:\n\
         \x20 open  GET    /api/public                  anyone\n\
         \x20 open  GET    /api/private                 an active verdict\n\
         \x20 open  GET    /api/private-scoped          the role read:messages\n"
    );
    assert_eq!(ended.status, Some(0));
    assert_eq!(double.introspections(), 1, "one question for all routes");
}

#[tokio::test]
async fn a_personal_access_token_whose_user_has_no_grant() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let ended = explain(&double, &token);
    let text = said(&ended, &double);
    let (_, routes) = text.split_once("Routes:\n").unwrap();
    assert_eq!(
        routes,
        "\x20 open  GET    /api/public                  anyone\n\
         \x20 open  GET    /api/private                 an active verdict\n\
         \x20 shut  GET    /api/private-scoped          the role read:messages\n\
         \x20       401 policy_not_met: the token does not have the role read:messages\n\
         \n\
         Why, most likely first:\n\
         \x20 likely    it is a personal access token, for ZITADEL names no client of it; such a \
         token is active for every API of the instance, and its user has no role in your project \
         340000000000000001: assign the role to that service user\n\
         \x20 possible  the role was assigned a moment ago: ZITADEL shows that after some \
         milliseconds, rarely after a minute\n"
    );
    assert!(text.contains("no role in this API's project"), "{text}");
    // It is accepted: what it lacks is in the rule of one route.
    assert_eq!(ended.status, Some(0));
}

#[tokio::test]
async fn a_missing_role_is_told_with_the_roles_there_are_and_who_granted_them() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::human("ada"));
    double.grant(&user, "write:messages");
    double.grant_in(&user, double.project_id(), "write:messages", double.foreign_org_id());
    let token = double.session_token(&user, SessionToken::default());
    let environment = with(basic(&double), "APP_AUTH__MISSING_ROLE_STATUS", "403");
    let ended = run(&["explain"], &environment, &token);
    let text = said(&ended, &double);
    for expected in [
        "role \"write:messages\", granted by \"340000000000000200\" (\"acme.localhost\"), \
         \"340000000000000201\" (\"globex.localhost\")\n",
        "403 policy_not_met: the token does not have the role read:messages\n",
        "likely    its user has other roles in your project 340000000000000001: assign the role, \
         with the key to the letter\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
    let json = run(&["explain", "--format", "json"], &environment, &token).json();
    assert_eq!(json["token"]["roles"][0]["role"], "write:messages");
    assert_eq!(json["token"]["roles"][0]["organizations"][1]["id"], "340000000000000201");
    assert_eq!(json["routes"][2]["status"], 403);
    assert_eq!(json["routes"][2]["reason"], "policy_not_met");
    assert_eq!(json["causes"][0]["cause"], "role_not_granted");
}

#[tokio::test]
async fn scopes_that_hide_roles_are_named() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::human("ada"));
    let token = SessionToken::default()
        .with_scope("urn:zitadel:iam:org:roles:id:340000000000000201")
        .with_scope("urn:zitadel:iam:org:project:role:write:messages");
    double.grant(&user, "read:messages");
    let token = double.session_token(&user, token);
    let ended = explain(&double, &token);
    assert_eq!(
        causes(&said(&ended, &double)),
        "\x20 likely    its user has no role in your project 340000000000000001: assign the role \
         (a role assignment, also called authorization or user grant)\n\
         \x20 likely    it was requested with a scope urn:zitadel:iam:org:roles:id:…, and shows only \
         the roles that these organizations granted: request it without\n\
         \x20 likely    it has scopes urn:zitadel:iam:org:project:role:…, and some versions of \
         ZITADEL then show only those roles: request the scope of this role too, or none of them; \
         after a new role key, log in again\n\
         \x20 possible  the role was assigned a moment ago: ZITADEL shows that after some \
         milliseconds, rarely after a minute\n"
    );
}

#[tokio::test]
async fn what_is_asked_of_every_token_shuts_every_guarded_route() {
    let double = ZitadelDouble::start().await;
    let issuer = double.issuer().to_owned();
    let answers = [
        (
            "APP_AUTH__LEEWAY",
            "5s",
            serde_json::json!({ "active": true, "iss": issuer, "exp": 1 }),
            "expired",
            "its exp has come by the clock of this machine: get a new one; if it is fresh, set the \
             clock (app check compares it with ZITADEL's)",
        ),
        (
            "APP_AUTH__LEEWAY",
            "5s",
            serde_json::json!({ "active": true, "iss": "https://another.test" }),
            "wrong_issuer",
            "ZITADEL names as issuer the address that it is called by: set zitadel.domain to the \
             issuer of its discovery document, to the letter",
        ),
        (
            "APP_AUTH__ORGANIZATIONS",
            "7",
            serde_json::json!({ "active": true, "iss": issuer }),
            "wrong_organization",
            "auth.organizations is set, and the token does not tell the user's organization: \
             request the scope urn:zitadel:iam:user:resourceowner",
        ),
        (
            "APP_AUTH__ORGANIZATIONS",
            "7",
            serde_json::json!({
                "active": true, "iss": issuer, "urn:zitadel:iam:user:resourceowner:id": "8",
            }),
            "wrong_organization",
            "auth.organizations does not name the user's organization: add it there if its users \
             are to be let in",
        ),
        (
            "APP_AUTH__LEEWAY",
            "5s",
            serde_json::json!({ "active": true, "iss": issuer, "nbf": 4_000_000_000_u64 }),
            "not_yet_valid",
            "its nbf has not come by the clock of this machine: set the clock (app check compares \
             it with ZITADEL's), or raise auth.leeway",
        ),
        (
            "APP_AUTH__AUDIENCE",
            "7",
            serde_json::json!({ "active": true, "iss": issuer, "aud": ["8"] }),
            "wrong_audience",
            "auth.audience names none of its audience: name your project 340000000000000001 there, \
             or request the scope urn:zitadel:iam:org:project:id:340000000000000001:aud",
        ),
        (
            "APP_AUTH__LEEWAY",
            "5s",
            serde_json::json!({ "active": true, "iss": issuer, "cnf": { "jkt": "x" } }),
            "key_bound",
            "it is bound to a key by its claim cnf, and this API takes plain bearer tokens only: \
             request one of those",
        ),
    ];
    for (name, value, answer, reason, cause) in answers {
        double.answer("the-token", answer);
        let environment = with(basic(&double), name, value);
        let ended = run(&["explain"], &environment, "the-token");
        assert_eq!(ended.status, Some(1), "{}", ended.stdout);
        assert_eq!(causes(&ended.stdout), format!("  certain   {cause}\n"));
        let json = run(&["explain", "--format", "json"], &environment, "the-token").json();
        assert_eq!((&json["accepted"], &json["verdict"]), (&false.into(), &"active".into()));
        for route in [1, 2] {
            assert_eq!(json["routes"][route]["reason"], reason);
            assert_eq!(json["routes"][route]["status"], 401);
        }
        assert_eq!(json["routes"][0]["open"], true);
    }
}

#[tokio::test]
async fn without_a_verdict_the_routes_answer_503_and_the_cause_is_told_as_check_tells_it() {
    let double = ZitadelDouble::start().await;
    double.introspection_fault(zitadel_double::Fault::TooManyRequests, Times::UntilCleared);
    let ended = explain(&double, "the-token");
    assert_eq!(ended.status, Some(1));
    let text = said(&ended, &double);
    for expected in [
        "Verdict:  none: http://ADDRESS answers with status 429 Too Many Requests\n",
        "          -> the quota of the instance is used up, or the instance is blocked",
        "        503 rate_limited: the authorization server is not available (rate_limited)\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
}
