//! Deactivated organizations, and Actions.

use serde_json::json;
use zitadel_double::{Action, NewUser, SessionToken, ZitadelDouble};

use crate::resource_server::{basic, http, inactive, introspect, send, unauthorized_client};

#[tokio::test]
async fn an_organization_that_is_deactivated_loses_its_applications_and_keeps_its_tokens() {
    let double = ZitadelDouble::start().await;
    let stranger = NewUser::service("stranger").in_org(double.foreign_org_id());
    let token = double.pat(&double.add_user(stranger));
    let ask_as_foreigner = async || {
        let id = double.foreign_client_id().as_str();
        let credentials = basic(id, &double.foreign_client_secret());
        let request = http().post(double.introspection_endpoint());
        send(request.header("authorization", credentials).form(&[("token", &token)])).await
    };
    double.deactivate_org(double.foreign_org_id());
    assert_eq!(introspect(&double, &token).await["active"], true);
    assert_eq!(ask_as_foreigner().await.json(), unauthorized_client());
    double.reactivate_org(double.foreign_org_id());
    assert_eq!(ask_as_foreigner().await.json()["active"], true);
}

#[tokio::test]
async fn an_action_that_fails_makes_the_tokens_of_its_organization_inactive() {
    let double = ZitadelDouble::start().await;
    let [own, foreign] = [double.org_id(), double.foreign_org_id()].map(|org| {
        let user = NewUser::human(&format!("of-{org}")).in_org(org);
        double.session_token(&double.add_user(user), SessionToken::default())
    });
    double.set_action(double.foreign_org_id(), Action::failing("add"));
    assert_eq!(introspect(&double, &foreign).await, inactive());
    assert_eq!(introspect(&double, &own).await["active"], true);

    double.set_action(double.foreign_org_id(), Action::failing("add").allowed_to_fail());
    assert_eq!(introspect(&double, &foreign).await["active"], true);
    double.set_action(double.foreign_org_id(), None);
    assert_eq!(introspect(&double, &foreign).await["active"], true);
}

#[tokio::test]
async fn an_action_adds_claims_and_overwrites_none() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    let claims =
        [("team", json!("blue")), ("name", json!("other")), ("urn:zitadel:iam:x", json!(1))];
    let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    double.set_action(double.org_id(), Action::adding("add", claims).logging("done"));
    let answer = introspect(&double, &token).await;
    assert_eq!((&answer["team"], &answer["name"]), (&json!("blue"), &json!("svc")));
    assert_eq!(answer.get("urn:zitadel:iam:x"), None);
    assert_eq!(answer["urn:zitadel:iam:action:add:log"], json!(["done"]));
}
