//! Entries of all observed cases.

mod applications;
mod copies;
mod double_only;
mod requests;
mod service_users;
mod sessions;
#[cfg(test)]
mod tests;

use observed::Case;

use crate::entry::Entry;

pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [
        service_users::ENTRIES,
        sessions::ENTRIES,
        copies::ENTRIES,
        requests::ENTRIES,
        applications::ENTRIES,
        double_only::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// Lists cases without an entry, entries without a case, and duplicates.
pub(crate) fn unmatched(cases: &[Case]) -> Vec<String> {
    let mut found = Vec::new();
    for case in cases {
        match all().filter(|entry| entry.name == case.name).count() {
            1 => {}
            count => found.push(format!("the case {} has {count} entries", case.name)),
        }
    }
    for entry in all() {
        match cases.iter().filter(|case| case.name == entry.name).count() {
            1 => {}
            count => found.push(format!("the entry {} has {count} cases", entry.name)),
        }
    }
    found
}
