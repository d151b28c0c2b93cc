//! Test that every request to ZITADEL counts against the budget `max_per_second`: introspections,
//! metadata, and retries.

use std::num::NonZeroUsize;

use adapters::zitadel::ZitadelSettings;
use domain::{Introspection, IntrospectionError};
use zitadel_double::{AppState, Fault, Times, ZitadelDouble};

use crate::{active_token, ask, setup};

fn word(answer: &Result<Introspection, IntrospectionError>) -> &'static str {
    match answer {
        Ok(Introspection::Active(_)) => "active",
        Ok(Introspection::Inactive) => "inactive",
        Err(error) => error.reason(),
    }
}

type Order = fn(&ZitadelDouble);

#[tokio::test]
async fn a_budget_counts_what_reaches_zitadel() {
    let cases: [(&str, Order, &str, usize); 5] = [
        ("metadata and a question", |_| {}, "active", 2),
        (
            "a connection that broke",
            |double| double.introspection_fault(Fault::ResetBeforeAnswer, Times::Once),
            "active",
            3,
        ),
        (
            "metadata that broke off",
            |double| double.discovery_fault(Fault::CloseBeforeAnswer, Times::Once),
            "active",
            3,
        ),
        (
            "metadata that is refused",
            |double| double.discovery_fault(Fault::InternalServerError, Times::Once),
            "server_error",
            // The introspection request that was not sent counts, too.
            2,
        ),
        (
            "credentials that are refused",
            |double| double.set_app_state(double.client_id(), AppState::Deactivated),
            "client_refused",
            2,
        ),
    ];
    for (name, order, expected, cost) in cases {
        for max in [cost, cost + 1] {
            let double = ZitadelDouble::start().await;
            let token = active_token(&double);
            order(&double);
            let max_per_second = NonZeroUsize::new(max);
            let settings = ZitadelSettings { max_per_second, ..setup::basic(&double) };
            let introspector = setup::introspector(settings);
            assert_eq!(word(&ask(&introspector, &token).await), expected, "{name}");
            let next = word(&ask(&introspector, &token).await);
            assert_eq!(next == "over_budget", max == cost, "{name}: {next}, {max} a second");
        }
    }
}
