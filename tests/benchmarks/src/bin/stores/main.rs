//! Candidates for the cache's store, with the access pattern of this API.
//!
//! ```sh
//! cargo run --release -p benchmarks --bin stores
//! ```
//!
//! It prints ratios to `quick_cache`, the store in use. It takes about a minute, and needs an
//! otherwise idle machine with two cores.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark reads the real clock, prints, and says by panicking that it cannot go on"
)]

mod flood;
mod hits;
mod memory;

use std::{env, io};

use benchmarks::stores::Candidate;

fn main() -> io::Result<()> {
    if let Some(number) = env::args().nth(1).and_then(|number| number.parse::<usize>().ok()) {
        println!("{}", memory::bytes_of_an_entry(Candidate::ALL[number])?);
        return Ok(());
    }
    println!("| what | {} | {} | {} |", Candidate::ALL[0], Candidate::ALL[1], Candidate::ALL[2]);
    println!("|---|---|---|---|");
    for threads in [1, 2] {
        for tokens in [1, 10_000, 100_000] {
            let name = format!("time of a hit, threads: {threads}, tokens in turn: {tokens}");
            row(
                &name,
                &hits::take(threads, tokens)
                    .map(|hit| format!("{:.2} ({:.0} ns)", hit.ratio, hit.nanos)),
            );
        }
    }
    let memory = memory::take()?;
    row(
        "memory of an entry, of 100000",
        &memory.map(|bytes| format!("{:.2} ({bytes:.0} bytes)", bytes / memory[0])),
    );
    row(
        "hits kept under a flood",
        &Candidate::ALL.map(|store| format!("{:.3}", flood::hits_kept(store))),
    );
    Ok(())
}

fn row(name: &str, values: &[String; Candidate::ALL.len()]) {
    println!("| {name} | {} |", values.join(" | "));
}
