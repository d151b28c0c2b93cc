//! Programs on a terminal's `PATH` that record their arguments.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// Programs that the pages call besides `cargo`; the app calls `git`.
const PROGRAMS: [&str; 6] = ["cat", "curl", "git", "jq", "mv", "rm"];

/// Installs programs in `home/programs` that record their arguments in `home/arguments`; `cargo`
/// runs the program that the page builds.
pub(crate) fn install_programs(home: &Path) {
    let programs = home.join("programs");
    fs::create_dir(&programs).unwrap();
    let note =
        format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> {}\n", home.join("arguments").display());
    let install = |name: &str, rest: String| {
        let path = programs.join(name);
        fs::write(&path, format!("{note}{rest}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    for name in PROGRAMS {
        install(name, format!("PATH='{}'\nexec {name} \"$@\"", std::env::var("PATH").unwrap()));
    }
    let app = env!("CARGO_BIN_EXE_demo");
    install(
        "cargo",
        format!(
            "case \"$*\" in\n\
             'run -p app') exec '{app}' ;;\n\
             'run -p app -- '*) shift 4; exec '{app}' \"$@\" ;;\n\
             *) echo \"cargo $* is not on the page\" >&2; exit 1 ;;\n\
             esac"
        ),
    );
}
