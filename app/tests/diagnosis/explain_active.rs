//! Tests of `app explain` for tokens that ZITADEL calls active.

use zitadel_double::{NewUser, SessionToken, Times, ZitadelDouble};

use crate::run::{Ended, basic, run, said, with};

fn explain(double: &ZitadelDouble, token: &str) -> Ended {
    run(&["explain"], &basic(double), token)
}

/// Returns the lines with causes of a denial in `text`, the output of `app explain`.
fn causes(text: &str) -> &str {
    text.split_once("Why, most likely first:\n").map_or("", |(_, causes)| causes)
}

#[tokio::test]
async fn a_token_with_the_role_opens_every_route() {
    let double = ZitadelDouble::start().await;
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    let token = double.pat(&user);
    let ended = explain(&double, &format!("{token}\n"));
    assert_eq!(ended.status, Some(0));
    assert_eq!(double.introspections(), 1, "one question for all routes");
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
            serde_json::json!({ "active": true, "iss": issuer, "client_id": "front-end" }),
            "wrong_organization",
            "auth.organizations is set, and the token does not tell the user's organization: \
             request the scope urn:zitadel:iam:user:resourceowner",
        ),
        (
            "APP_AUTH__ORGANIZATIONS",
            "7",
            serde_json::json!({ "active": true, "iss": issuer }),
            "wrong_organization",
            "auth.organizations is set, and this personal access token does not tell the user's \
             organization, for it was made without scopes, as the first one of an instance is; none \
             can be requested for it: make another one",
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
