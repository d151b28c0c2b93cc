//! Targets and executions of the actions API.

use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone)]
pub(crate) struct ActionTarget {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) timeout: Duration,
    /// `restWebhook`, `restCall` or `restAsync`.
    pub(crate) kind: &'static str,
    pub(crate) interrupts: bool,
    pub(crate) signing_key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// One type.
    Event(String),
    /// All types with this prefix.
    Group(String),
    /// All types.
    All,
}

/// Targets by id, and the targets of each condition.
#[derive(Default)]
pub(crate) struct Executions {
    pub(crate) targets: BTreeMap<String, ActionTarget>,
    pub(crate) by_condition: BTreeMap<Condition, Vec<String>>,
}

impl Executions {
    /// Returns the targets of the condition that fits best.
    pub(super) fn called(&self, event_type: &str) -> Vec<&ActionTarget> {
        let ids = self.best(event_type).into_iter().flatten();
        ids.filter_map(|id| self.targets.get(id)).collect()
    }

    /// Prefers the exact type, then the longest group, then all.
    fn best(&self, event_type: &str) -> Option<&Vec<String>> {
        let exact = self.by_condition.get(&Condition::Event(event_type.to_owned()));
        let groups = self.by_condition.iter().filter_map(|(condition, targets)| match condition {
            Condition::Group(group) if event_type.starts_with(group) => {
                Some((group.len(), targets))
            }
            _ => None,
        });
        let group = groups.max_by_key(|(length, _)| *length).map(|(_, targets)| targets);
        exact.or(group).or_else(|| self.by_condition.get(&Condition::All))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ActionTarget, Condition, Executions};

    #[test]
    fn only_the_best_condition_of_an_event_counts() {
        let target = |name: &str| ActionTarget {
            name: name.to_owned(),
            endpoint: String::new(),
            timeout: Duration::ZERO,
            kind: "restWebhook",
            interrupts: false,
            signing_key: String::new(),
        };
        let mut executions = Executions::default();
        for (condition, name) in [
            (Condition::All, "all"),
            (Condition::Group("user".to_owned()), "user"),
            (Condition::Group("user.grant".to_owned()), "grant"),
            (Condition::Event("user.grant.removed".to_owned()), "removed"),
        ] {
            executions.targets.insert(name.to_owned(), target(name));
            executions.by_condition.insert(condition, vec![name.to_owned()]);
        }
        for (event, called) in [
            ("user.grant.removed", "removed"),
            ("user.grant.added", "grant"),
            ("user.locked", "user"),
            ("project.removed", "all"),
        ] {
            let names: Vec<_> =
                executions.called(event).iter().map(|target| target.name.as_str()).collect();
            assert_eq!(names, [called], "{event}");
        }
    }
}
