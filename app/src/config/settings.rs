//! Table of all settings. A test compares it with `docs/configuration.md`.

mod operators;
mod serving;
mod verdicts;
mod zitadel;

use self::{operators::OPERATORS, serving::SERVING, verdicts::VERDICTS, zitadel::ZITADEL};
use super::setting::Setting;

/// Returns all settings, in the order of the documentation.
pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    [SERVING, ZITADEL, VERDICTS, OPERATORS].into_iter().flatten()
}

pub(super) fn named(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.name == name)
}
