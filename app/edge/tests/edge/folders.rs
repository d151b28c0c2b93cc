//! Test that the library's four source folders import each other in one direction only.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders of the library's source code; each may import only from those before it.
const FOLDERS: [&str; 4] = ["answer", "note", "admit", "mount"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_folder_imports_only_from_those_before_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (at, folder) in FOLDERS.iter().enumerate() {
        for file in files(&source.join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for later in &FOLDERS[at + 1..] {
                let import = code.clone().find(|line| line.contains(&format!("{later}::")));
                assert_eq!(import, None, "{}", file.display());
            }
        }
    }
}
