//! Writes files with secrets: readable by their owner alone, whole or not at all, and never where git
//! would keep them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use thiserror::Error;

/// Why a file is not written.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("{file}: {source}", file = .file.display())]
    Io { file: PathBuf, source: io::Error },
    #[error(
        "{file}: git would keep it, with its secret: add a line /{name} to .gitignore",
        file = .file.display(), name = .file.file_name().unwrap_or_default().display()
    )]
    Tracked { file: PathBuf },
}

/// Shows that a file can be written: its directory takes a new file, and git does not keep it.
pub(super) fn prove_writable(file: &Path, is_secret: bool) -> Result<(), FileError> {
    let at = |source| FileError::Io { file: file.to_owned(), source };
    if is_secret && is_kept_by_git(file) {
        return Err(FileError::Tracked { file: file.to_owned() });
    }
    let beside = beside(file);
    create(&beside, b"").map_err(at)?;
    fs::remove_file(&beside).map_err(at)
}

/// Writes a file of which only the owner may read, in place of one that is there.
pub(super) fn write(file: &Path, content: &[u8]) -> Result<(), FileError> {
    let at = |source| FileError::Io { file: file.to_owned(), source };
    let beside = beside(file);
    let written = create(&beside, content).and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| {
        // What is left of it holds a secret; where it cannot be removed, the error is told all the same.
        let _ = fs::remove_file(&beside);
        at(error)
    })
}

fn create(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    created.write_all(content)?;
    created.sync_all()
}

/// The name under which a file is written before it is whole.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    file.with_file_name(name)
}

/// Without git, or outside a work tree, nothing is kept.
fn is_kept_by_git(file: &Path) -> bool {
    let directory = file.parent().filter(|it| !it.as_os_str().is_empty());
    let git = |arguments: &[&str]| {
        Command::new("git")
            .current_dir(directory.unwrap_or(Path::new(".")))
            .args(arguments)
            .arg(file.file_name().unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()
            .and_then(|status| status.code())
    };
    // 0: ignored, 1: not ignored, others: no work tree.
    match git(&["check-ignore", "--quiet", "--"]) {
        Some(0) => git(&["ls-files", "--error-unmatch", "--"]) == Some(0),
        Some(1) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_its_owners_and_takes_the_place_of_another_whole() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key.json");
        fs::write(&file, "old").unwrap();
        prove_writable(&file, true).unwrap();
        write(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let nowhere = directory.path().join("nowhere/key.json");
        assert!(prove_writable(&nowhere, true).is_err());
        assert!(write(&nowhere, b"x").is_err());
    }

    #[test]
    fn a_secret_that_git_would_keep_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(directory.path()).args(arguments).stdout(Stdio::null());
            assert!(command.status().unwrap().success());
        };
        git(&["init", "--quiet"]);
        let file = directory.path().join("key.json");
        assert!(matches!(prove_writable(&file, true), Err(FileError::Tracked { .. })));
        prove_writable(&file, false).unwrap();
        fs::write(directory.path().join(".gitignore"), "/key.json\n").unwrap();
        prove_writable(&file, true).unwrap();
        // What is tracked already is kept in spite of .gitignore.
        fs::write(&file, "x").unwrap();
        git(&["add", "--force", "key.json"]);
        assert!(prove_writable(&file, true).is_err());
    }
}
