//! Why no connection came about: told apart by what has to be changed.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError};

/// Why no connection came about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoConnection {
    /// No address is known by that name.
    Name,
    /// Nobody listens there.
    Refused,
    /// The server's certificate.
    Certificate(CertificateFault),
    /// No version of TLS is spoken on both sides.
    TlsVersion,
    /// The server ended the handshake: no cipher suite is known to both sides, or it wants a certificate.
    Handshake,
    /// The server wants a client certificate.
    ClientCertificate,
    /// What answers there does not speak TLS.
    NoTls,
    /// The proxy in between wants a name and a password.
    ProxyCredentials,
    /// The proxy in between does not connect us.
    ProxyRefuses,
    /// There is no way to the proxy, for this reason.
    NoProxy,
    /// Something else.
    Other,
}

/// Why the server's certificate is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CertificateFault {
    /// None of the known authorities vouches for it.
    UnknownAuthority,
    /// It is for these names.
    OtherName(Vec<String>),
    /// It is past or before its time.
    CertificateTime,
    /// It is that of an authority, and no server's.
    AuthoritysOwn,
    /// It cannot be read, or is not allowed, for this reason.
    BadCertificate(String),
}

impl NoConnection {
    /// What lies at the bottom of `error`.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
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
            // What an I/O error wraps is not its source.
            return error.get_ref().and_then(|inner| Self::of_one(inner));
        }
        // The HTTP client has no types for these that could be named here.
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
            // The library beneath has no type for this that could be named here.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::AuthoritysOwn
            }
            error => Self::BadCertificate(error.to_string()),
        }
    }
}

/// The name itself, of what is told as `DnsName("auth.example.com")`.
fn plain(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use rustls::{InvalidMessage, pki_types::ServerName};

    use super::*;

    fn of(error: CertificateError) -> CertificateFault {
        // As it arrives: wrapped into an I/O error.
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
