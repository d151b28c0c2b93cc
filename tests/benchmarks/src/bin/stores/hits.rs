//! Time of a hit.

use std::{array, hint::black_box, sync::Barrier, thread, time::Instant};

use benchmarks::stores::{Candidate, Digest, Store, digest, entry};

const STORES: usize = Candidate::ALL.len();

/// Number of turns of each store, and of hits per thread and turn.
const TURNS: usize = 41;
const HITS: u32 = 200_000;

/// Medians of all turns.
pub(crate) struct Hit {
    /// Ratio of a hit's time to that of the first store, in the same turn.
    pub(crate) ratio: f64,
    /// Nanoseconds per hit.
    pub(crate) nanos: f64,
}

/// Measures the stores in turns. Every entry has its own principal, created beforehand.
pub(crate) fn take(threads: usize, tokens: u32) -> [Hit; STORES] {
    let digests: Vec<Digest> = (0..tokens).map(digest).collect();
    let stores =
        Candidate::ALL.map(|candidate| candidate.open((tokens + tokens / 5 + 100) as usize));
    for digest in &digests {
        let entry = entry();
        for store in &stores {
            store.insert(*digest, entry.clone());
        }
    }
    let mut turns: [Vec<f64>; STORES] = array::from_fn(|_| Vec::new());
    for turn in 0..TURNS {
        for place in 0..STORES {
            let number = (turn + place) % STORES;
            turns[number].push(nanos_of_a_hit(&*stores[number], &digests, threads));
        }
    }
    array::from_fn(|number| Hit {
        ratio: median(turns[number].iter().zip(&turns[0]).map(|(one, first)| one / first)),
        nanos: median(turns[number].iter().copied()),
    })
}

fn nanos_of_a_hit(store: &dyn Store, digests: &[Digest], threads: usize) -> f64 {
    let barrier = Barrier::new(threads);
    let hits = |number: usize| {
        let first = number * digests.len() / threads;
        let (before, after) = digests.split_at(first);
        let in_turn = after.iter().chain(before).cycle().take(HITS as usize);
        barrier.wait();
        let began = Instant::now();
        for digest in in_turn {
            assert!(black_box(store.get(*digest)).is_some(), "an entry is missing");
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(HITS)
    };
    thread::scope(|scope| {
        let hits = &hits;
        let running: Vec<_> =
            (0..threads).map(|number| scope.spawn(move || hits(number))).collect();
        let nanos = running.into_iter().filter_map(|thread| thread.join().ok());
        nanos.fold(0.0, f64::max)
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
