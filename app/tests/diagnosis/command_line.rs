//! Tests of accepted and of refused command lines.

use crate::run::{run, with};

#[test]
fn help_shows_examples_and_says_what_the_exit_status_means() {
    let help = run(&["--help"], &Vec::new(), "").stdout;
    for expected in ["app explain < token.txt", "app check --format json", "serve", "--version"] {
        assert!(help.contains(expected), "{expected:?} is not in:\n{help}");
    }
    for command in ["check", "explain"] {
        let help = run(&[command, "--help"], &Vec::new(), "").stdout;
        assert!(help.contains("Exit status: 0 when"), "{help}");
    }
}

// A token that is given as an argument by mistake appears in no log.
#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() {
    for arguments in [
        &["explain", "eyJhbGci.secret"][..],
        &["explain", "short"],
        &["explain", "--eyJhbGci.secret"],
        &["explain", "--token=eyJhbGci.secret"],
        &["explain", "--format", "eyJhbGciOiJSUzI1.secret"],
        &["explain", "--format=eyJhbGciOiJSUzI1.secret"],
        &["explain", "--help=eyJhbGciOiJSUzI1.secret"],
        &["check", "eyJhbGciOiJSUzI1.secret"],
        &["serve", "eyJhbGciOiJSUzI1.secret"],
        &["serve", "eyJhbGci.-secret1"],
        &["eyJhbGciOiJSUzI1.secret"],
        &["--eyJhbGciOiJSUzI1.secret"],
    ] {
        let ended = run(arguments, &Vec::new(), "");
        assert_eq!(ended.status, Some(2), "{arguments:?}");
        assert!(ended.stderr.contains("the token is read from standard input"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("eyJhbGci"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("short"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[test]
fn what_is_misspelled_is_repeated_with_what_may_be_meant() {
    for (arguments, expected) in [
        (&["chek"][..], &["'chek'", "'check'"][..]),
        (&["check", "--fromat", "json"], &["'--fromat'", "'--format'"]),
        (&["check", "--format", "yaml"], &["'yaml'", "text, json"]),
        (&["check", "--format", "sixteen-letters-"], &["'sixteen-letters-'"]),
    ] {
        let ended = run(arguments, &Vec::new(), "");
        assert_eq!(ended.status, Some(2), "{arguments:?}");
        assert!(expected.iter().all(|word| ended.stderr.contains(word)), "{}", ended.stderr);
    }
}

#[test]
fn what_serve_refuses_check_and_explain_refuse_in_the_same_words() {
    let unknown = with(Vec::new(), "APP_SERVER__LISTN", "x");
    let connect_to =
        with(crate::run::at("https://10.0.0.1"), "APP_ZITADEL__CONNECT_TO", "https://10.0.0.7");
    for environment in [unknown, connect_to] {
        let serve = run(&[], &environment, "");
        assert_eq!(serve.status, Some(2));
        for command in ["check", "explain"] {
            let ended = run(&[command], &environment, "a-token");
            assert_eq!((ended.status, &ended.stderr), (Some(2), &serve.stderr));
            assert_eq!(ended.stdout, "");
        }
    }
}

#[test]
fn without_a_token_there_is_nothing_to_explain() {
    for input in ["", " \n", "Bearer \n", "Authorization: Bearer"] {
        let ended = run(&["explain"], &Vec::new(), input);
        assert_eq!(ended.status, Some(2));
        assert_eq!(
            ended.stderr,
            "app: there is no token on standard input: pipe it in, as in: app explain < token.txt\n"
        );
    }
}
