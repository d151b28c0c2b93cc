//! Reads a file that a setting names, in bounded time and memory. A FIFO without a writer or a dead
//! mount does not block the caller for long, and `/dev/zero` does not fill the memory.
//!
//! Each file is read by a thread of its own, at most one per path. The caller stops waiting at its
//! deadline; a thread that hangs cannot be stopped.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

/// Maximum length of a file, in bytes: 1 MiB. Reading a longer file fails.
pub const MAX_LENGTH: usize = 1024 * 1024;

/// Time limit for reading a file at the start of the program, when a pipe such as `<(…)` may still
/// be filled.
pub const AT_START: Duration = Duration::from_secs(10);

/// Time limit for reading a file again while requests are served.
pub const AGAIN: Duration = Duration::from_millis(250);

const PAUSE: Duration = Duration::from_millis(1);

/// Paths that are being read, each with its reader's deadline. A reader that hangs stays listed.
static UNDER_WAY: LazyLock<Mutex<HashMap<PathBuf, Instant>>> = LazyLock::new(Mutex::default);

/// Reads a whole file. Blocks the thread for at most `within`: not for async tasks.
///
/// # Errors
/// Errors of [`std::fs::read`]; `FileTooLarge` beyond [`MAX_LENGTH`]; `TimedOut` when the end of
/// the file is not reached in time, and at once if an earlier read of the same path has missed its
/// deadline.
pub fn read(path: &Path, within: Duration) -> io::Result<Vec<u8>> {
    let file = path.to_owned();
    by_thread(path, within, move || read_all(&file))?
}

/// Runs `look`, a function that reads the file `path` and maybe others, in a thread of its own, and
/// returns its result. Calls with the same path run one after another. Blocks the caller's thread
/// for at most `within`, even if a file hangs. If no thread can be started, `look` runs there
/// without this limit, provided that `path` is a plain file.
///
/// # Errors
/// `TimedOut` as for [`read`]; the system's error if no thread can be started and `path` is not a
/// plain file.
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
        // The path is free before the content is sent: a caller may read again at once.
        drop(place);
        // The caller may have given up.
        let _ = sender.send(content);
    });
    match thread {
        Ok(thread) => {
            let left = deadline.saturating_duration_since(now());
            let content = content.recv_timeout(left).map_err(|_| too_slow())?;
            // The thread is ending. Unless it is joined, one thread too many may exist where their
            // number is limited.
            let _ = thread.join();
            Ok(content)
        }
        // Without a thread, a plain file is read directly, so that start and rotation do not fail.
        Err(_) if fs::metadata(path)?.is_file() => Ok(look()),
        Err(error) => Err(error),
    }
}

/// Reads a whole file as UTF-8 text, with the limits of [`read`].
///
/// # Errors
/// Errors of [`read`]; `InvalidData` if the content is not UTF-8.
pub fn read_to_string(path: &Path, within: Duration) -> io::Result<String> {
    text(read(path, within)?)
}

pub(crate) fn text(content: Vec<u8>) -> io::Result<String> {
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
    String::from_utf8(content).map_err(invalid)
}

/// Reads a whole file of at most [`MAX_LENGTH`] bytes, without a time limit.
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

/// Exclusive right to read the file at a path, until dropped.
struct Place(PathBuf);

impl Place {
    /// Waits until no other caller reads `path`, then returns the right to read it. Returns `None`
    /// at `deadline`, or once the other caller's own deadline has passed: that caller's read hangs.
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

    /// Time limit that no read in these tests reaches, even on a busy machine.
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
        // The hanging thread reads to the end, and the file can be read again.
        fs::write(&path, "late").unwrap();
        while lock().contains_key(&path) {
            thread::sleep(PAUSE);
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        assert_eq!(read_to_string(&path, LONG).unwrap(), "a file");
    }
}
