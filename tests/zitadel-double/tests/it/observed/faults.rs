//! A failing database.

use std::time::Duration;

use tokio::time::timeout;
use zitadel_double::{Fault, Times, TokenKind};

use super::question::Answer;
use super::{Observed, Question, Stage, find};

const STOPPED: &str = "database stopped";
const HANGS: &str = "database hangs (stopped process)";
const ONE_TABLE: &str = "database error in one table (seen for each of auth.tokens, projections of \
    users, machines, projects, orgs, apps, API configurations, user grants), valid PAT";

pub(super) const CASES: [&str; 3] = [STOPPED, HANGS, ONE_TABLE];

async fn ask(stage: &Stage) -> Answer {
    let token = stage.pat(&stage.reader);
    Question::about(stage, &token).ask(stage).await
}

/// Compares status and media type, the only recorded header.
fn assert_head_alike(observed: &Observed, answer: &Answer) {
    assert_eq!(Some(answer.status), observed.status);
    assert_eq!(answer.headers["content-type"], observed.headers["content-type"]);
}

#[tokio::test]
async fn a_database_that_is_stopped_is_told_as_observed() {
    let (stage, observed) = (Stage::new().await, find(STOPPED));
    stage.double.introspection_fault(Fault::DatabaseDown, Times::Once);
    let answer = ask(&stage).await;
    assert_head_alike(observed, &answer);
    // The double names a host there, like other versions.
    let before_cause = |body: &str| body.split_once("Parent=(").unwrap().0.to_owned();
    assert_eq!(before_cause(&answer.body), before_cause(&observed.body));
}

#[tokio::test]
async fn a_database_that_hangs_gives_no_answer_as_observed() {
    let (stage, observed) = (Stage::new().await, find(HANGS));
    assert_eq!((observed.status, observed.body.as_str()), (None, "no answer within 20 s"));
    stage.double.introspection_fault(Fault::Stall, Times::Once);
    let mut hanging = std::pin::pin!(ask(&stage));
    let later = async {
        stage.double.wait_for_introspections(1).await;
        ask(&stage).await
    };
    tokio::select! {
        biased;
        answer = &mut hanging => panic!("{}", answer.body),
        answer = later => assert_eq!(answer.status, 200),
    }
    assert!(timeout(Duration::ZERO, hanging).await.is_err());
}

#[tokio::test]
async fn a_table_that_is_away_makes_every_token_inactive_as_observed() {
    let (stage, observed) = (Stage::new().await, find(ONE_TABLE));
    assert!(ask(&stage).await.body.starts_with("{\"active\":true"));
    stage.double.set_inactive_by_fault(TokenKind::All, true);
    let answer = ask(&stage).await;
    assert_head_alike(observed, &answer);
    assert_eq!(answer.body, observed.body);
}
