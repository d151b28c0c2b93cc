//! The comparison under load: the app on one core, the load and the provider on the other.
//!
//! ```sh
//! cargo build --release -p app -p benchmarks && target/release/load
//! ```
//!
//! It needs `taskset` and `wrk`. It prints ratios, taken in pairs of turns one after the other, and
//! never bare times.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and says by panicking that it cannot go on"
)]

use std::{env, io, path::PathBuf};

use benchmarks::{load::Load, pairs, pairs::Ratio, server::Server};
use zitadel_double::{NewUser, ZitadelDouble};

/// Pairs of turns, and the seconds of each turn.
const PAIRS: usize = 15;
const SECONDS: u32 = 1;
const CONNECTIONS: u32 = 32;

fn program(name: &str) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(name))
}

fn print(name: &str, Ratio { rate, cpu, busy, requests }: Ratio) {
    println!(
        "| {name} | {:.3} ({:.3}–{:.3}) | {:.3} ({:.3}–{:.3}) | {busy:.2} | {requests} |",
        rate[1], rate[0], rate[2], cpu[1], cpu[0], cpu[2],
    );
}

fn app(double: &ZitadelDouble, cache_ttl: &str) -> io::Result<Server> {
    let environment = [
        ("ZITADEL_DOMAIN", double.issuer()),
        ("CLIENT_ID", double.client_id().as_str()),
        ("CLIENT_SECRET", &double.client_secret()),
        ("APP_CACHE__TTL", cache_ttl),
        ("APP_CACHE__MAX_ENTRIES", "120000"),
        ("APP_LOG__LEVEL", "error"),
    ];
    Server::start(&program("app")?, "APP_SERVER__LISTEN", &environment)
}

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let double = runtime.block_on(ZitadelDouble::start());
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    let tokens: Vec<String> = (0..100_000).map(|_| double.pat(&user)).collect();

    println!("| first / second | requests per second | CPU per request | busy | requests |");
    println!("|---|---|---|---|---|");
    let environment = [
        ("ENDPOINT", double.introspection_endpoint()),
        ("CLIENT_ID", double.client_id().as_str().to_owned()),
        ("CLIENT_SECRET", double.client_secret()),
    ];
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let baseline = Server::start(&program("baseline")?, "LISTEN", &environment)?;

    let mut memory = Vec::new();
    for count in [1, 10_000, 100_000] {
        let server = app(&double, "1h")?;
        if count == 1 {
            memory.push(format!("start to first connection: {:?}", server.start));
            memory.push(format!("resident memory idle: {:.1} MiB", server.resident_mib()?));
        }
        let load = Load::new(&tokens[..count])?;
        double.reset_counts();
        for _ in 0..120 {
            if double.introspections() >= count {
                break;
            }
            load.turn(&server, "/api/private", CONNECTIONS, 1)?;
        }
        double.reset_counts();
        memory.push(format!(
            "resident memory with {count} cached tokens: {:.1} MiB",
            server.resident_mib()?
        ));
        if count == 1 {
            let same = || load.turn(&server, "/api/public", CONNECTIONS, SECONDS);
            print("public / public of the same app", pairs::take(PAIRS, same, same)?);
            let bare = || load.turn(&baseline, "/api/public", CONNECTIONS, SECONDS);
            print("public / bare axum", pairs::take(PAIRS, same, bare)?);
        }
        let ratio = pairs::take(
            PAIRS,
            || load.turn(&server, "/api/private", CONNECTIONS, SECONDS),
            || load.turn(&server, "/api/public", CONNECTIONS, SECONDS),
        )?;
        print(&format!("warm private / public, {count} tokens"), ratio);
        let asked = double.introspections();
        println!("| – of which introspections | {asked} | | | |");
    }

    let server = app(&double, "0s")?;
    let load = Load::new(&tokens)?;
    double.reset_counts();
    let ratio = pairs::take(
        PAIRS,
        || {
            double.reset_counts();
            load.turn(&server, "/api/private", CONNECTIONS, SECONDS)
        },
        || {
            double.reset_counts();
            load.turn(&baseline, "/api/private", CONNECTIONS, SECONDS)
        },
    )?;
    print("uncached private / plain handler, every request its own token", ratio);
    for line in memory {
        println!("\n{line}");
    }
    Ok(())
}
