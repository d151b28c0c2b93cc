//! Plan for the webhook at ZITADEL: a target with the URL to call, its signing key, and a condition
//! for each event at which ZITADEL calls it.

use adapters::zitadel::management::EventCondition;

use super::{Called, Plan, Step};
use crate::setup::{
    webhook::{FoundWebhook, KeyFile},
    webhook_url::{KEY_FILE, WebhookUrl},
};

/// Types of ZITADEL's events that may change a verdict. The webhook is set up for single types,
/// since with a group of types, such as `user`, ZITADEL would also send it password hashes and
/// codes.
const EVENTS: [&str; 22] = [
    "oidc_session.access_token.revoked",
    "oidc_session.refresh_token.revoked",
    "user.pat.removed",
    "user.locked",
    "user.deactivated",
    "user.removed",
    "user.human.signed.out",
    "session.terminated",
    "user.grant.added",
    "user.grant.changed",
    "user.grant.removed",
    "user.grant.cascade.changed",
    "user.grant.cascade.removed",
    "user.grant.deactivated",
    "user.grant.reactivated",
    "project.role.removed",
    "project.deactivated",
    "project.removed",
    "project.grant.changed",
    "project.grant.cascade.changed",
    "project.grant.removed",
    "org.removed",
];

impl Plan {
    /// Plans the webhook. `found` is its state at ZITADEL; `None` if the administrator may not read
    /// it.
    pub(in crate::setup) fn webhook(
        &mut self,
        name: &str,
        url: &WebhookUrl,
        found: Option<&FoundWebhook>,
        force: bool,
    ) {
        self.lacks_webhook = found.is_none();
        let Some(found) = found else { return };
        let own = found.target.as_ref();
        if let Some(target) = own {
            let id = &target.id;
            if target.name != name {
                return self.refuse(format!(
                    "a target {:?} ({id}) exists, and names are unique without regard to case: use \
                     another --name",
                    target.name
                ));
            }
            if target.endpoint != url.as_str() || !target.is_quiet_webhook {
                return self.refuse(format!(
                    "a target {name:?} ({id}) exists that is not this webhook: it calls {}{}; give \
                     --webhook that address, remove the target at ZITADEL, or use another --name",
                    target.endpoint,
                    if target.is_quiet_webhook {
                        ""
                    } else {
                        ", and not as a webhook without interrupts"
                    },
                ));
            }
        }
        if found.key == KeyFile::Other && !force {
            return self.refuse(format!(
                "{KEY_FILE}: it has not the signing key of the target {name:?}: move it away, or use \
                 --force"
            ));
        }
        if own.is_none() {
            self.steps.push(Step::CreateTarget);
        } else if found.key != KeyFile::Right {
            self.steps.push(Step::WriteSigningKey);
        }
        let missing = |event: &'static str| {
            let others = EventCondition::called_at(&found.executions, event);
            let has_own = own.is_some_and(|own| others.contains(&own.id));
            (!has_own).then(|| Called { event, others: others.to_vec() })
        };
        let missing: Vec<_> = EVENTS.into_iter().filter_map(missing).collect();
        if !missing.is_empty() {
            self.steps.push(Step::SetConditions(missing));
        }
        if !found.is_env_right {
            self.steps.push(Step::WriteWebhookEnv);
        }
    }
}

#[cfg(test)]
mod tests {
    use adapters::zitadel::management::{ActionTarget, Execution};

    use super::*;

    const URL: &str = "https://api.example.com/zitadel/events";

    fn complete() -> FoundWebhook {
        let on = |event: &str| Execution {
            condition: EventCondition::Event(event.to_owned()),
            targets: vec!["7".to_owned(), "8".to_owned()],
        };
        FoundWebhook {
            target: Some(ActionTarget {
                id: "8".to_owned(),
                name: "Messages".to_owned(),
                endpoint: URL.to_owned(),
                is_quiet_webhook: true,
                signing_key: "key".to_owned().into(),
            }),
            executions: EVENTS.into_iter().map(on).collect(),
            key: KeyFile::Right,
            is_env_right: true,
        }
    }

    fn plan(found: Option<&FoundWebhook>, force: bool) -> Plan {
        let mut plan = Plan::default();
        plan.webhook("Messages", &URL.parse().unwrap(), found, force);
        plan
    }

    #[test]
    fn what_is_complete_is_left_alone_and_what_may_not_be_read_is_a_managers() {
        assert_eq!(plan(Some(&complete()), false), Plan::default());
        assert_eq!(plan(None, false), Plan { lacks_webhook: true, ..Plan::default() });
    }

    #[test]
    fn targets_that_an_event_calls_already_stay_even_those_of_a_group() {
        let mut found = complete();
        found.executions.truncate(20);
        let group = EventCondition::Group("project.grant".to_owned());
        found.executions.push(Execution { condition: group, targets: vec!["9".to_owned()] });
        let called = |event, others: &[&str]| Called {
            event,
            others: others.iter().map(|id| (*id).to_owned()).collect(),
        };
        let missing = vec![called("project.grant.removed", &["9"]), called("org.removed", &[])];
        assert_eq!(plan(Some(&found), false).steps, [Step::SetConditions(missing)]);
        let mut found = complete();
        found.executions[21].targets.pop();
        let missing = vec![called("org.removed", &["7"])];
        assert_eq!(plan(Some(&found), false).steps, [Step::SetConditions(missing)]);
    }

    #[test]
    fn a_target_of_another_case_address_or_kind_is_a_persons_matter() {
        type Change = fn(&mut ActionTarget);
        let changes: [(Change, &str); 3] = [
            (|target| "messages".clone_into(&mut target.name), "without regard to case"),
            (|target| "https://other/".clone_into(&mut target.endpoint), "it calls https://other/"),
            (|target| target.is_quiet_webhook = false, "not as a webhook"),
        ];
        for (change, why) in changes {
            let mut found = complete();
            change(found.target.as_mut().unwrap());
            let plan = plan(Some(&found), true);
            assert!(plan.steps.is_empty() && plan.refused[0].contains(why), "{plan:?}");
        }
    }

    #[test]
    fn a_file_with_another_key_is_written_over_only_when_told_to() {
        for (key, force, steps) in [
            (KeyFile::Missing, false, Some(vec![Step::WriteSigningKey])),
            (KeyFile::Other, false, None),
            (KeyFile::Other, true, Some(vec![Step::WriteSigningKey])),
        ] {
            let plan = plan(Some(&FoundWebhook { key, ..complete() }), force);
            assert_eq!(plan.refused.is_empty().then_some(plan.steps), steps, "{key:?}");
        }
    }
}
