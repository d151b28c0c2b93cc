//! Metadata of an authorization server that a version or a setting of ZITADEL decides.

/// One difference to the metadata of the baseline; any number of them may be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataVariant {
    /// The document is at the path of RFC 8414 too, which is 404 in the baseline.
    AtRfc8414Path,
    /// The document at the path of RFC 8414 names another issuer.
    OfAnotherIssuerAtRfc8414Path,
    /// Clients may register themselves (RFC 7591).
    RegistrationEndpoint,
    /// A client id may be the URL of a document about the client.
    ClientIdMetadataDocuments,
    /// There is no `code_challenge_methods_supported`.
    WithoutPkce,
    /// The token endpoint takes no client without authentication.
    WithoutPublicClients,
}
