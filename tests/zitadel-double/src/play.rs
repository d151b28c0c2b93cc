//! The binary's output, and the signals that end it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use tokio::signal::unix::{SignalKind, signal};
use zitadel_double::{Audience, NewUser, SessionToken, ZitadelDouble};

/// Prints a `.env`, tokens, and orders to try.
#[expect(clippy::print_stdout, reason = "this is what the program is for")]
pub(crate) fn introduce(
    double: &ZitadelDouble,
    control: SocketAddr,
    key_file: Option<&Path>,
) -> Result<(), String> {
    println!("# zitadel-double: a stand-in for ZITADEL, listening on {}", double.addr());
    println!("\n# Paste into .env:\n{}", dot_env(double, key_file)?);
    println!("{}", tokens(double));
    println!("{}", control_lines(control));
    println!("# Ctrl-C ends it. Requests that no resource server may make are reported below.");
    Ok(())
}

/// Returns the seed's four names: with a secret, or with a key file, which is written.
fn dot_env(double: &ZitadelDouble, key_file: Option<&Path>) -> Result<String, String> {
    let domain = double.issuer();
    let Some(path) = key_file else {
        let (id, secret) = (double.client_id(), double.client_secret());
        return Ok(format!(
            "ZITADEL_DOMAIN = \"{domain}\"\nCLIENT_ID = \"{id}\"\nCLIENT_SECRET = \"{secret}\"\n"
        ));
    };
    let shown = path.display();
    write_for_the_owner_alone(path, &double.key_json())
        .map_err(|error| format!("cannot write {shown}: {error}"))?;
    Ok(format!("ZITADEL_DOMAIN = \"{domain}\"\nKEY_FILE = \"{shown}\"\n"))
}

pub(crate) fn write_admin_token(double: &ZitadelDouble, path: &Path) -> Result<(), String> {
    write_for_the_owner_alone(path, &format!("{}\n", double.administrator()))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Replaces the file, which no other user can read at any moment.
fn write_for_the_owner_alone(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn tokens(double: &ZitadelDouble) -> String {
    let reader = double.add_user(NewUser::service("sample-reader"));
    double.grant(&reader, "read:messages");
    let reads = double.pat(&reader);
    let nobody = double.add_user(NewUser::human("sample-nobody"));
    let no_role = double.session_token(&nobody, SessionToken::default());
    let revoked = double.session_token(&nobody, SessionToken::default());
    double.revoke(&revoked);
    let audience = Audience::Project(double.foreign_project_id().clone());
    let foreign =
        double.session_token(&nobody, SessionToken { audience, ..SessionToken::default() });
    format!(
        "# Tokens to try, to be pasted into a shell. READER has the role read:messages, NO_ROLE\n\
         # has none, REVOKED is inactive, FOREIGN was issued for another project.\n\n\
         READER='{reads}'\n\
         NO_ROLE='{no_role}'\n\
         REVOKED='{revoked}'\n\
         FOREIGN='{foreign}'\n"
    )
}

fn control_lines(control: SocketAddr) -> String {
    format!(
        "# Change it while it runs (more in tests/zitadel-double/README.md):\n\
         curl -X DELETE http://{control}/grants -d '{{\"user\":\"sample-reader\",\"role\":\"read:messages\"}}'\n\
         curl http://{control}/grants -d '{{\"user\":\"sample-reader\",\"role\":\"read:messages\"}}'\n\
         curl http://{control}/revoke -d \"{{\\\"token\\\":\\\"$READER\\\"}}\"\n\
         curl http://{control}/users -d '{{\"name\":\"writer\",\"kind\":\"service\"}}'\n\
         curl http://{control}/pats -d '{{\"user\":\"writer\"}}'\n\
         curl http://{control}/faults -d '{{\"on\":\"introspection\",\"fault\":{{\"kind\":\"stall\"}}}}'\n\
         curl -X DELETE http://{control}/faults\n\
         curl -X POST http://{control}/event_reader\n\
         curl http://{control}/counts\n"
    )
}

/// Handles Ctrl-C and SIGTERM; the future completes on either.
pub(crate) fn asked_to_end() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Prints violations as they occur; all are printed when this returns.
pub(crate) async fn report_violations_until(
    end: impl Future<Output = ()> + Send,
    double: &ZitadelDouble,
) {
    let mut every = tokio::time::interval(Duration::from_millis(250));
    let mut end = std::pin::pin!(end);
    let mut ending = false;
    while !ending {
        tokio::select! {
            () = &mut end => ending = true,
            _ = every.tick() => {}
        }
        for violation in double.take_violations() {
            complain(&format!("a request broke a rule: {violation}"));
        }
    }
}

#[expect(clippy::print_stderr, reason = "a program's complaints belong there")]
pub(crate) fn complain(message: &str) {
    eprintln!("zitadel-double: {message}");
}
