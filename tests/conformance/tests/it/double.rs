//! The suite against the double.

use conformance::{Outcome, Report, Server, run, run_cases};
use observed::{Asked, Section, introspection};
use zitadel_double::{TokenForm, ZitadelDouble, ZitadelDoubleBuilder};

/// Returns the double under the observed server's name.
pub(crate) fn observed() -> ZitadelDoubleBuilder {
    ZitadelDouble::builder().issuer("http://localhost:8080")
}

#[track_caller]
pub(crate) fn assert_all_same(report: &Report) {
    println!("{report}");
    let others = report.rows().iter().filter(|row| row.outcome != Outcome::Same);
    let others: Vec<&str> = others.map(|row| row.case.as_str()).collect();
    assert_eq!(others, [""; 0]);
}

#[tokio::test]
async fn the_double_answers_as_the_observed_zitadel() {
    let double = observed().start().await;
    let report = run(&Server::double(&double).unwrap()).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    assert_eq!(report.rows().len(), introspection().len());
    assert_all_same(&report);
}

#[tokio::test]
async fn with_tokens_of_the_newer_form_copies_alone_are_answered_otherwise() {
    let double = observed().tokens(TokenForm::Jwe).start().await;
    let tokens: Vec<_> =
        introspection().into_iter().filter(|case| case.section == Section::Token).collect();
    let report = run_cases(&Server::double(&double).unwrap(), &tokens).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    assert_all_same(&report);
}

#[tokio::test]
async fn an_answer_of_another_form_and_a_case_that_does_not_come_about_are_reported() {
    let double = observed().start().await;
    let names = ["pat_with_role", "right_credentials_unknown_token", "wrong_secret"];
    let mut asked: Vec<_> =
        introspection().into_iter().filter(|case| names.contains(&case.name.as_str())).collect();
    asked[0].body = asked[0].body.replace("\"username\"", "\"user_name\"");
    asked[2].asked = Asked::Words(String::new());
    asked[1].status = Some(401);
    let report = run_cases(&Server::double(&double).unwrap(), &asked).await.unwrap();
    let _wrong_on_purpose = double.take_violations();
    let outcomes: Vec<String> = report.rows().iter().map(|row| row.outcome.to_string()).collect();
    assert_eq!(
        outcomes,
        [
            "DIFFERENT: the body has no user_name; the body has a member username",
            "DIFFERENT: status 200 for 401",
            "DIFFERENT: the observed case cannot be asked: wrong_secret: no method",
        ],
    );
    assert!(report.to_string().ends_with("0 same, 3 different, 0 double-only, 0 skipped"));
}
