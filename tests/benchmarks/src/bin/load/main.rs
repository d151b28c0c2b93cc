//! Comparison under load: the app on one core, the load and the provider on the other.
//!
//! ```sh
//! cargo build --release -p app -p benchmarks && target/release/load
//! ```
//!
//! It needs `taskset` and `wrk`. An argument selects the rows whose names contain it: `load 10000`.
//! It prints ratios only, from pairs of consecutive turns.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and says by panicking that it cannot go on"
)]

mod feed;

use std::{env, io, path::PathBuf, time::Duration};

use benchmarks::{flood, load::Load, pairs, pairs::Ratio, server::Server};
use tokio::runtime::Runtime;
use zitadel_double::{Fault, NewUser, Times, ZitadelDouble};

/// Number of pairs of turns, and seconds of each turn.
const PAIRS: usize = 15;
const SECONDS: u32 = 1;
const CONNECTIONS: u32 = 32;
const FLOOD_TIME: Duration = Duration::from_secs(6);

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
    app_with(double, cache_ttl, &[])
}

fn app_with(double: &ZitadelDouble, cache_ttl: &str, more: &[(&str, &str)]) -> io::Result<Server> {
    let environment = [
        ("ZITADEL_DOMAIN", double.issuer()),
        ("CLIENT_ID", double.client_id().as_str()),
        ("CLIENT_SECRET", &double.client_secret()),
        ("APP_CACHE__TTL", cache_ttl),
        ("APP_CACHE__MAX_ENTRIES", "120000"),
        ("APP_LOG__LEVEL", "error"),
    ];
    let environment = [&environment[..], more].concat();
    Server::start(&program("app")?, "APP_SERVER__LISTEN", &environment)
}

