//! Creates the async runtime after a check that the system grants the threads that the process
//! needs.
//!
//! Without the check, a refused thread makes the runtime or the log writers panic or wait forever.
//! If the system refuses threads later, files and name look-ups still have one thread, which never
//! ends.

use std::{env, io, num::NonZeroUsize, thread, time::Duration};

use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

const WORKERS: &str = "TOKIO_WORKER_THREADS";
/// Number of threads besides the workers: two log writers, one for files and name look-ups, three
/// that send traces, and two spare ones.
const OTHERS: usize = 8;
/// Idle time after which a thread for files and name look-ups ends: a century, in effect never.
const KEPT: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[derive(Debug, Error)]
pub(super) enum RuntimeError {
    #[error("{WORKERS}: expects a whole number of threads, at least 1")]
    Workers,
    #[error(
        "the system refuses threads: {needed} are needed, and it gave {given} ({source}); raise the \
         limit of processes (ulimit -u, TasksMax of systemd, the container's limit of pids) or of \
         memory"
    )]
    Refused { needed: usize, given: usize, source: io::Error },
    #[error("the runtime cannot be made: {0}")]
    Runtime(#[from] io::Error),
}

pub(super) fn runtime() -> Result<Runtime, RuntimeError> {
    let workers = workers(env::var(WORKERS).ok().as_deref())?;
    ask_for(workers + OTHERS)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_keep_alive(KEPT)
        .enable_all()
        .build()?;
    // Creates the thread for files and name look-ups.
    drop(runtime.spawn_blocking(|| ()));
    Ok(runtime)
}

fn workers(chosen: Option<&str>) -> Result<usize, RuntimeError> {
    match chosen.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => text.parse().map(NonZeroUsize::get).map_err(|_| RuntimeError::Workers),
        None => Ok(thread::available_parallelism().map_or(1, NonZeroUsize::get)),
    }
}

/// Checks that the system grants `needed` threads at once, by creating and ending them.
fn ask_for(needed: usize) -> Result<(), RuntimeError> {
    let mut waiting = Vec::new();
    let refused = (0..needed).find_map(|_| {
        // A spurious wake-up ends a thread early, which is harmless.
        let made = thread::Builder::new().spawn(thread::park);
        made.map(|thread| waiting.push(thread)).err()
    });
    let given = waiting.len();
    for thread in waiting {
        thread.thread().unpark();
        let _ = thread.join();
    }
    refused.map_or(Ok(()), |source| Err(RuntimeError::Refused { needed, given, source }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_workers_is_that_of_the_variable_or_of_the_cores() {
        let cores = workers(None).unwrap();
        assert!(cores >= 1);
        for (chosen, expected) in [
            ("3", Some(3)),
            (" 1 ", Some(1)),
            ("", Some(cores)),
            (" ", Some(cores)),
            ("0", None),
            ("-1", None),
            ("two", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(workers(Some(chosen)).ok(), expected, "{chosen:?}");
        }
    }
}
