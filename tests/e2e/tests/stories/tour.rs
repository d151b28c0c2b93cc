//! The excerpts of the tour are lines of the files that they name. Those of the demo, which a fork
//! replaces, are checked in `app/src/api/tests.rs`.

use std::fs;

use crate::documentation::root;

/// Line of an excerpt that stands for lines left out.
const LEFT_OUT: &str = "// …";

/// Returns the files and the lines of the tour's excerpts, by the language of their fence.
fn excerpts(language: &str) -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join("docs/tour.md")).unwrap();
    let blocks = page.split("```").skip(1).step_by(2);
    let named = blocks.filter_map(|block| block.strip_prefix(language)?.split_once('\n'));
    named.map(|(file, lines)| (file.trim().to_owned(), lines.to_owned())).collect()
}

/// Returns whether the parts of an excerpt are whole lines of the file, one part after the other.
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
        // A backslash in the source joins two lines.
        let text = text.split("\\\n").map(str::trim_start).collect::<String>();
        assert!(said.contains(&text), "the tour has not: {text}");
    }
}
