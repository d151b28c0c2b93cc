//! Names of created things, which tell the run and its time.

use std::fmt;

use crate::clock::unix_now;

const SUITE: &str = "conformance-";

/// Prefix of all names of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    pub(crate) fn of_this_run() -> Self {
        Self::of_time(unix_now())
    }

    pub(crate) fn of_time(time: i64) -> Self {
        let random: String = std::iter::repeat_with(fastrand::lowercase).take(6).collect();
        Self(format!("{SUITE}{time}-{random}-"))
    }

    pub(crate) fn name(&self, name: &str) -> String {
        format!("{self}{name}")
    }

    pub(crate) fn of_all_runs() -> &'static str {
        SUITE
    }

    /// Returns the time of the run that a name belongs to.
    pub(crate) fn time_in(name: &str) -> Option<i64> {
        let mut parts = name.strip_prefix(SUITE)?.splitn(3, '-');
        let (time, random) = (parts.next()?, parts.next()?);
        let ours = random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_lowercase());
        parts.next().filter(|_| ours).and(time.parse().ok())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Prefix;

    #[test]
    fn the_time_of_a_run_is_in_its_names_and_in_no_others() {
        let prefix = Prefix::of_time(1_795_658_671);
        assert_eq!(Prefix::time_in(&prefix.name("other-project")), Some(1_795_658_671));
        for name in [
            "conformance",
            "conformance-1795658671",
            "conformance-1795658671-ABC-x",
            "conformance-soon-abcdef-x",
            "Messages",
        ] {
            assert_eq!(Prefix::time_in(name), None, "{name}");
        }
    }
}
