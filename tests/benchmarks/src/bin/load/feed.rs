//! Cost of the change feed under load, and of ending many answers at once.

use std::{fs, io, thread::sleep, time::Duration};

use benchmarks::{load::Load, pairs, server::Server};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::Instant};
use zitadel_double::{EventLogFault, NewUser, Times, ZitadelDouble};

use super::{CONNECTIONS, PAIRS, SECONDS, app, app_with, many_users, print};

type Disturb = fn(&ZitadelDouble);

/// Returns the files and the settings of a feed.
fn with_feed(double: &ZitadelDouble) -> io::Result<(TempDir, [(&'static str, String); 3])> {
    let directory = tempfile::tempdir()?;
    let reader = directory.path().join("reader");
    fs::write(&reader, double.event_reader())?;
    let settings = [
        ("APP_CHANGES__TOKEN_FILE", reader.display().to_string()),
        // The double's introspection shows new roles at once.
        ("APP_CHANGES__LAG", "0s".to_owned()),
        ("APP_ZITADEL__PROJECT_ID", double.project_id().to_string()),
    ];
    Ok((directory, settings))
}

/// Sends each token until every answer is cached. With a feed the first answers are not, because
/// their grants are too recent.
fn warm_up(double: &ZitadelDouble, server: &Server, load: &Load) -> io::Result<()> {
    for _ in 0..120 {
        double.reset_counts();
        load.turn(server, "/api/private", CONNECTIONS, 1)?;
        if double.introspections() == 0 {
            break;
        }
    }
    Ok(())
}

/// Compares the private route with and without a change feed, with cached answers.
pub(crate) fn compare(runtime: &Runtime) -> io::Result<()> {
    let (double, tokens) = many_users(runtime, 10_000);
    let (_directory, settings) = with_feed(&double)?;
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (with, without) = (app_with(&double, "1h", &settings)?, app(&double, "1h")?);
    for count in [1, 10_000] {
        let load = Load::new(&tokens[..count])?;
        warm_up(&double, &with, &load)?;
        warm_up(&double, &without, &load)?;
        // Each poll reads back 10 s from the newest event; the grants are older then.
        sleep(Duration::from_secs(11));
        double.grant(&double.add_user(NewUser::service(&format!("later{count}"))), "read:messages");
        let turn = |server: &Server| load.turn(server, "/api/private", CONNECTIONS, SECONDS);
        double.reset_counts();
        let began = Instant::now();
        let ratio = pairs::take(PAIRS, || turn(&with), || turn(&without))?;
        print(&format!("feed / without, warm private, {count} tokens"), ratio);
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 calls")]
        let polls = double.event_calls() as f64 / began.elapsed().as_secs_f64();
        let introspections = double.introspections();
        println!(
            "| – introspections, and calls of the log a second | {introspections}, {polls:.2} | | | |"
        );
        print(
            &format!("without / itself, {count} tokens"),
            pairs::take(PAIRS, || turn(&without), || turn(&without))?,
        );
    }
    Ok(())
}

/// Ends many of ten thousand cached answers at once.
pub(crate) fn disturb(runtime: &Runtime) -> io::Result<()> {
    println!(
        "| 10 000 tokens under load, and | second | requests/s | not let in | introspections |"
    );
    println!("|---|---|---|---|---|");
    let disturbances: [(&str, Disturb); 3] = [
        ("one role in ten removed", |double| double.remove_project_role("tenth")),
        ("everything forgotten", |double| double.restore_log(double.events() - 3)),
        ("the feed falls silent", |double| {
            double.event_log_fault(EventLogFault::DatabaseError, Times::UntilCleared);
        }),
    ];
    for (name, disturb) in disturbances {
        let (double, tokens) = many_users(runtime, 10_000);
        for token in tokens.iter().step_by(10) {
            double.grant(&double.user_of(token), "tenth");
        }
        let (_directory, settings) = with_feed(&double)?;
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let server = app_with(&double, "1h", &settings)?;
        let load = Load::new(&tokens)?;
        warm_up(&double, &server, &load)?;
        sleep(Duration::from_secs(11));
        double.grant(&double.add_user(NewUser::service("later")), "read:messages");
        load.turn(&server, "/api/private", CONNECTIONS, 2)?;
        for second in -1..=8 {
            if second == 0 {
                disturb(&double);
            }
            double.reset_counts();
            let turn = load.turn(&server, "/api/private", CONNECTIONS, 1)?;
            let share = turn.refused / turn.requests * 100.0;
            let introspections = double.introspections();
            println!("| {name} | {second} | {:.0} | {share:.2} % | {introspections} |", turn.rate);
        }
    }
    Ok(())
}
