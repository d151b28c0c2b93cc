//! Facts by which `app check` and `app explain` explain ZITADEL's responses and failures.
//!
//! Nothing here decides about access: the contents of a token are unverified.

mod connection;
mod settings_summary;
mod token_form;
mod unverified_jwt;

pub use connection::{CertificateFault, NoConnection};
pub use settings_summary::{SettingsSummary, is_personal_access_token};
pub use token_form::TokenForm;
pub use unverified_jwt::{DamagedSignature, UnverifiedJwt};
