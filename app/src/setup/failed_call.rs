//! Explains failed calls of ZITADEL's management API to people.

use adapters::zitadel::management::ManagementError;

/// Returns the error's message, with the `setup` option or documentation page that helps, if any.
pub(super) fn in_words(error: &ManagementError) -> String {
    match error {
        ManagementError::UnknownInstance => {
            "ZITADEL knows no instance by the host name of --domain, or its database is down (404)"
                .to_owned()
        }
        ManagementError::NoManagementApi { .. } => format!(
            "{error}; it is deprecated, and this ZITADEL may be too new for setup: \
             docs/zitadel-setup.md has the way by the console"
        ),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_setup_can_advise_is_added() {
        let missing = ManagementError::NoManagementApi { call: "GET /x".to_owned() };
        assert_eq!(
            in_words(&missing),
            "GET /x: there is no management API v1 at this address (404); it is deprecated, and \
             this ZITADEL may be too new for setup: docs/zitadel-setup.md has the way by the console"
        );
        assert!(in_words(&ManagementError::UnknownInstance).contains("host name of --domain,"));
        let error = ManagementError::Token;
        assert_eq!(in_words(&error), error.to_string());
    }
}
