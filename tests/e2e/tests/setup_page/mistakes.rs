//! Mistakes at the beginning of the page: each says something that a person can act on.

use zitadel_double::ZitadelDouble;

use crate::{
    desk::Desk,
    page::{self, Step},
    terminal::{Paste, Shell},
};

const ADDRESS: &str = "ZITADEL=https://auth.example.com\n";

/// The step of the page that holds these lines.
fn step(code: &str) -> Step {
    page::steps().into_iter().find(|step| step.code.contains(code)).unwrap()
}

/// The step with the address, with something behind the address.
fn address_with(end: &str) -> Step {
    let mut step = step(ADDRESS);
    step.code = step.code.replace(ADDRESS, &ADDRESS.replace('\n', &format!("{end}\n")));
    step
}

fn mistakes(double: ZitadelDouble, shell: Shell) {
    let mut desk = Desk::new(double, shell, Paste::Bracketed);
    let printed = desk.take(&address_with("/ui/console"));
    assert!(printed.contains("no ZITADEL answers at http://127.0.0.1:"), "{printed}");
    assert_eq!(desk.double.take_violations().len(), 1, "there is no such path");
    let printed = desk.take(&address_with("/"));
    desk.assert_as_expected(&step(ADDRESS), &printed);

    desk.take(&step("need() {"));
    let organization = step("/orgs/me");
    let token = step("read -rs ADMIN_PAT");
    desk.enter(&token.code, "");
    let printed = desk.take(&organization);
    assert!(printed.contains("ADMIN_PAT is empty: go back to the step that sets it"), "{printed}");
    desk.enter(&token.code, "no-such-token");
    let printed = desk.take(&organization);
    for text in ["was refused", "Errors.Token.Invalid"] {
        assert!(printed.contains(text), "{printed}");
    }
    assert!(organization.advice.contains("`Errors.Token.Invalid` if it is mistyped"));

    // The person goes on all the same.
    desk.take(&token);
    desk.take(&step("credentials_work() {"));
    let asked = desk.double.requests().len();
    let mut refused = 0;
    for step in page::steps() {
        let needs = |line: &str| line.starts_with("need ");
        if step.code.lines().any(needs)
            && !step.code.lines().any(|line| line.starts_with("manage "))
        {
            let printed = desk.take(&step);
            assert!(printed.contains(" is empty: go back to the step that sets it"), "{printed}");
            refused += 1;
        }
    }
    assert!(refused > 15, "{refused}");
    assert_eq!(desk.double.requests().len(), asked);
}

#[tokio::test]
async fn bash_names_each_mistake() {
    mistakes(ZitadelDouble::start().await, Shell::Bash);
}

#[tokio::test]
async fn zsh_names_each_mistake() {
    mistakes(ZitadelDouble::start().await, Shell::Zsh);
}
