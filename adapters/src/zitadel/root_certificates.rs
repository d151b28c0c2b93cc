//! Additional root certificates to trust, from a file that may change while the API runs.

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::http_client::{HttpClient, Route};
use crate::bounded_file::{self, AGAIN, AT_START};

/// Root certificates to trust besides the system's: any number in PEM, or one in DER.
#[derive(Clone, Debug)]
pub struct RootCertificates {
    pub(super) pem: Arc<[u8]>,
    file: Option<PathBuf>,
}

impl RootCertificates {
    /// Creates root certificates from `pem`, trusted for as long as the process lives.
    #[must_use]
    pub fn from_pem(pem: &[u8]) -> Self {
        Self { pem: pem.into(), file: None }
    }

    /// Reads certificates from a file of at most 1 MiB. The file is read again whenever the HTTP
    /// client is replaced: after five minutes, or sooner if ZITADEL does not respond.
    ///
    /// # Errors
    /// When the file cannot be read, or is too long.
    pub fn from_file(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = file.into();
        Ok(Self { pem: bounded_file::read(&file, AT_START)?.into(), file: Some(file) })
    }
}

/// Certificates in use, if any, and the file from which they are renewed.
#[derive(Debug)]
pub(super) struct CurrentRoots {
    pem: Mutex<Option<Arc<[u8]>>>,
    file: Option<PathBuf>,
    /// Last problem with the certificate file, kept so that it is logged only once.
    problem: Mutex<Option<String>>,
}

impl CurrentRoots {
    pub(super) fn new(roots: Option<RootCertificates>) -> Self {
        let (pem, file) = roots.map(|RootCertificates { pem, file }| (pem, file)).unzip();
        Self { pem: Mutex::new(pem), file: file.flatten(), problem: Mutex::default() }
    }

    pub(super) fn pem(&self) -> Option<Arc<[u8]>> {
        locked(&self.pem).clone()
    }

    /// Creates an HTTP client that trusts the certificates in `file`, or the ones in use if `file`
    /// cannot be used.
    pub(super) async fn client(
        &self,
        route: &Arc<Route>,
    ) -> Result<Arc<HttpClient>, Arc<dyn Error + Send + Sync>> {
        if let Some(changed) = self.look().await {
            match make(route, Some(Arc::clone(&changed))).await {
                Ok(made) => {
                    self.replace(changed);
                    return Ok(made);
                }
                Err(error) => self.refuse(error.to_string()),
            }
        }
        make(route, self.pem()).await
    }

    /// Returns the content of the certificate file if it differs from the certificates in use.
    /// Gives up after 250 ms; warns if the file cannot be read.
    async fn look(&self) -> Option<Arc<[u8]>> {
        let file = self.file.clone()?;
        // A runtime that is shutting down reads nothing.
        let read = spawn_blocking(move || bounded_file::read(&file, AGAIN)).await.ok()?;
        match read {
            Ok(found) if Some(&*found) == locked(&self.pem).as_deref() => {
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

    fn replace(&self, pem: Arc<[u8]>) {
        *locked(&self.pem) = Some(pem);
        *locked(&self.problem) = None;
        info!(file = %self.shown(), "root certificates replaced: the file was read again");
    }

    /// Warns that the certificate file cannot be used, unless the last warning had the same
    /// `problem`.
    fn refuse(&self, problem: String) {
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
}

async fn make(
    route: &Arc<Route>,
    pem: Option<Arc<[u8]>>,
) -> Result<Arc<HttpClient>, Arc<dyn Error + Send + Sync>> {
    let route = Arc::clone(route);
    match spawn_blocking(move || route.client(pem.as_deref())).await {
        Ok(Ok(client)) => Ok(Arc::new(client)),
        Ok(Err(error)) => Err(Arc::new(error)),
        Err(ended) => Err(Arc::new(ended)),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
