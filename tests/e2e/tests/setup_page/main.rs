//! `docs/zitadel-setup.md`, and the two commands of the README, typed as they stand into interactive
//! shells, against the double.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod desk;
mod expected;
mod mistakes;
mod page;
mod programs;
mod readme;
mod terminal;

use std::time::Duration;

use desk::Desk;
use terminal::{Paste, Shell};
use zitadel_double::{TokenForm, ZitadelDouble};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Orders {
    Once,
    Twice,
}

/// Takes every step of the page, and those that change something as often as `orders` says.
fn walk(double: ZitadelDouble, shell: Shell, paste: Paste, orders: Orders) {
    let mut desk = Desk::new(double, shell, paste);
    let steps = page::steps();
    assert!(steps.len() > 30, "{}", steps.len());
    for step in steps {
        let printed = desk.take(&step);
        desk.assert_as_expected(&step, &printed);
        if orders == Orders::Twice && step.is_order() {
            desk.assert_may_be_taken_again(&step);
        }
    }
    desk.leave();
}

#[tokio::test]
async fn bash_takes_the_page_as_it_is_typed() {
    walk(ZitadelDouble::start().await, Shell::Bash, Paste::Plain, Orders::Once);
}

#[tokio::test]
async fn bash_takes_the_page_as_it_is_pasted() {
    walk(ZitadelDouble::start().await, Shell::Bash, Paste::Bracketed, Orders::Once);
}

#[tokio::test]
async fn zsh_takes_the_page_as_it_is_typed() {
    walk(ZitadelDouble::start().await, Shell::Zsh, Paste::Plain, Orders::Once);
}

#[tokio::test]
async fn zsh_takes_the_page_as_it_is_pasted() {
    walk(ZitadelDouble::start().await, Shell::Zsh, Paste::Bracketed, Orders::Once);
}

#[tokio::test]
async fn the_page_holds_for_tokens_of_the_newer_form_and_roles_that_lag() {
    let double = ZitadelDouble::builder().tokens(TokenForm::Jwe).start().await;
    double.set_roles_lag(Duration::from_millis(200));
    walk(double, Shell::Zsh, Paste::Bracketed, Orders::Once);
}

#[tokio::test]
async fn bash_takes_every_order_twice() {
    walk(ZitadelDouble::start().await, Shell::Bash, Paste::Bracketed, Orders::Twice);
}

#[tokio::test]
async fn zsh_takes_every_order_twice() {
    walk(ZitadelDouble::start().await, Shell::Zsh, Paste::Bracketed, Orders::Twice);
}
