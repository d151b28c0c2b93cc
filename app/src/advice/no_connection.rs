//! Explains why no connection to ZITADEL was made, and names the remedy.

use std::error::Error;

use adapters::zitadel::{CertificateFault, NoConnection, SettingsSummary};

use super::{Finding, address_setting, innermost, listed};

pub(super) fn no_connection(summary: &SettingsSummary, error: &(dyn Error + 'static)) -> Finding {
    let (target, address_setting) = (&summary.target, address_setting(summary));
    let proxy = summary.proxy.as_deref().unwrap_or("of HTTPS_PROXY");
    match NoConnection::of(error) {
        NoConnection::Name => Finding::new(
            "name_not_resolved",
            format!("the name in {target} is not resolved"),
            format!(
                "check the spelling of {address_setting} (or zitadel.connect_to), and the DNS of \
                 this machine"
            ),
        ),
        NoConnection::Refused => Finding::new(
            "connection_refused",
            format!("{target} refuses the connection"),
            "nobody listens there: is ZITADEL running, and is the port right?",
        ),
        NoConnection::TlsVersion => Finding::new(
            "tls_version",
            format!("{target} speaks no version of TLS that is spoken here"),
            "turn on TLS 1.2 or 1.3 there",
        ),
        NoConnection::Handshake => Finding::new(
            "tls_handshake",
            format!("{target} ends the TLS handshake"),
            "it may know none of the cipher suites that are spoken here (those with AES-GCM or \
             ChaCha20 and ECDHE, none with CBC): turn one on there; or it wants a client certificate, \
             which cannot be given: turn that off for this API",
        ),
        NoConnection::ClientCertificate => Finding::new(
            "client_certificate_wanted",
            format!("{target} wants a client certificate"),
            "none can be given: turn that off there for this API, or name another origin in \
             zitadel.connect_to",
        ),
        NoConnection::NoTls => Finding::new(
            "no_tls",
            format!("what answers at {target} does not speak TLS"),
            "the port may be one for plain http: check it; behind an ingress that ends TLS set \
             zitadel.connect_to to the http origin",
        ),
        NoConnection::ProxyCredentials => Finding::new(
            "proxy_credentials",
            format!("the proxy {proxy} wants a name and a password (407)"),
            "put them into HTTPS_PROXY, percent-encoded: http://name:password@host:port; or name \
             ZITADEL's host in NO_PROXY",
        ),
        NoConnection::ProxyRefuses => Finding::new(
            "proxy_refuses",
            format!("the proxy {proxy} does not connect us to {target}"),
            "look into its log: its rules may forbid the host or the port (403), or it may not \
             reach it (502, 503, 504), or it is no HTTP proxy; or name ZITADEL's host in NO_PROXY",
        ),
        NoConnection::NoProxy => Finding::new(
            "proxy_unreachable",
            format!("no connection to the proxy {proxy}: {}", innermost(error)),
            "check HTTPS_PROXY, and that an HTTP proxy listens there; or name ZITADEL's host in \
             NO_PROXY",
        ),
        NoConnection::Certificate(fault) => of_certificate(summary, &fault),
        NoConnection::Other => Finding::new(
            "unreachable",
            format!("no connection to {target}: {}", innermost(error)),
            format!("check {address_setting}, zitadel.connect_to, and the network in between"),
        ),
    }
}

/// Returns the problem with the TLS certificate at ZITADEL's address, and its remedy.
fn of_certificate(summary: &SettingsSummary, fault: &CertificateFault) -> Finding {
    let SettingsSummary { target, host, .. } = summary;
    let address_setting = address_setting(summary);
    match fault {
        CertificateFault::UnknownAuthority => Finding::new(
            "certificate_not_trusted",
            format!("the certificate of {target} is not trusted: no known authority signed it"),
            "name your authority's certificate (PEM) in zitadel.ca_file",
        ),
        CertificateFault::OtherName(names) if names.is_empty() => Finding::new(
            "certificate_without_a_name",
            format!("the certificate of {target} names no host: it has no subjectAltName"),
            "get one with the host in subjectAltName: a name in the subject alone (CN) is not read",
        ),
        CertificateFault::AuthoritysOwn => Finding::new(
            "certificate_of_an_authority",
            format!("the certificate of {target} is that of an authority, and no server's"),
            "have the authority sign a certificate for the server, and name the authority's own in \
             zitadel.ca_file",
        ),
        CertificateFault::BadCertificate(cause) => Finding::new(
            "certificate_not_allowed",
            format!("the certificate of {target} cannot be used: {cause}"),
            "get another one for the server",
        ),
        CertificateFault::OtherName(names) => {
            let names = listed(names.iter().map(String::as_str));
            Finding::new(
                "certificate_of_another_name",
                format!("the certificate of {target} is for [{names}] and not for {host}"),
                format!(
                    "set {address_setting} to a name on the certificate, or get a certificate for \
                     this one"
                ),
            )
        }
        CertificateFault::CertificateTime => Finding::new(
            "certificate_out_of_date",
            format!("the certificate of {target} has expired, or is not valid yet"),
            "renew it; if it is fresh, set the clock of this machine",
        ),
    }
}
