//! The tour's excerpts are lines of the files that they name. `app/src/api/tests.rs` checks those
//! of the demo, which a fork replaces.

use std::fs;

use crate::documentation::root;

/// Line that stands for omitted lines.
const LEFT_OUT: &str = "// …";

/// Returns the files and lines of the tour's excerpts fenced with a language.
fn excerpts(language: &str) -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join("docs/tour.md")).unwrap();
    let blocks = page.split("```").skip(1).step_by(2);
    let named = blocks.filter_map(|block| block.strip_prefix(language)?.split_once('\n'));
    named.map(|(file, lines)| (file.trim().to_owned(), lines.to_owned())).collect()
}

/// True if the excerpt's parts are whole lines of the file, in order.
fn is_excerpt(lines: &str, file: &str) -> bool {
    let lines: Vec<_> = lines.lines().collect();
    let mut rest = file;
    lines.split(|line| line.trim() == LEFT_OUT).all(|part| {
        let found = rest.split_once(&format!("\n{}\n", part.join("\n")));
        rest = found.map_or("", |(_, after)| after);
        found.is_some()
    })
}

#[test]
fn every_excerpt_of_the_tour_is_in_the_file_that_it_names() {
    let excerpts = excerpts("rust ");
    assert!(excerpts.len() > 7, "{excerpts:?}");
    for (file, lines) in excerpts {
        assert!(lines.lines().count() <= 16, "the excerpt of {file} is too long");
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let of_demo = ["app/src/api/handlers.rs", "domain/src/rules.rs"].contains(&&*file);
        assert!(of_demo || is_excerpt(&lines, &text), "this is not in {file}:\n{lines}");
    }
}

#[test]
fn the_compilers_message_on_the_tour_is_the_one_in_the_code() {
    let [(file, said)] = &excerpts("text ")[..] else { panic!("one message of the compiler") };
    let code = fs::read_to_string(root().join(file)).unwrap();
    let (before, _) = code.split_once("pub trait PermitFirst").unwrap();
    let (_, attribute) = before.rsplit_once("on_unimplemented(").unwrap();
    let texts: Vec<_> = attribute.split('"').skip(1).step_by(2).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    for text in texts {
        // A backslash joins two lines of the source.
        let text = text.split("\\\n").map(str::trim_start).collect::<String>();
        assert!(said.contains(&text), "the tour has not: {text}");
    }
}
