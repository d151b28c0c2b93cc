//! Proxies of the environment. A test cannot change the environment of its own process, so this
//! one starts itself once more.

use std::{
    env,
    process::{Command, Output},
};

use adapters::zitadel::ZitadelSettings;
use zitadel_double::ZitadelDouble;

use crate::setup;

const NAME: &str = "proxies::connect_to_is_refused_where_a_proxy_would_never_look_at_it";
/// The variable that tells the second process what to connect to.
const CONNECT_TO: &str = "CONNECT_TO";

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
        let Output { status, stdout, .. } = Command::new(env::current_exe().unwrap())
            .args(["--exact", NAME])
            .env_clear()
            .envs(environment.iter().copied())
            .env(CONNECT_TO, connect_to)
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&stdout);
        let expected = if allowed { "1 passed" } else { "name the host in NO_PROXY" };
        assert_eq!(status.success(), allowed, "{connect_to} {environment:?}");
        assert!(shown.contains(expected), "{shown}");
    }
}
