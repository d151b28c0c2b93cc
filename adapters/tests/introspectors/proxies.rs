//! Tests of proxies from environment variables. A test cannot change the environment of its own
//! process, so each test runs itself again in a second process.

use std::{env, process::Command};

use adapters::zitadel::ZitadelSettings;
use zitadel_double::ZitadelDouble;

use crate::{active_token, ask, assert_active, setup};

/// Environment variable that marks the second process, in which a test runs itself again. Its value
/// is the setting `connect_to`, or empty.
const CONNECT_TO: &str = "CONNECT_TO";

/// Runs `test`, a test of this file, in a second process with only the variables `environment` and
/// `CONNECT_TO`. Returns whether `test` passed, and its output.
fn again(test: &str, environment: &[(&str, &str)], connect_to: &str) -> (bool, String) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("proxies::{test}")])
        .env_clear()
        .envs(environment.iter().copied())
        .env(CONNECT_TO, connect_to)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
async fn connect_to_is_refused_where_a_proxy_would_never_look_at_it() {
    if let Ok(connect_to) = env::var(CONNECT_TO) {
        let double = ZitadelDouble::start().await;
        let _made = setup::introspector(ZitadelSettings {
            domain: "https://auth.example.test".parse().unwrap(),
            connect_to: Some(connect_to.parse().unwrap()),
            ..setup::basic(&double)
        });
        return;
    }
    let (https, http) = ("https://10.0.0.7", "http://10.0.0.7");
    let for_https = ("HTTPS_PROXY", "http://10.0.0.8:3128");
    let for_http = ("HTTP_PROXY", "http://10.0.0.8:3128");
    let all_proxy = ("ALL_PROXY", "http://10.0.0.8:3128");
    let not_for_the_domain = ("NO_PROXY", "auth.example.test");
    let not_for_connect_to = ("NO_PROXY", "10.0.0.7");
    for (connect_to, environment, allowed) in [
        (https, &[][..], true),
        (https, &[for_https], false),
        (https, &[all_proxy], false),
        (https, &[for_http], true),
        (https, &[for_https, not_for_the_domain], true),
        (https, &[for_https, not_for_connect_to], false),
        (http, &[for_http], false),
        (http, &[all_proxy], false),
        (http, &[for_https], true),
        (http, &[for_http, not_for_the_domain], false),
        (http, &[for_http, not_for_connect_to], true),
    ] {
        let test = "connect_to_is_refused_where_a_proxy_would_never_look_at_it";
        let (passed, shown) = again(test, environment, connect_to);
        let expected = if allowed { "1 passed" } else { "name the host in NO_PROXY" };
        assert_eq!(passed, allowed, "{connect_to} {environment:?}");
        assert!(shown.contains(expected), "{shown}");
    }
}

#[tokio::test]
async fn what_is_on_loopback_is_asked_without_a_proxy() {
    if env::var(CONNECT_TO).is_ok() {
        let double = ZitadelDouble::start().await;
        let token = active_token(&double);
        assert_active(&ask(&setup::introspector(setup::basic(&double)), &token).await);
        let endpoint_alone = ZitadelSettings {
            domain: "https://auth.example.test".parse().unwrap(),
            introspection_endpoint: Some(double.introspection_endpoint().parse().unwrap()),
            ..setup::basic(&double)
        };
        assert_active(&ask(&setup::introspector(endpoint_alone), &token).await);
        return;
    }
    let nobody = "http://127.0.0.1:1";
    let test = "what_is_on_loopback_is_asked_without_a_proxy";
    let (passed, shown) = again(test, &[("ALL_PROXY", nobody)], "");
    assert!(passed && shown.contains("1 passed"), "{shown}");
}
