//! Tests that the picture of a first run of `setup` at a terminal is up to date.

use crate::{
    directory::Directory, picture::assert_pictured, pseudo_terminal::answered, report::unchanging,
};

#[tokio::test]
async fn the_picture_of_setup_shows_a_first_run() {
    let directory = Directory::new().await;
    let issuer = directory.double.issuer();
    let command = directory.command(issuer, "admin.pat", "--name Messages --callers caller");
    let (status, text) = answered(&command, b']', |_| true, "y");
    assert_eq!(status, Some(0), "{text}");
    let text = unchanging(&directory, &text).replace("(id)", directory.double.org_id().as_str());
    let with_days = |line: &str| {
        let day = if line.contains("  key  ") { "2027-11-27" } else { "2026-12-27" };
        line.replace("(day)", day) + "\n"
    };
    let text: String = text.lines().map(with_days).collect();
    let command = "app setup --domain https://auth.example.com --token-file admin.pat --name \
                   Messages --callers caller";
    assert_pictured("setup", command, &text);
}
