//! Tests of resource URLs and of the paths of their metadata documents.

use super::*;

#[test]
fn the_metadata_lie_between_host_and_path() {
    for (url, metadata) in [
        ("https://api.test", "https://api.test/.well-known/oauth-protected-resource"),
        ("https://api.test/", "https://api.test/.well-known/oauth-protected-resource"),
        ("https://api.test/mcp", "https://api.test/.well-known/oauth-protected-resource/mcp"),
        ("https://api.test/a/b/", "https://api.test/.well-known/oauth-protected-resource/a/b/"),
        ("http://[::1]:5000/m", "http://[::1]:5000/.well-known/oauth-protected-resource/m"),
    ] {
        let resource = Resource::new(url).unwrap();
        assert_eq!(resource.metadata_url(), metadata);
        assert_eq!(resource.url(), url);
        assert!(metadata.ends_with(&resource.metadata_path()));
    }
}

#[test]
fn the_origin_is_what_a_browser_sends() {
    for (url, origin) in [
        ("https://api.test:8443", "https://api.test:8443"),
        ("http://localhost/mcp", "http://localhost"),
        ("http://[::1]:5000/mcp", "http://[::1]:5000"),
        ("http://127.0.0.1:5000/mcp", "http://127.0.0.1:5000"),
    ] {
        assert_eq!(Resource::new(url).unwrap().origin(), origin);
    }
}

#[test]
fn what_cannot_identify_a_resource_says_why() {
    use InvalidResource::{ForbiddenCharacter, MoreThanAPath, NoUrl, NotCanonical, NotSecure};
    for (url, why) in [
        ("", NoUrl),
        ("api.test/mcp", NoUrl),
        ("/mcp", NoUrl),
        ("https://", NoUrl),
        ("https:///mcp", NoUrl),
        ("http://api.test/mcp", NotSecure),
        ("http://127.0.0.1.test/mcp", NotSecure),
        ("ftp://localhost/mcp", NotSecure),
        ("https://a@api.test/mcp", MoreThanAPath),
        ("https://api.test/mcp?a", MoreThanAPath),
        ("https://api.test/mcp#a", MoreThanAPath),
        ("https://api.test/a\"b", ForbiddenCharacter),
        ("https://api.test/scope=a", ForbiddenCharacter),
        ("https://api.test/{id}", ForbiddenCharacter),
        ("https://api.test/:id", ForbiddenCharacter),
        ("https://api.test/a b", ForbiddenCharacter),
        ("https://äpi.test", ForbiddenCharacter),
        ("https://api.test/a%20b", ForbiddenCharacter),
        ("https://API.test/mcp", NotCanonical),
        ("HTTPS://api.test/mcp", NotCanonical),
        ("https://api.test:443/mcp", NotCanonical),
        ("http://localhost:80/mcp", NotCanonical),
        ("https://api.test:99999/mcp", NotCanonical),
        ("https://api.test:/mcp", NotCanonical),
        ("https://api.test:080/mcp", NotCanonical),
        ("http://[0:0:0:0:0:0:0:1]:5000/mcp", NotCanonical),
        ("https://api.test/a/../b", NotCanonical),
        ("https://api.test/.", NotCanonical),
    ] {
        assert_eq!(Resource::new(url).unwrap_err(), why, "{url}");
    }
}

#[test]
fn scopes_of_a_rule_follow_those_of_every_client_without_doubles() {
    let scopes = ["openid", "urn:a:aud"].map(ScopeToken::from_static).to_vec();
    let resource = Resource::new("https://api.test").unwrap().scopes(scopes);
    assert_eq!(resource.scope(None), "openid urn:a:aud");
    let policy = Policy::AllOf(
        const {
            &[
                Policy::Scope(ScopeToken::from_static("email")),
                Policy::Scope(ScopeToken::from_static("openid")),
            ]
        },
    );
    assert_eq!(resource.scope(Some(&policy)), "openid urn:a:aud email");
}
