//! One run: set up, send, compare, clean up.

use std::time::Duration;

use observed::{Case, introspection};

use crate::Error;
use crate::cleanup::{end_sessions, remove_left_overs, remove_own};
use crate::entries;
use crate::entry::{Ask, Entry};
use crate::exchange::{Answer, Request};
use crate::form::differences;
use crate::prefix::Prefix;
use crate::replay;
use crate::report::{Outcome, Report, Row};
use crate::server::Server;
use crate::setup::Stage;

/// Maximum time until introspection shows a change at a real server.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// Number of parts of a compact JWE.
const PARTS_OF_JWE: usize = 5;

/// Sends all observed requests to a server. A failed clean-up is a row of the report.
///
/// # Errors
/// If the setup fails, or entries and cases do not match.
pub async fn run(server: &Server<'_>) -> Result<Report, Error> {
    let cases = introspection();
    let unmatched = entries::unmatched(&cases);
    if !unmatched.is_empty() {
        return Err(Error::Case(unmatched.join("; ")));
    }
    run_cases(server, &cases).await
}

/// Sends the requests of these cases.
///
/// # Errors
/// If the setup fails.
pub async fn run_cases(server: &Server<'_>, cases: &[Case]) -> Result<Report, Error> {
    remove_left_overs(server).await?;
    let prefix = Prefix::of_this_run();
    let report = asked(server, &prefix, cases).await;
    let removed = remove_own(server, &prefix).await;
    let mut report = report?;
    if let Err(error) = removed {
        let outcome = Outcome::Different(vec![error.with_causes()]);
        report.add(Row { case: "(clean-up)".to_owned(), outcome });
    }
    Ok(report)
}

async fn asked(server: &Server<'_>, prefix: &Prefix, cases: &[Case]) -> Result<Report, Error> {
    let version = server.version().await;
    let stage = Stage::set_up(server, prefix).await?;
    let mut rows = Vec::new();
    for case in cases {
        let Some(entry) = entries::all().find(|entry| entry.name == case.name) else {
            return Err(Error::Case(format!("{} has no entry", case.name)));
        };
        rows.push(Row { case: case.name.clone(), outcome: outcome(entry, case, &stage).await });
    }
    if let Ok(people) = &stage.people {
        end_sessions(server, &people.sessions()).await;
    }
    if let Some(strangers) = &stage.strangers {
        strangers.remove(server)?;
    }
    Ok(Report::new(server, version, rows))
}

async fn outcome(entry: &Entry, case: &Case, stage: &Stage<'_>) -> Outcome {
    if let Some(reason) = entry.double_only.filter(|_| !stage.server.is_double()) {
        return Outcome::DoubleOnly(reason);
    }
    let compared = compare(entry, case, stage).await;
    let undone = stage.undo().await;
    match (compared, undone) {
        (Err(error @ Error::NoLogin(_)), _) if !stage.server.is_double() => {
            Outcome::Skipped(error.to_string())
        }
        (Err(error), _) => Outcome::Different(vec![error.with_causes()]),
        (Ok(_), Err(error)) => {
            Outcome::Different(vec![format!("undoing: {}", error.with_causes())])
        }
        (Ok(differences), Ok(())) if differences.is_empty() => Outcome::Same,
        (Ok(differences), Ok(())) => Outcome::Different(differences),
    }
}

/// Sets up a case and compares its response; at a real server repeatedly until it settles.
async fn compare(entry: &Entry, case: &Case, stage: &Stage<'_>) -> Result<Vec<String>, Error> {
    let request = match &entry.ask {
        Ask::Replayed => replay::request(case, stage).await?,
        Ask::WithRawForm => replay::request_with_raw_form(case, stage).await?,
        Ask::By(bring) | Ask::Copy(bring) => bring(stage).await?,
    };
    let mut case = case.clone();
    if matches!(entry.ask, Ask::Copy(_)) && is_of_newer_form(&request) {
        "{\"active\":false}\n".clone_into(&mut case.body);
    }
    let deadline = tokio::time::Instant::now() + SETTLED_WITHIN;
    loop {
        let answer = asked_once(&request, &case, stage).await?;
        let found = differences(&case, answer.as_ref(), &stage.names, stage.server.strictness());
        let settled = stage.server.is_double() || tokio::time::Instant::now() > deadline;
        if found.is_empty() || settled {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Sends the request once; `None` means no response in time, an error unless observed.
async fn asked_once(
    request: &Request,
    case: &Case,
    stage: &Stage<'_>,
) -> Result<Option<Answer>, Error> {
    match stage.server.send(request).await {
        Err(Error::NoAnswer { .. }) if case.status.is_none() => Ok(None),
        answer => answer.map(Some),
    }
}

fn is_of_newer_form(request: &Request) -> bool {
    let form = url::form_urlencoded::parse(request.body.as_deref().unwrap_or_default().as_bytes());
    let token = form.into_iter().find(|(name, _)| name == "token");
    token.is_some_and(|(_, token)| token.split('.').count() == PARTS_OF_JWE)
}
