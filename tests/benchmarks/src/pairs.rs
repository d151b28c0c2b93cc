//! Consecutive turns in pairs, so that a disturbance affects both.

use std::io;

use crate::load::Turn;

/// Medians of many pairs.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// Median and quartiles of the ratios of rates.
    pub rate: [f64; 3],
    /// Median and quartiles of the ratios of CPU time per request.
    pub cpu: [f64; 3],
    /// Median of the server's utilization in the less busy turn of each pair.
    pub busy: f64,
    /// Number of requests in all turns.
    pub requests: f64,
}

/// Takes turns, and returns the ratio of `first` to `second`.
///
/// # Errors
/// If a turn fails.
pub fn take(
    pairs: usize,
    mut first: impl FnMut() -> io::Result<Turn>,
    mut second: impl FnMut() -> io::Result<Turn>,
) -> io::Result<Ratio> {
    let (mut rate, mut cpu, mut busy, mut requests) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for number in 0..pairs {
        let (one, other) = if number % 2 == 0 {
            let one = first()?;
            (one, second()?)
        } else {
            let other = second()?;
            (first()?, other)
        };
        rate.push(one.rate / other.rate);
        cpu.push(one.cpu_micros / other.cpu_micros);
        busy.push(one.busy.min(other.busy));
        requests += one.requests + other.requests;
    }
    let [_, busy, _] = quartiles(busy);
    Ok(Ratio { rate: quartiles(rate), cpu: quartiles(cpu), busy, requests })
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}
