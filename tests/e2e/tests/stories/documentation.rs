//! Every relative link of the documentation has an existing target.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn files(directory: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir()
            && !["target", "node_modules"].contains(&name.as_str())
            && !name.starts_with('.')
        {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// Returns the link targets of a page, except in code blocks.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2).collect::<String>();
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .collect()
}

/// Returns the anchors of a page's headings, as on GitHub.
fn anchors(text: &str) -> Vec<String> {
    let anchor = |heading: &str| {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
    };
    text.lines()
        .filter_map(|line| {
            line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))
        })
        .map(|heading| anchor(heading.trim()))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut all = Vec::new();
    files(&root(), "md", &mut all);
    assert!(all.len() > 5, "{all:?}");
    for page in all {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if !anchor.is_empty() && target.extension().is_some_and(|extension| extension == "md") {
                let anchors = anchors(&fs::read_to_string(&target).unwrap());
                assert!(anchors.contains(&anchor.to_owned()), "{}: {link}", page.display());
            }
        }
    }
}

#[test]
fn every_test_that_a_page_names_exists() {
    let mut sources = Vec::new();
    files(&root(), "rs", &mut sources);
    let code: String = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for page in ["docs/incidents.md", "docs/architecture.md", "docs/mcp.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let names: Vec<_> = text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| name.matches('_').count() > 3 && !name.contains(['.', '/', '(']))
            .collect();
        assert!(names.len() > 10, "{page}: {names:?}");
        for name in names {
            assert!(
                code.contains(&format!("fn {name}(")),
                "{page} names {name}, which is not there"
            );
        }
    }
}

#[test]
fn the_readmes_first_screen_leads_to_the_port_the_rules_and_where_a_401_is_made() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let first_screen: String = readme.lines().take(40).collect::<Vec<_>>().join("\n");
    let links = links(&first_screen);
    for expected in ["domain/src/port.rs", "domain/src/rules.rs", "app/edge/src/answer/outcome.rs"]
    {
        assert!(links.contains(&expected.to_owned()), "{expected} is not linked");
    }
}

/// Returns a source file's event messages, each up to its first placeholder.
fn messages(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let calls =
        ["info!(", "warn!(", "error!("].into_iter().flat_map(|call| code.split(call).skip(1));
    calls
        .filter_map(|call| {
            let call = call.split(");").next().unwrap_or_default();
            let literals: Vec<_> = call.split('"').skip(1).step_by(2).collect();
            let sentence = literals.iter().find(|text| text.contains(' '));
            let message = sentence.or(literals.last())?;
            let message = message.split(['{', ';', '\\']).next().unwrap_or_default();
            Some(message.trim_end_matches([':', ' ']).to_owned())
        })
        .filter(|message| !message.is_empty())
        .collect()
}

#[test]
fn every_event_stands_on_the_page_of_the_log() {
    let page = fs::read_to_string(root().join("docs/logging.md")).unwrap();
    let mut sources = Vec::new();
    for folder in ["app/src", "app/edge/src", "adapters/src"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    // The demo's handlers belong to its owner.
    sources.retain(|source| !source.starts_with(root().join("app/src/api")));
    let mut found = 0;
    for source in sources {
        for message in messages(&fs::read_to_string(&source).unwrap()) {
            let begins_with = message.split(':').next().unwrap_or_default();
            found += 1;
            assert!(page.contains(begins_with), "{message:?} of {}", source.display());
        }
    }
    assert!(found > 20, "{found}");
}
