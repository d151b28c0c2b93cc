//! Reasons why no connection to ZITADEL was made. Errors with the same remedy have one reason.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError};

/// Reason why no connection to ZITADEL was made.
#[derive(Debug, PartialEq, Eq)]
pub enum NoConnection {
    /// No IP address is known for the host name.
    Name,
    /// No server listens at ZITADEL's address: the connection is refused.
    Refused,
    /// The server's certificate is not accepted.
    Certificate(CertificateFault),
    /// Client and server have no TLS version in common.
    TlsVersion,
    /// The server ended the TLS handshake without a clear reason: there may be no common cipher
    /// suite, or the server may want a client certificate.
    Handshake,
    /// The server ended the TLS handshake because it wants a client certificate.
    ClientCertificate,
    /// The server does not speak TLS.
    NoTls,
    /// The proxy wants a user name and a password.
    ProxyCredentials,
    /// The proxy refuses to connect to ZITADEL.
    ProxyRefuses,
    /// The proxy cannot be reached.
    NoProxy,
    /// Reason that this module does not recognize.
    Other,
}

/// Reason why the server's certificate is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// No trusted authority has signed the certificate.
    UnknownAuthority,
    /// The certificate is for the names in this list (empty if unknown), not for the server's name.
    OtherName(Vec<String>),
    /// The certificate has expired or is not valid yet.
    CertificateTime,
    /// The certificate belongs to an authority, not to a server.
    AuthoritysOwn,
    /// The certificate cannot be read or is not allowed, for the reason in this text.
    BadCertificate(String),
}

impl NoConnection {
    /// Returns the first known reason found in `error` or in the chain of its sources.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = Self::of_one(error) {
                return found;
            }
            next = error.source();
        }
        Self::Other
    }

    fn of_one(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Self::of_tls(error);
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            if error.kind() == io::ErrorKind::ConnectionRefused {
                return Some(Self::Refused);
            }
            // An I/O error does not return the error inside it as its source.
            return error.get_ref().and_then(|inner| Self::of_one(inner));
        }
        // The HTTP client exports no types for these errors.
        match error.to_string().as_str() {
            "dns error" => Some(Self::Name),
            "tunnel error: proxy authorization required" => Some(Self::ProxyCredentials),
            "tunnel error: unsuccessful" => Some(Self::ProxyRefuses),
            text if text.starts_with("tunnel error: ") => Some(Self::NoProxy),
            _ => None,
        }
    }

    fn of_tls(error: &rustls::Error) -> Option<Self> {
        Some(match error {
            rustls::Error::InvalidCertificate(error) => Self::Certificate(error.into()),
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::TlsVersion,
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
                Self::ClientCertificate
            }
            rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity
                | AlertDescription::BadCertificate,
            ) => Self::Handshake,
            _ => return None,
        })
    }
}

impl From<&CertificateError> for CertificateFault {
    fn from(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::NotValidForName => Self::OtherName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::OtherName(presented.iter().map(|name| plain(name)).collect())
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::CertificateTime,
            // The TLS library exports no type for this error.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::AuthoritysOwn
            }
            error => Self::BadCertificate(error.to_string()),
        }
    }
}

/// Returns the name in a text such as `DnsName("auth.example.com")`.
fn plain(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use rustls::{InvalidMessage, pki_types::ServerName};

    use super::*;

    fn of(error: CertificateError) -> CertificateFault {
        match NoConnection::of(&io::Error::other(rustls::Error::InvalidCertificate(error))) {
            NoConnection::Certificate(fault) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_apart() {
        let presented = vec![r#"DnsName("a.test")"#.to_owned(), "10.0.0.1".to_owned()];
        let expected = ServerName::try_from("b.test").unwrap();
        let names = ["a.test", "10.0.0.1"].map(str::to_owned).to_vec();
        for (error, found) in [
            (CertificateError::UnknownIssuer, CertificateFault::UnknownAuthority),
            (CertificateError::NotValidForName, CertificateFault::OtherName(Vec::new())),
            (
                CertificateError::NotValidForNameContext { expected, presented },
                CertificateFault::OtherName(names),
            ),
            (CertificateError::Expired, CertificateFault::CertificateTime),
            (CertificateError::NotValidYet, CertificateFault::CertificateTime),
            (
                CertificateError::Other(rustls::OtherError(std::sync::Arc::new(io::Error::other(
                    "CaUsedAsEndEntity",
                )))),
                CertificateFault::AuthoritysOwn,
            ),
        ] {
            let shown = format!("{error:?}");
            assert_eq!(of(error), found, "{shown}");
        }
        for error in [
            CertificateError::BadSignature,
            CertificateError::BadEncoding,
            CertificateError::Revoked,
            CertificateError::InvalidPurpose,
        ] {
            let text = error.to_string();
            assert_eq!(of(error), CertificateFault::BadCertificate(text));
        }
    }

    #[test]
    fn what_is_wrong_with_a_handshake_is_told_apart() {
        use rustls::{Error, PeerIncompatible};
        for (error, found) in [
            (
                Error::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig),
                NoConnection::TlsVersion,
            ),
            (Error::AlertReceived(AlertDescription::ProtocolVersion), NoConnection::TlsVersion),
            (Error::AlertReceived(AlertDescription::HandshakeFailure), NoConnection::Handshake),
            (Error::AlertReceived(AlertDescription::BadCertificate), NoConnection::Handshake),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                NoConnection::ClientCertificate,
            ),
            (Error::AlertReceived(AlertDescription::InternalError), NoConnection::Other),
        ] {
            let shown = format!("{error:?}");
            assert_eq!(NoConnection::of(&io::Error::other(error)), found, "{shown}");
        }
    }

    #[test]
    fn other_ends_of_a_connection_are_told_apart() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(NoConnection::of(&refused), NoConnection::Refused);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(NoConnection::of(&reset), NoConnection::Other);
        let no_tls = rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(NoConnection::of(&no_tls), NoConnection::NoTls);
        assert_eq!(NoConnection::of(&io::Error::other("dns error")), NoConnection::Name);
        assert_eq!(NoConnection::of(&io::Error::other("another error")), NoConnection::Other);
    }
}
