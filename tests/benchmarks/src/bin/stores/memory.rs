//! Memory of an entry, without the principal that it points to.

use std::{
    env, fs,
    hint::black_box,
    io::{self, Error},
    process::Command,
};

use benchmarks::stores::{Candidate, digest, entry};

const ENTRIES: u32 = 100_000;

/// Returns the bytes per entry of each store, each in its own process: memory freed by one store
/// would hide the next store's use.
pub(crate) fn take() -> io::Result<[f64; Candidate::ALL.len()]> {
    let mut bytes = [0.0; Candidate::ALL.len()];
    for (number, bytes) in bytes.iter_mut().enumerate() {
        let output = Command::new(env::current_exe()?).arg(number.to_string()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        *bytes = text.trim().parse().map_err(|_| Error::other("a store ended early"))?;
    }
    Ok(bytes)
}

/// Returns the growth of resident memory per entry.
pub(crate) fn bytes_of_an_entry(candidate: Candidate) -> io::Result<f64> {
    let entry = entry();
    let before = resident_kib()?;
    let store = candidate.open((ENTRIES + ENTRIES / 5) as usize);
    for number in 0..ENTRIES {
        store.insert(digest(number), entry.clone());
    }
    let after = resident_kib()?;
    black_box(store);
    Ok((after - before) * 1024.0 / f64::from(ENTRIES))
}

fn resident_kib() -> io::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok());
    kib.ok_or_else(|| Error::other("no VmRSS"))
}
