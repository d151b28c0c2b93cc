//! Writes files atomically. Files with secrets are readable only by their owner, and never written
//! where git would track them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("{file}: {source}", file = .file.display())]
    Io { file: PathBuf, source: io::Error },
    #[error("{file}: it is read-only: make it writable, or move it away", file = .file.display())]
    ReadOnly { file: PathBuf },
    #[error("{file}: it is no file: move it away", file = .file.display())]
    NoFile { file: PathBuf },
    #[error(
        "{file}: git would keep it, with its secret: add a line /{name} to .gitignore",
        file = .file.display(), name = .file.file_name().unwrap_or_default().display()
    )]
    Tracked { file: PathBuf },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Permission to read for the file's owner only (mode 600).
    Owner,
    /// Permission to read for all users (mode 644): the file contains no secret.
    All,
}

/// Checks that a file can be written: its directory accepts a new file, an existing file may be
/// replaced, and git does not track the file if it holds a secret.
pub(super) fn prove_writable(file: &Path, readers: Readers) -> Result<(), FileError> {
    let file = &behind_links(file);
    let at = |source| FileError::Io { file: file.clone(), source };
    if let Ok(metadata) = fs::metadata(file) {
        if !metadata.is_file() {
            return Err(FileError::NoFile { file: file.clone() });
        }
        if metadata.permissions().readonly() {
            return Err(FileError::ReadOnly { file: file.clone() });
        }
    }
    if readers == Readers::Owner && is_kept_by_git(file) {
        return Err(FileError::Tracked { file: file.clone() });
    }
    let beside = beside(file);
    create(&beside, b"", readers).map_err(at)?;
    fs::remove_file(&beside).map_err(at)
}

pub(super) fn write(file: &Path, content: &[u8], readers: Readers) -> Result<(), FileError> {
    let file = &behind_links(file);
    let at = |source| FileError::Io { file: file.clone(), source };
    let beside = beside(file);
    let written = create(&beside, content, readers).and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| {
        // The remains hold a secret. If they cannot be removed, the first error is still the one to
        // return.
        let _ = fs::remove_file(&beside);
        at(error)
    })
}

/// Returns the file that a symbolic link points to: a write must not replace the link itself.
fn behind_links(file: &Path) -> PathBuf {
    if file.is_symlink() {
        fs::canonicalize(file).unwrap_or(file.to_owned())
    } else {
        file.to_owned()
    }
}

fn create(file: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let mode = if readers == Readers::Owner { 0o600 } else { 0o644 };
    let mut created = OpenOptions::new().write(true).create_new(true).mode(mode).open(file)?;
    created.write_all(content)?;
    created.sync_all()
}

/// Returns the path of the temporary file that is written first, then renamed to `file`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    file.with_file_name(name)
}

/// Returns whether git tracks the file, or would add it because it is not ignored.
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
        prove_writable(&file, Readers::Owner).unwrap();
        write(&file, b"new", Readers::Owner).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let nowhere = directory.path().join("nowhere/key.json");
        assert!(prove_writable(&nowhere, Readers::Owner).is_err());
        assert!(write(&nowhere, b"x", Readers::Owner).is_err());
    }

    #[test]
    fn a_link_stays_and_its_file_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("real"), directory.path().join(".env"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        write(&link, b"new", Readers::Owner).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
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
        assert!(matches!(prove_writable(&file, Readers::Owner), Err(FileError::Tracked { .. })));
        prove_writable(&file, Readers::All).unwrap();
        fs::write(directory.path().join(".gitignore"), "/key.json\n").unwrap();
        prove_writable(&file, Readers::Owner).unwrap();
        // A file that is already tracked stays so in spite of .gitignore.
        fs::write(&file, "x").unwrap();
        git(&["add", "--force", "key.json"]);
        assert!(prove_writable(&file, Readers::Owner).is_err());
    }
}
