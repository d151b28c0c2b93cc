//! Instructions per request through the router, counted by callgrind; nearly the same in every run.
//!
//! ```sh
//! cargo bench -p benchmarks --bench instructions
//! ```
//!
//! It needs `valgrind`, and `gungraun-runner` in the version of `gungraun` in `Cargo.lock`. Each
//! number is for ten thousand requests. The last column of "Comparison with" is the ratio of the
//! previous route to the current one, in the order of `library_benchmark_group!` below.
//!
//! The count excludes hyper, the kernel, and the cost of processor cache misses.

#![expect(missing_docs, clippy::exit, reason = "gungraun writes it")]

mod calls;

use calls::Calls;
use gungraun::{Callgrind, EventKind, prelude::*};

#[library_benchmark(teardown = Calls::end)]
#[bench::one_token(Calls::of_the_app("/api/private", 1))]
#[bench::ten_thousand_tokens(Calls::of_the_app("/api/private", 10_000))]
fn warm_private(calls: Calls) -> Calls {
    calls.make()
}

#[library_benchmark(teardown = Calls::end)]
#[bench::one_token(Calls::with_a_feed("/api/private", 1))]
#[bench::ten_thousand_tokens(Calls::with_a_feed("/api/private", 10_000))]
fn warm_with_feed(calls: Calls) -> Calls {
    calls.make()
}

#[library_benchmark(teardown = Calls::end)]
#[bench::one_token(Calls::of_a_layer(1))]
#[bench::ten_thousand_tokens(Calls::of_a_layer(10_000))]
fn warm_layer(calls: Calls) -> Calls {
    calls.make()
}

#[library_benchmark(teardown = Calls::end)]
#[bench::one_token(Calls::of_the_app("/api/public", 1))]
#[bench::ten_thousand_tokens(Calls::of_the_app("/api/public", 10_000))]
fn public(calls: Calls) -> Calls {
    calls.make()
}

#[library_benchmark(teardown = Calls::end)]
#[bench::one_token(Calls::of_bare_axum(1))]
#[bench::ten_thousand_tokens(Calls::of_bare_axum(10_000))]
fn bare_axum(calls: Calls) -> Calls {
    calls.make()
}

library_benchmark_group!(
    name = requests,
    compare_by_id = true,
    benchmarks = [warm_with_feed, warm_private, warm_layer, public, bare_axum]
);

main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::default().format([EventKind::Ir])),
    library_benchmark_groups = requests
);
