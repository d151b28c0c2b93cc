//! Message for administrators who may not create the webhook.

use super::{
    args::{AuthMethod, SetupArgs},
    target::Target,
};

/// Returns the message that a manager of the instance must create the webhook, with the command to
/// run.
pub(super) fn text(program: &str, organization: &str, args: &SetupArgs, target: &Target) -> String {
    let auth = if args.auth == AuthMethod::Basic { " --auth basic" } else { "" };
    let url = args.webhook.as_ref().map_or("", |url| url.as_str());
    format!(
        "only a manager of the instance (IAM_OWNER) may make the webhook: let one run this line here, \
         with a token of theirs in FILE,\n  {program} setup --domain {} --org {organization} --name \
         {}{auth} --changes --webhook {} --token-file FILE",
        args.domain,
        quoted(&target.project),
        quoted(url),
    )
}

pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/+,@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell_where_they_have_to_be() {
        for (word, expected) in [
            ("Messages", "Messages"),
            ("My API", "'My API'"),
            ("Ada's", "'Ada'\\''s'"),
            ("https://a/b?c&d", "'https://a/b?c&d'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
