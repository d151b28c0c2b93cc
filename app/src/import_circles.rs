//! Tests that modules directly under `src` (files or folders) do not import each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Returns the source code of a file, or of all files below a folder, without tests.
fn code(path: &Path) -> String {
    if path.is_file() {
        let text = fs::read_to_string(path).unwrap();
        return text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    }
    let files = fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.file_stem().unwrap() != "tests").map(|file| code(&file)).collect()
}

/// Returns the modules that `code` imports: `a` and `b` for `crate::{a::X, b}`.
fn imports(code: &str) -> BTreeSet<String> {
    let is_end = |c: char| !c.is_alphanumeric() && c != '_';
    let mut names = BTreeSet::new();
    for import in code.split("crate::").skip(1) {
        // A single path, or a list without its nested lists.
        let (mut depth, mut flat) = (0, String::new());
        for c in import.chars() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            flat.extend((depth <= 1).then_some(c));
            if depth == 0 && is_end(c) {
                break;
            }
        }
        let items = flat.trim_start_matches('{').split(',');
        names.extend(items.filter_map(|item| Some(item.trim().split(is_end).next()?.to_owned())));
    }
    names
}

#[test]
fn no_room_imports_itself_by_way_of_others() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = BTreeMap::new();
    for room in fs::read_dir(source).unwrap().map(|room| room.unwrap().path()) {
        let name = room.file_stem().unwrap().to_str().unwrap().to_owned();
        rooms.entry(name).or_insert_with(BTreeSet::new).extend(imports(&code(&room)));
    }
    assert!(rooms["start"].contains("compose"), "imports are not recognized: {rooms:?}");
    rooms.retain(|name, _| name != "lib");
    loop {
        let left: BTreeSet<_> = rooms.keys().cloned().collect();
        rooms.retain(|name, imports| imports.iter().any(|it| it != name && left.contains(it)));
        if rooms.len() == left.len() {
            break;
        }
    }
    assert!(rooms.is_empty(), "these import each other, or such: {rooms:?}");
}
