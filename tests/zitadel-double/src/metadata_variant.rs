//! Metadata of an authorization server that depends on a version or a setting of ZITADEL.

/// Difference from the baseline metadata; any number of them can be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataVariant {
    /// Serves the document at the path of RFC 8414 too, which is 404 in the baseline.
    AtRfc8414Path,
    /// Serves a document at the path of RFC 8414 that names another issuer.
    OfAnotherIssuerAtRfc8414Path,
    /// Clients may register themselves (RFC 7591).
    RegistrationEndpoint,
    /// A client id may be the URL of a document about the client.
    ClientIdMetadataDocuments,
    /// Omits `code_challenge_methods_supported`.
    WithoutPkce,
    /// Excludes clients without authentication from the token endpoint.
    WithoutPublicClients,
}
