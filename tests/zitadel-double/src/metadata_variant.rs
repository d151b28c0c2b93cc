//! Authorization server metadata that depends on ZITADEL's version or settings.

/// Difference from the baseline metadata; differences can be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataVariant {
    /// Serves the document also at the path of RFC 8414 (baseline: 404).
    AtRfc8414Path,
    /// Serves a document with another issuer at the path of RFC 8414.
    OfAnotherIssuerAtRfc8414Path,
    /// Supports dynamic client registration (RFC 7591).
    RegistrationEndpoint,
    /// Supports client ids that are URLs of a document about the client.
    ClientIdMetadataDocuments,
    /// Omits `code_challenge_methods_supported`.
    WithoutPkce,
    /// Excludes unauthenticated clients from the token endpoint.
    WithoutPublicClients,
}
