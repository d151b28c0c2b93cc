//! `docs/zitadel-setup.md` and the README's two commands, typed into interactive shells, against
//! the double.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod console;
mod desk;
mod expected;
mod page;
mod programs;
mod readme;
mod terminal;

use desk::Desk;
use terminal::{Paste, Shell};
use zitadel_double::{TokenForm, ZitadelDouble};

fn walk(double: ZitadelDouble, shell: Shell, paste: Paste) {
    let mut desk = Desk::new(double, shell, paste);
    let steps = page::steps();
    assert!(steps.len() > 15, "{}", steps.len());
    for step in steps {
        let printed = desk.take(&step);
        desk.assert_as_expected(&step, &printed);
    }
    desk.leave();
}

#[tokio::test]
async fn bash_takes_the_page_as_it_is_typed() {
    walk(ZitadelDouble::start().await, Shell::Bash, Paste::Plain);
}

#[tokio::test]
async fn bash_takes_the_page_as_it_is_pasted() {
    walk(ZitadelDouble::start().await, Shell::Bash, Paste::Bracketed);
}

#[tokio::test]
async fn zsh_takes_the_page_as_it_is_typed() {
    walk(ZitadelDouble::start().await, Shell::Zsh, Paste::Plain);
}

#[tokio::test]
async fn zsh_takes_the_page_as_it_is_pasted() {
    walk(ZitadelDouble::start().await, Shell::Zsh, Paste::Bracketed);
}

#[tokio::test]
async fn the_page_holds_for_tokens_of_the_newer_form() {
    let double = ZitadelDouble::builder().tokens(TokenForm::Jwe).start().await;
    walk(double, Shell::Zsh, Paste::Bracketed);
}
