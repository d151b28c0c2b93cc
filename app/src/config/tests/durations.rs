//! Tests that every setting that is a duration has a maximum of 30 days.

use super::*;

#[test]
fn no_duration_is_longer_than_thirty_days() {
    let durations: Vec<_> =
        settings::all().filter(|setting| setting.expects.starts_with("a duration")).collect();
    assert!(durations.len() >= 6, "{durations:?}");
    for setting in durations {
        let variable = Prefix::default().variable(setting.name);
        let with = |value| Setup::with_feed().variable(&variable, value);
        match (setting.name, with("30d").read()) {
            // This interval leaves no time for the poll itself.
            ("changes.interval", Err(error)) => {
                assert!(error.to_string().contains("set 30days 1s or more"), "{error}");
            }
            (_, read) => assert!(read.is_ok(), "{variable}"),
        }
        for value in ["30d 1ms", "31d", "100y", "1000000h", "9223372036854775807s"] {
            with(value).refused(&[setting.name, "it is longer than 30 days"]);
        }
    }
}
