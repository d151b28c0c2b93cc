//! Identifiers with a type each, so that no user can be passed for a project.
//!
//! As in ZITADEL, ids are opaque strings, usually of 18 digits.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id as it appears on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// An organization.
    OrgId
}
id! {
    /// A project, which owns roles and applications.
    ProjectId
}
id! {
    /// A person or a service user.
    UserId
}
id! {
    /// The `client_id` of an application.
    ClientId
}
id! {
    /// A key of a `private_key_jwt` application; its assertions have it as `kid`.
    KeyId
}
