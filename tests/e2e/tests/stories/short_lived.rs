//! Access tokens that expire during a test.

use std::time::{Duration, SystemTime};

use zitadel_double::{SessionToken, UserId, ZitadelDouble};

/// Lifetime of a token; `exp` is in whole seconds, the first of which has begun.
const LIFE: Duration = Duration::from_secs(6);
/// Time after `exp` within which everything ends.
const IN_TIME: Duration = Duration::from_secs(1);
/// Time that a busy machine may add.
pub(crate) const MARGIN: Duration = Duration::from_secs(1);

/// Token with its earliest possible `exp`.
pub(crate) struct ShortLived {
    pub(crate) token: String,
    exp: SystemTime,
}

impl ShortLived {
    pub(crate) fn new(double: &ZitadelDouble, user: &UserId) -> Self {
        let exp = whole_seconds(now()) + LIFE;
        let token = SessionToken { lifetime: LIFE, ..SessionToken::default() };
        Self { token: double.session_token(user, token), exp }
    }

    /// Asserts that `exp` has passed, at most `IN_TIME` and `MARGIN` ago.
    #[track_caller]
    pub(crate) fn assert_has_just_expired(&self) {
        let late = now().duration_since(self.exp).expect("nothing ends before `exp`");
        assert!(late < IN_TIME + MARGIN, "{late:?} after `exp`");
    }
}

#[expect(clippy::disallowed_methods, reason = "`exp` is a time of the wall clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs())
}
