//! Reads a file that a setting names, in bounded time and memory: a FIFO that nothing writes to and a
//! dead mount end no task and hold no caller, and `/dev/zero` takes no memory.
//!
//! No interface of the system reads a file with a deadline, and a thread that waits for a dead mount
//! cannot be stopped: each file is read by a thread of its own, one at most for each path.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

/// Longest file that is read, in bytes.
pub const MAX_LENGTH: usize = 1024 * 1024;

/// Time for a file at the start of the program, where a pipe such as `<(…)` may have to be filled
/// first.
pub const AT_START: Duration = Duration::from_secs(10);

/// Time for a file that is read again while requests are served.
pub const AGAIN: Duration = Duration::from_millis(250);

/// Pause between two looks at a file that another caller is reading.
const PAUSE: Duration = Duration::from_millis(1);

/// Paths that a thread is reading, each with the moment at which its reader gave up or will.
static UNDER_WAY: LazyLock<Mutex<HashMap<PathBuf, Instant>>> = LazyLock::new(Mutex::default);

/// Reads a whole file. Blocks for `within` at most, so it is not for a task of the runtime.
///
/// # Errors
/// As [`std::fs::read`] has them; `FileTooLarge` beyond [`MAX_LENGTH`]; `TimedOut` when the file does
/// not end in time, and at once while an earlier reading of the same path that timed out has not
/// come back.
pub fn read(path: &Path, within: Duration) -> io::Result<Vec<u8>> {
    let file = path.to_owned();
    by_thread(path, within, move || read_all(&file))?
}

/// Has `look` done by a thread of its own, for files that belong together; `path` is one of them.
/// Blocks as [`read`] does.
///
/// # Errors
/// `TimedOut` as [`read`] has it. Where the system refuses the thread and `path` is no plain file, the
/// system's error.
pub(crate) fn by_thread<T: Send + 'static>(
    path: &Path,
    within: Duration,
    look: impl Fn() -> T + Send + Sync + 'static,
) -> io::Result<T> {
    let deadline = now() + within;
    let place = Place::take(path, deadline).ok_or_else(too_slow)?;
    let look = Arc::new(look);
    let (sender, content) = mpsc::sync_channel(1);
    let looks = Arc::clone(&look);
    let thread = thread::Builder::new().name("file".to_owned()).spawn(move || {
        let content = looks();
        // The place is free before the content is there: a caller may read again at once.
        drop(place);
        // The caller may have given up.
        let _ = sender.send(content);
    });
    match thread {
        Ok(thread) => {
            let left = deadline.saturating_duration_since(now());
            let content = content.recv_timeout(left).map_err(|_| too_slow())?;
            // It is at its end. Without this the threads of the runtime could be one too many.
            let _ = thread.join();
            Ok(content)
        }
        // A rotation and a start must not depend on a thread where nothing can hang.
        Err(_) if fs::metadata(path)?.is_file() => Ok(look()),
        Err(error) => Err(error),
    }
}

/// Reads a whole file of UTF-8, as [`read`] does.
///
/// # Errors
/// As [`read`] has them; `InvalidData` where it is not UTF-8.
pub fn read_to_string(path: &Path, within: Duration) -> io::Result<String> {
    text(read(path, within)?)
}

/// Returns the content as text.
pub(crate) fn text(content: Vec<u8>) -> io::Result<String> {
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
    String::from_utf8(content).map_err(invalid)
}

/// Reads a whole file of at most [`MAX_LENGTH`], however long that takes.
pub(crate) fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_LENGTH as u64 + 1).read_to_end(&mut content)?;
    if content.len() > MAX_LENGTH {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 1 MiB"));
    }
    Ok(content)
}

fn too_slow() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "reading it does not come to an end: it is a pipe that stays open, or its mount is dead",
    )
}

/// The right to read a path, of one thread at a time.
struct Place(PathBuf);

impl Place {
    /// Waits for another reader until that one gives up, or until `deadline`.
    fn take(path: &Path, deadline: Instant) -> Option<Self> {
        loop {
            let until = {
                let mut under_way = lock();
                let Some(&until) = under_way.get(path) else {
                    under_way.insert(path.to_owned(), deadline);
                    return Some(Self(path.to_owned()));
                };
                until.min(deadline)
            };
            if now() >= until {
                return None;
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock().remove(&self.0);
    }
}

fn lock() -> MutexGuard<'static, HashMap<PathBuf, Instant>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "a thread of the system waits, by the real clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::{io::Write, process::Command};

    use super::*;

    /// Longer than any file here takes, however busy the machine is.
    const LONG: Duration = Duration::from_secs(60);

    fn fifo(directory: &Path) -> PathBuf {
        let path = directory.join("fifo");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[test]
    fn what_has_no_end_is_an_error_and_takes_no_memory() {
        let directory = tempfile::tempdir().unwrap();
        let long = directory.path().join("long");
        fs::write(&long, vec![b'a'; MAX_LENGTH + 1]).unwrap();
        for (path, expected) in [
            (long.as_path(), io::ErrorKind::FileTooLarge),
            (Path::new("/dev/zero"), io::ErrorKind::FileTooLarge),
            (directory.path(), io::ErrorKind::IsADirectory),
            (Path::new("no/such/file"), io::ErrorKind::NotFound),
        ] {
            assert_eq!(read(path, LONG).unwrap_err().kind(), expected, "{}", path.display());
        }
        fs::write(&long, vec![b'a'; MAX_LENGTH]).unwrap();
        assert_eq!(read(&long, LONG).unwrap().len(), MAX_LENGTH);
        fs::write(&long, b"\xff").unwrap();
        let error = read_to_string(&long, LONG).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_pipe_that_ends_in_time_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut pipe = fs::OpenOptions::new().write(true).open(&path).unwrap();
                pipe.write_all(b"in two ").unwrap();
                pipe.write_all(b"pieces").unwrap();
            });
            assert_eq!(read_to_string(&path, LONG).unwrap(), "in two pieces");
        });
    }

    /// Without the second bound each look at a hanging file would leave a thread behind.
    #[test]
    fn a_file_that_hangs_holds_one_thread_and_its_second_reader_does_not_wait() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        let error = read(&path, Duration::from_millis(10)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let began = now();
        for _ in 0..100 {
            assert_eq!(read(&path, LONG).unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert!(began.elapsed() < LONG);
        // The thread that hangs takes what comes, and the file can be read again.
        fs::write(&path, "late").unwrap();
        while lock().contains_key(&path) {
            thread::sleep(PAUSE);
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        assert_eq!(read_to_string(&path, LONG).unwrap(), "a file");
    }
}
