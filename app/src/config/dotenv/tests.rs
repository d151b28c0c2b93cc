//! Tests of the `.env` parser. Expected values are those of python-dotenv 1.2 with
//! `interpolate=False`.

use super::*;

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(parse(text, |_| false), Ok(expected), "{text}");
}

#[test]
fn the_file_of_the_python_example_is_read() {
    check(
        "ZITADEL_DOMAIN = \"https://your-domain.zitadel.cloud\"\nCLIENT_ID = \"1@project\"\n\
         CLIENT_SECRET = \"a#b c\"\n",
        &[
            ("ZITADEL_DOMAIN", "https://your-domain.zitadel.cloud"),
            ("CLIENT_ID", "1@project"),
            ("CLIENT_SECRET", "a#b c"),
        ],
    );
}

#[test]
fn spaces_comments_and_export_are_taken_as_python_takes_them() {
    check("  A=1 ", &[("A", "1")]);
    check("export A=1", &[("A", "1")]);
    check("export\tA = 1", &[("A", "1")]);
    check("exportA=1", &[("exportA", "1")]);
    check("export", &[]);
    check("# A=1\n\n  # B=2\nC=3", &[("C", "3")]);
    check("A=1 # one", &[("A", "1")]);
    check("A=1# one", &[("A", "1# one")]);
    check("A=a b #c #d", &[("A", "a b")]);
    check("A= # none", &[("A", "")]);
    check("A=# none", &[("A", "# none")]);
    check("A=#x", &[("A", "#x")]);
    check("A='x' # one", &[("A", "x")]);
    check("A='x'#one", &[("A", "x")]);
    check("'A'=1", &[("A", "1")]);
    check("A=\nB=2", &[("A", ""), ("B", "2")]);
    check("A=", &[("A", "")]);
    check("A==", &[("A", "=")]);
    check("\u{feff}A=1", &[("A", "1")]);
}

#[test]
fn line_ends_of_every_kind_are_line_ends() {
    check("A=1\r\nB=2\rC=3\n", &[("A", "1"), ("B", "2"), ("C", "3")]);
}

#[test]
fn quoted_values_keep_what_is_in_them() {
    check("A=' x \"y\" '", &[("A", " x \"y\" ")]);
    check("A=\"x\ny\"\nB=2", &[("A", "x\ny"), ("B", "2")]);
    check(r#"A="x\ny\t\"z\"\q\\""#, &[("A", "x\ny\t\"z\"\\q\\")]);
    check(r"A='x\ny\'z\\'", &[("A", "x\\ny'z\\")]);
    check(r#"A="x\"#, &[]);
    check(r#"A="x\""#, &[]);
    check(r#"A="x\\"#, &[]);
    check(r#"A="x\\""#, &[("A", "x\\")]);
    check(r#"A="\a\b\f\r\v""#, &[("A", "\x07\x08\x0c\r\x0b")]);
    check(r"A=x\ny", &[("A", r"x\ny")]);
}

#[test]
fn nothing_is_expanded_and_nothing_is_guessed() {
    check("A=${B}$C`d`", &[("A", "${B}$C`d`")]);
    check(
        "A=true\nB=340000000000000010\nC= [a]",
        &[("A", "true"), ("B", "340000000000000010"), ("C", "[a]")],
    );
    check("C=\" [a]\"", &[("C", " [a]")]);
}

#[test]
fn the_last_line_about_a_name_wins() {
    check("A=1\nA=2", &[("A", "2")]);
    check("A=1\nA", &[]);
}

#[test]
fn a_line_that_cannot_be_read_is_skipped() {
    check("A=1\nnot a line\nB=2", &[("A", "1"), ("B", "2")]);
    check("A=\"unterminated\nB=2", &[("B", "2")]);
    check("A='x' y\nB=2", &[("B", "2")]);
    check("=1\nB=2", &[("B", "2")]);
    check("'A=1\nB=2", &[("B", "2")]);
}

#[test]
fn a_line_that_cannot_be_read_and_names_a_setting_is_refused() {
    let ours = |word: &str| word == "CLIENT_ID";
    for text in ["A=1\n\nCLIENT_ID=\"1\nB=2", "A=1\n\nexport CLIENT_ID 1", "\n\n'CLIENT_ID=1"] {
        assert_eq!(parse(text, ours), Err(UnreadableLine { line: 3 }), "{text}");
    }
    assert!(parse("MY_CLIENT_ID 1", ours).is_ok());
}
