//! Why no connection came about: told apart by what has to be changed.

use std::{error::Error, io};

use rustls::CertificateError;

/// Why no connection came about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoConnection {
    /// No address is known by that name.
    Name,
    /// Nobody listens there.
    Refused,
    /// None of the known authorities vouches for the certificate.
    UnknownAuthority,
    /// The certificate is for these names.
    OtherName(Vec<String>),
    /// The certificate is past or before its time.
    CertificateTime,
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
            rustls::Error::InvalidCertificate(error) => match error {
                CertificateError::UnknownIssuer => Self::UnknownAuthority,
                CertificateError::NotValidForName => Self::OtherName(Vec::new()),
                CertificateError::NotValidForNameContext { presented, .. } => {
                    Self::OtherName(presented.iter().map(|name| plain(name)).collect())
                }
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::CertificateTime,
                _ => return None,
            },
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            _ => return None,
        })
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

    fn of(error: CertificateError) -> NoConnection {
        // As it arrives: wrapped into an I/O error.
        NoConnection::of(&io::Error::other(rustls::Error::InvalidCertificate(error)))
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_apart() {
        let presented = vec![r#"DnsName("a.test")"#.to_owned(), "10.0.0.1".to_owned()];
        let expected = ServerName::try_from("b.test").unwrap();
        let names = ["a.test", "10.0.0.1"].map(str::to_owned).to_vec();
        for (error, found) in [
            (CertificateError::UnknownIssuer, NoConnection::UnknownAuthority),
            (CertificateError::NotValidForName, NoConnection::OtherName(Vec::new())),
            (
                CertificateError::NotValidForNameContext { expected, presented },
                NoConnection::OtherName(names),
            ),
            (CertificateError::Expired, NoConnection::CertificateTime),
            (CertificateError::NotValidYet, NoConnection::CertificateTime),
            (CertificateError::BadSignature, NoConnection::Other),
        ] {
            let shown = format!("{error:?}");
            assert_eq!(of(error), found, "{shown}");
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
