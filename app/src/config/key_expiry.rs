//! Expiry of this API's key at ZITADEL: a setting, since the key file does not contain the date.

use std::{
    str::FromStr,
    time::{Duration, SystemTime},
};

/// Time before the expiry at which warnings begin: 30 days.
const SOON: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

/// Time at which ZITADEL stops accepting the API's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyExpiry(pub SystemTime);

impl FromStr for KeyExpiry {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_rfc3339(text).map(Self).map_err(|_| "it is no time of RFC 3339")
    }
}

impl KeyExpiry {
    /// Returns a warning if the key has expired or does so within 30 days.
    pub(super) fn warning(self, now: SystemTime) -> Option<String> {
        let renew = "make another one with `setup --renew`";
        match self.0.duration_since(now) {
            Err(_) => Some(format!("zitadel.key_expires: the key has expired: {renew}")),
            Ok(left) if left <= SOON => {
                let days = match left.as_secs() / DAY {
                    1 => "1 day".to_owned(),
                    days => format!("{days} days"),
                };
                Some(format!("zitadel.key_expires: the key expires in {days}: {renew}"))
            }
            Ok(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_warned_of_thirty_days_before() {
        let expiry: KeyExpiry = "2027-11-26T00:00:00Z".parse().unwrap();
        let days = |days: u64| Duration::from_secs(days * DAY);
        for (now, expected) in [
            (expiry.0 - days(31), None),
            (expiry.0 - days(30), Some("the key expires in 30 days")),
            (expiry.0 - days(1), Some("the key expires in 1 day:")),
            (expiry.0 + days(1), Some("the key has expired")),
        ] {
            let warning = expiry.warning(now);
            assert_eq!(warning.is_some(), expected.is_some(), "{warning:?}");
            assert!(expected.is_none_or(|text| warning.unwrap().contains(text)));
        }
        assert!("tomorrow".parse::<KeyExpiry>().is_err());
    }
}
