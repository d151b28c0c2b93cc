//! Token strings of every form, whole and damaged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zitadel_double::{NewUser, SessionToken, TokenForm, TokenShape, ZitadelDouble};

use crate::resource_server::{http, inactive, introspect, send};

async fn double() -> ZitadelDouble {
    ZitadelDouble::builder().tokens(TokenForm::Jwe).start().await
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_of_the_newer_form_is_a_compact_jwe() {
    let double = double().await;
    let (pat, session) = (
        double.pat(&double.add_user(NewUser::service("svc"))),
        double.session_token(&double.add_user(NewUser::human("ada")), SessionToken::default()),
    );
    for (token, has_key_id) in [(&pat, true), (&session, false)] {
        assert_eq!(token.split('.').count(), 5, "{token}");
        assert!((240..340).contains(&token.len()), "{} characters", token.len());
        let header = header(token);
        assert_eq!(header["alg"], "A256GCMKW");
        assert_eq!(header["enc"], "A256GCM");
        assert_eq!(header.get("kid").is_some(), has_key_id);
        assert_eq!(introspect(&double, token).await["active"], true);
    }
}

#[tokio::test]
async fn any_damage_to_a_token_of_the_newer_form_makes_it_inactive() {
    let double = double().await;
    let pat = double.pat(&double.add_user(NewUser::service("svc")));
    let ada = double.add_user(NewUser::human("ada"));
    let client = http();
    let is_inactive = async |token: &str| {
        let request = client.post(double.introspection_endpoint());
        let request = request.basic_auth(double.client_id(), Some(double.client_secret()));
        send(request.form(&[("token", token)])).await.json() == inactive()
    };
    for token in [pat, double.session_token(&ada, SessionToken::default())] {
        for place in 0..token.len() {
            let other = if &token[place..=place] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            assert!(is_inactive(&changed).await, "changed at {place}");
        }
        for damaged in [&token[..token.len() - 1], &format!("{token}A"), &format!("{token}.A")] {
            assert!(is_inactive(damaged).await, "{damaged}");
        }
    }
}

/// Replaces the last six characters.
pub(crate) fn with_another_end(token: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (beginning, end) = token.split_at(token.len() - 6);
    // Flips every bit of the six: no byte inside can become the colon between two ids.
    let flipped = end
        .chars()
        .map(|letter| ALPHABET.as_bytes()[63 - ALPHABET.find(letter).expect("base64url")] as char);
    format!("{beginning}{}", flipped.collect::<String>())
}

#[tokio::test]
async fn the_older_form_of_a_session_token_stays_active_with_a_damaged_end() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    let token = double.session_token(&ada, SessionToken::default());
    assert_eq!(token.len(), 104);
    let right = introspect(&double, &token).await;
    let damaged = [1, 2, 4, 5, 8, 24].map(|count| token[..token.len() - count].to_owned());
    let broken = [format!("{token}\n"), format!("{}\r\n{}", &token[..9], &token[9..])];
    for other in damaged.into_iter().chain(broken).chain([with_another_end(&token)]) {
        assert_eq!(introspect(&double, &other).await, right, "{other:?}");
    }
    let without_user = &token[..token.len() - 26];
    for other in [without_user, &token[..101], &format!("{token}A"), &format!("{token} ")] {
        assert_eq!(introspect(&double, other).await, inactive(), "{other:?}");
    }
}

#[tokio::test]
async fn the_older_form_of_a_pat_is_inactive_with_a_damaged_end() {
    let double = ZitadelDouble::start().await;
    let token = double.pat(&double.add_user(NewUser::service("svc")));
    assert_eq!(token.len(), 71);
    assert_eq!(introspect(&double, &format!("{token}\n")).await["active"], true);
    let changed = with_another_end(&token);
    let damaged = [&token[..70], &token[..68], &format!("{token}A"), &format!("{token} ")];
    for other in damaged.into_iter().chain([changed.as_str()]) {
        assert_eq!(introspect(&double, other).await, inactive(), "{other:?}");
    }
}

#[tokio::test]
async fn a_damaged_jwt_is_inactive_and_so_are_refresh_and_id_tokens() {
    let double = ZitadelDouble::start().await;
    let ada = double.add_user(NewUser::human("ada"));
    let shape = TokenShape::Jwt;
    let token = double.session_token(&ada, SessionToken { shape, ..SessionToken::default() });
    assert_eq!(introspect(&double, &token).await["active"], true);
    let [refresh, id] = [double.refresh_token(&token), double.id_token(&token)];
    assert_eq!((refresh.len(), id.split('.').count()), (104, 3));
    for other in [&format!("{token}A"), &token[..token.len() - 3], &refresh, &id] {
        assert_eq!(introspect(&double, other).await, inactive(), "{other}");
    }
}

#[tokio::test]
async fn tokens_from_before_an_upgrade_stay_valid() {
    let double = ZitadelDouble::start().await;
    let svc = double.add_user(NewUser::service("svc"));
    let before = double.pat(&svc);
    assert_eq!(before.len(), 71);
    double.set_token_form(TokenForm::Jwe);
    let after = double.pat(&svc);
    assert_eq!(after.split('.').count(), 5);
    for token in [before, after] {
        assert_eq!(introspect(&double, &token).await["active"], true);
    }
}

#[tokio::test]
async fn a_jwt_session_token_is_a_jwt_beside_the_newer_form() {
    let double = double().await;
    let ada = double.add_user(NewUser::human("ada"));
    let jwt = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    let token = double.session_token(&ada, jwt);
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(introspect(&double, &token).await["active"], true);
}
