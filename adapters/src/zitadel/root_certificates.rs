//! Root certificates besides the system's, which may be rotated while questions are under way.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};
use tracing::{info, warn};

/// Longest file that is read, in bytes.
const MAX_LENGTH: u64 = 1024 * 1024;
/// Longest time that a question waits for the file to be read again.
const LOOK: Duration = Duration::from_millis(250);

/// PEM certificates to trust besides the system's.
#[derive(Clone, Debug)]
pub struct RootCertificates {
    pem: Arc<[u8]>,
    file: Option<PathBuf>,
}

impl RootCertificates {
    /// Trusts these certificates for as long as the process lives.
    #[must_use]
    pub fn from_pem(pem: &[u8]) -> Self {
        Self { pem: pem.into(), file: None }
    }

    /// Reads a file of at most 1 MiB, which is read again for each generation of connections.
    ///
    /// # Errors
    /// When it cannot be read, or is longer.
    pub fn from_file(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = file.into();
        Ok(Self { pem: read(&file)?.into(), file: Some(file) })
    }
}

/// Certificates in use, and the file that has the next ones.
#[derive(Debug)]
pub(super) struct CurrentRoots {
    pem: Mutex<Arc<[u8]>>,
    file: Option<PathBuf>,
    /// Set while a thread reads the file. One that hangs must not be joined by others.
    is_reading: Arc<AtomicBool>,
    /// Warned of already.
    problem: Mutex<Option<String>>,
}

impl From<RootCertificates> for CurrentRoots {
    fn from(RootCertificates { pem, file }: RootCertificates) -> Self {
        let is_reading = Arc::default();
        Self { pem: Mutex::new(pem), file, is_reading, problem: Mutex::default() }
    }
}

impl CurrentRoots {
    /// Returns the certificates in use.
    pub(super) fn pem(&self) -> Arc<[u8]> {
        Arc::clone(&locked(&self.pem))
    }

    /// Returns what the file says by now, if that differs from what is in use. Waits for at most
    /// 250 ms; a file that cannot be read is warned of.
    pub(super) async fn look(&self) -> Option<Arc<[u8]>> {
        match self.read_again(self.file.clone()?).await {
            Ok(found) if *found == **locked(&self.pem) => {
                *locked(&self.problem) = None;
                None
            }
            Ok(found) => Some(found.into()),
            Err(error) => {
                self.refuse(error.to_string());
                None
            }
        }
    }

    /// Uses other certificates from now on.
    pub(super) fn replace(&self, pem: Arc<[u8]>) {
        *locked(&self.pem) = pem;
        *locked(&self.problem) = None;
        info!(file = %self.shown(), "root certificates replaced: the file was read again");
    }

    /// Warns that the file cannot be used, once for each problem.
    pub(super) fn refuse(&self, problem: String) {
        let mut last = locked(&self.problem);
        if last.as_ref() != Some(&problem) {
            warn!(
                file = %self.shown(), problem,
                "the root certificates stay as they were: zitadel.ca_file cannot be used",
            );
            *last = Some(problem);
        }
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.file.as_deref().unwrap_or(Path::new("")).display()
    }

    /// Reads on a thread of its own: a pool's thread that hangs holds up the end of the process.
    async fn read_again(&self, file: PathBuf) -> io::Result<Vec<u8>> {
        if self.is_reading.swap(true, Ordering::AcqRel) {
            return Err(io::Error::other("it has not been read since an earlier attempt began"));
        }
        let (found, finding) = oneshot::channel();
        let is_reading = Arc::clone(&self.is_reading);
        let reading = move || {
            let content = read(&file);
            is_reading.store(false, Ordering::Release);
            // Dropped where it took too long.
            let _ = found.send(content);
        };
        if let Err(error) = thread::Builder::new().name("ca-file".to_owned()).spawn(reading) {
            self.is_reading.store(false, Ordering::Release);
            return Err(error);
        }
        match timeout(LOOK, finding).await {
            Ok(Ok(content)) => content,
            _ => Err(io::Error::other("it cannot be read within 250 ms")),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(file)?.take(MAX_LENGTH + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_LENGTH {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(content)
}
