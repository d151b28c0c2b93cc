//! Test helper for paths of programs that cargo builds beside the app.

use std::path::{Path, PathBuf};

/// Returns the path of a built example of this package.
///
/// `cargo test -p app` builds the examples; a run of a single test target does not.
pub(crate) fn example(name: &str) -> PathBuf {
    let app = Path::new(env!("CARGO_BIN_EXE_app"));
    let path = app.parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is not built: run cargo build -p app --examples", path.display());
    path
}
