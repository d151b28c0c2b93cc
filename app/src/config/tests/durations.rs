//! Every setting that is a duration has a maximum.

use super::*;

#[test]
fn no_duration_is_longer_than_thirty_days() {
    let durations: Vec<_> =
        SETTINGS.iter().filter(|setting| setting.expects.starts_with("a duration")).collect();
    assert!(durations.len() >= 6, "{durations:?}");
    for setting in durations {
        let variable = Prefix::default().variable(setting.name);
        let with = |value| Setup::zitadel().variable(&variable, value);
        assert!(with("30d").read().is_ok(), "{variable}");
        for value in ["30d 1ms", "31d", "100y", "1000000h", "9223372036854775807s"] {
            with(value).refused(&[setting.name, "it is longer than 30 days"]);
        }
    }
}
