//! HTTPS with a certificate of the double's own authority.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Server certificate and its authority.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
    names: Vec<String>,
    shape: Shape,
}

/// Fault of the certificate, or a requirement for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Right,
    Expired,
    OfAuthority,
    WithoutNames,
    WantsClientCertificate,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl Tls {
    pub(crate) fn for_names(names: &[String], shape: Shape) -> Result<Self, Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "zitadel-double authority");
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let ca_pem = authority_certificate.pem();
        let mut clients = RootCertStore::empty();
        clients.add(authority_certificate.der().clone())?;
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let names_on_it = if shape == Shape::WithoutNames { Vec::new() } else { names.to_vec() };
        let mut certificate = CertificateParams::new(names_on_it)?;
        match shape {
            Shape::Right | Shape::WantsClientCertificate => {}
            Shape::Expired => certificate.not_after = rcgen::date_time_ymd(2020, 1, 1),
            Shape::OfAuthority => certificate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Shape::WithoutNames => {
                let name = names.first().map_or("", String::as_str);
                certificate.distinguished_name.push(rcgen::DnType::CommonName, name);
            }
        }
        let certificate = certificate.signed_by(&key, &issuer)?;
        let private = PrivateKeyDer::try_from(key.serialize_der())?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if shape == Shape::WantsClientCertificate {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(clients), provider);
            builder.with_client_cert_verifier(verifier.build()?)
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], private)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, ca_pem, names: names.to_vec(), shape })
    }

    /// Returns the names with another authority's certificate.
    pub(crate) fn rotated(&self) -> Result<Self, Error> {
        Self::for_names(&self.names, self.shape)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("names", &self.names).finish_non_exhaustive()
    }
}
