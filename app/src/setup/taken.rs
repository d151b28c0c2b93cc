//! Explains why ZITADEL calls a name taken although a search for it found no object.

use std::time::Duration;

use adapters::zitadel::management::ManagementError;
use tokio::time::{Instant, sleep};

/// Maximum time to wait until a search at ZITADEL shows an object that was just created.
pub(super) const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// Returns a message that says why a new object's name is taken. Repeats `find`, the search for
/// that name, until it finds an object or `VISIBLE_WITHIN` has passed.
///
/// # Errors
/// When a search fails.
pub(super) async fn taken(
    what: &str,
    name: &str,
    find: impl AsyncFn() -> Result<Vec<String>, ManagementError>,
) -> Result<String, ManagementError> {
    let end = Instant::now() + VISIBLE_WITHIN;
    loop {
        return Ok(match find().await?.into_iter().next() {
            Some(found) if found == name => format!(
                "the {what} {name:?} exists by now: somebody else made it, or an earlier run whose \
                 answer was lost; run the same line again"
            ),
            Some(found) => format!(
                "the {what} {found:?} exists, and names are unique without regard to case: use \
                 another name"
            ),
            None if Instant::now() < end => {
                sleep(PAUSE).await;
                continue;
            }
            None => format!(
                "the name {name:?} is taken by a {what} that this administrator does not see, perhaps \
                 of another organization: use another name"
            ),
        });
    }
}