fn baseline(double: &ZitadelDouble) -> io::Result<Server> {
    let environment = [
        ("ENDPOINT", double.introspection_endpoint()),
        ("CLIENT_ID", double.client_id().as_str().to_owned()),
        ("CLIENT_SECRET", double.client_secret()),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    Server::start(&program("baseline")?, "LISTEN", &environment)
}

fn layered(double: &ZitadelDouble, cache_ttl_secs: &str) -> io::Result<Server> {
    let environment = [
        ("ZITADEL_DOMAIN", double.issuer()),
        ("CLIENT_ID", double.client_id().as_str()),
        ("CLIENT_SECRET", &double.client_secret()),
        ("CACHE_TTL_SECS", cache_ttl_secs),
    ];
    Server::start(&program("layered")?, "LISTEN", &environment)
}

/// Compares a service with the layer to bare axum and to the app.
fn layer(double: &ZitadelDouble, tokens: &[String]) -> io::Result<()> {
    let load = Load::new(&tokens[..1])?;
    let turn = |server: &Server, path: &str| load.turn(server, path, CONNECTIONS, SECONDS);
    let (server, app) = (layered(double, "3600")?, app(double, "1h")?);
    let bare = baseline(double)?;
    for warm in [&server, &app] {
        turn(warm, "/api/private")?;
    }
    let ratio =
        pairs::take(PAIRS, || turn(&server, "/api/private"), || turn(&bare, "/api/public"))?;
    print("layer, warm private / bare axum", ratio);
    let ratio =
        pairs::take(PAIRS, || turn(&server, "/api/private"), || turn(&app, "/api/private"))?;
    print("layer, warm private / the app's table, warm private", ratio);
    let (server, app) = (layered(double, "0")?, app_with(double, "0s", &[])?);
    let load = Load::new(tokens)?;
    let turn = |server: &Server| {
        double.reset_counts();
        load.turn(server, "/api/private", CONNECTIONS, SECONDS)
    };
    let ratio = pairs::take(PAIRS, || turn(&server), || turn(&app))?;
    print("layer, uncached private / the app's table, every request its own token", ratio);
    let ratio = pairs::take(PAIRS, || turn(&server), || turn(&bare))?;
    print("layer, uncached private / plain handler, every request its own token", ratio);
    Ok(())
}

/// Compares the public route to itself and to bare axum.
fn public(double: &ZitadelDouble, tokens: &[String]) -> io::Result<()> {
    let (server, baseline) = (app(double, "0s")?, baseline(double)?);
    let load = Load::new(tokens)?;
    let first = || load.turn(&server, "/api/public", CONNECTIONS, SECONDS);
    print("public / itself", pairs::take(PAIRS, first, first)?);
    let second = || load.turn(&baseline, "/api/public", CONNECTIONS, SECONDS);
    print("public / bare axum", pairs::take(PAIRS, first, second)?);
    Ok(())
}

/// Compares the public route with metrics and without.
fn measured(double: &ZitadelDouble, tokens: &[String]) -> io::Result<()> {
    let with_metrics = app_with(double, "0s", &[("APP_ADMIN__LISTEN", "127.0.0.1:0")])?;
    let without = app(double, "0s")?;
    let load = Load::new(tokens)?;
    let turn = |server: &Server| load.turn(server, "/api/public", CONNECTIONS, SECONDS);
    let ratio = pairs::take(PAIRS, || turn(&with_metrics), || turn(&without))?;
    print("public with metrics / without", ratio);
    Ok(())
}

/// Measures the app's median time to its first connection.
fn starts(double: &ZitadelDouble) -> io::Result<()> {
    let starts = (0..11).map(|_| Ok(app(double, "0s")?.start)).collect::<io::Result<Vec<_>>>();
    let mut starts = starts?;
    starts.sort();
    println!("| – start to the first connection | {:.1?} | | | |", starts[starts.len() / 2]);
    Ok(())
}

/// Compares the private route to the public one, with cached answers.
fn warm(double: &ZitadelDouble, name: &str, tokens: &[String]) -> io::Result<()> {
    let server = app(double, "1h")?;
    let idle = server.resident_mib()?;
    let load = Load::new(tokens)?;
    double.reset_counts();
    for _ in 0..120 {
        if double.introspections() >= tokens.len() {
            break;
        }
        load.turn(&server, "/api/private", CONNECTIONS, 1)?;
    }
    let cached = server.resident_mib()?;
    double.reset_counts();
    let ratio = pairs::take(
        PAIRS,
        || load.turn(&server, "/api/private", CONNECTIONS, SECONDS),
        || load.turn(&server, "/api/public", CONNECTIONS, SECONDS),
    )?;
    print(name, ratio);
    println!("| – resident MiB idle, and cached | {idle:.1}, {cached:.1} | | | |");
    println!("| – introspections meanwhile | {} | | | |", double.introspections());
    Ok(())
}

/// Compares the private route without a cache to the plain handler.
fn uncached(double: &ZitadelDouble, tokens: &[String]) -> io::Result<()> {
    let (server, baseline) = (app(double, "0s")?, baseline(double)?);
    let load = Load::new(tokens)?;
    let turn = |server: &Server| {
        double.reset_counts();
        load.turn(server, "/api/private", CONNECTIONS, SECONDS)
    };
    let ratio = pairs::take(PAIRS, || turn(&server), || turn(&baseline))?;
    print("uncached private / plain handler, every request its own token", ratio);
    Ok(())
}

/// Compares known users during a flood of invented tokens to the same users alone.
fn floods(runtime: &Runtime) -> io::Result<()> {
    println!(
        "| cache | ZITADEL takes | invented tokens/s | users let in | p99 with / without flood |"
    );
    println!("|---|---|---|---|---|");
    for (cache, millis) in [("0s", 20), ("0s", 200), ("1h", 20), ("1h", 200)] {
        let (double, users) = one_user(runtime, 20);
        let takes = Duration::from_millis(millis);
        double.introspection_fault(Fault::Delay(takes), Times::UntilCleared);
        let server = app(&double, cache)?;
        // All users are known before the flood.
        runtime.block_on(flood::run(server.address, &users, 0, Duration::from_secs(2)));
        for per_second in [50, 500, 5000] {
            let turn = |strangers| {
                runtime.block_on(flood::run(server.address, &users, strangers, FLOOD_TIME))
            };
            let (alone, beside) = (turn(0), turn(per_second));
            println!(
                "| {cache} | {millis} ms | {per_second} ({} sent) | {:.2} % | {:.2} ({:.1?} / {:.1?}) |",
                beside.strangers,
                beside.share * 100.0,
                beside.p99.as_secs_f64() / alone.p99.as_secs_f64(),
                beside.p99,
                alone.p99,
            );
        }
    }
    Ok(())
}

/// Returns a double with a user who has the scoped route's role, and that many of the user's
/// tokens.
fn one_user(runtime: &Runtime, tokens: usize) -> (ZitadelDouble, Vec<String>) {
    let double = runtime.block_on(ZitadelDouble::start());
    let user = double.add_user(NewUser::service("svc"));
    double.grant(&user, "read:messages");
    let tokens = (0..tokens).map(|_| double.pat(&user)).collect();
    (double, tokens)
}

/// Returns a double with that many such users, and a token of each.
fn many_users(runtime: &Runtime, users: usize) -> (ZitadelDouble, Vec<String>) {
    let double = runtime.block_on(ZitadelDouble::start());
    let token = |number: usize| {
        let user = double.add_user(NewUser::service(&format!("user{number}")));
        double.grant(&user, "read:messages");
        double.pat(&user)
    };
    let tokens = (0..users).map(token).collect();
    (double, tokens)
}

fn main() -> io::Result<()> {
    let runtime = Runtime::new()?;
    let (double, tokens) = one_user(&runtime, 100_000);
    let wanted = env::args().nth(1).unwrap_or_default();
    println!("| first / second | requests per second | CPU per request | busy | requests |");
    println!("|---|---|---|---|---|");
    if "flood".contains(&wanted) {
        floods(&runtime)?;
    }
    if "feed".contains(&wanted) {
        feed::compare(&runtime)?;
    }
    if "disturbances".contains(&wanted) {
        feed::disturb(&runtime)?;
    }
    if "start".contains(&wanted) {
        starts(&double)?;
    }
    if "public".contains(&wanted) {
        public(&double, &tokens[..1])?;
    }
    if "layer".contains(&wanted) {
        layer(&double, &tokens)?;
    }
    if "metrics".contains(&wanted) {
        measured(&double, &tokens[..1])?;
    }
    for count in [1, 10_000, 100_000] {
        let name = format!("warm private / public, {count} tokens");
        if name.contains(&wanted) {
            warm(&double, &name, &tokens[..count])?;
        }
    }
    if "uncached".contains(&wanted) {
        uncached(&double, &tokens)?;
    }
    drop(double);
    let name = "warm private / public, 10000 tokens of as many users";
    if name.contains(&wanted) {
        let (double, tokens) = many_users(&runtime, 10_000);
        warm(&double, name, &tokens)?;
    }
    Ok(())
}
