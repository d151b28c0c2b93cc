//! The double against ZITADEL's rules.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is all test code, the functions beside the tests too"
)]

mod answers;
mod authorization_code;
mod binary;
mod changes_under_way;
mod client_authentication;
mod client_keys;
mod control;
mod control_of_events;
mod discovery;
mod event_log;
mod event_log_calls;
mod event_log_faults;
mod event_pages;
mod event_shapes;
mod faults;
mod introspection_request;
mod jwt_profile;
mod listening;
mod login_client;
mod management_actions;
mod management_faults;
mod management_observed;
mod management_projects;
mod management_rights;
mod management_users;
mod manager;
mod observation;
mod observed;
mod organizations;
mod pats;
mod resource_server;
mod socket_faults;
mod strictness;
mod tls;
mod token_forms;
mod webhooks;
