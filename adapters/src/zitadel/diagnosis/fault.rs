//! Explains faults that prevent a verdict, and what to do about them.

use std::error::Error;

use domain::{IntrospectionError, Misconfiguration, Outage};

use super::{
    Explainer, Finding,
    connection::{CertificateFault, NoConnection},
    listed,
    refused::client_refused,
};
use crate::zitadel::fault::Seen;

pub(super) fn explain(explainer: &Explainer, fault: &IntrospectionError) -> Finding {
    let (IntrospectionError::Unavailable { source, .. }
    | IntrospectionError::ClientRefused { source }
    | IntrospectionError::Misconfigured { source, .. }
    | IntrospectionError::Unwitnessed { source }
    | IntrospectionError::Malformed { source }) = fault;
    let seen = source.downcast_ref::<Seen>();
    let reason = fault.reason();
    let finding = |found: String, advice: &str| Finding { reason, found, advice: advice.into() };
    let Explainer { target, address_setting, .. } = explainer;
    match fault {
        IntrospectionError::Unavailable { reason, .. } => match reason {
            Outage::Unreachable => no_connection(explainer, source.as_ref()),
            Outage::TimedOut => finding(
                format!(
                    "no complete answer from {target} within {}{}",
                    humantime::format_duration(explainer.timeout),
                    explainer.by_proxy(),
                ),
                "if it is always so, something drops what is sent: check address, port and \
                 firewall; if ZITADEL is slow, raise zitadel.timeout",
            ),
            Outage::Interrupted => finding(
                format!("the connection to {target} broke before the answer was complete"),
                "ZITADEL or a proxy before it ended it: look into their logs; perhaps something \
                 else than an HTTP server listens there, or it wants a client certificate, which \
                 cannot be given",
            ),
            Outage::ServerError => finding(
                format!("{target} answers with {source}"),
                "ZITADEL, or a proxy before it, fails: look into their logs",
            ),
            Outage::RateLimited => finding(
                format!("{target} answers with {source}"),
                "the quota of the instance is used up, or the instance is blocked: raise the \
                 quota, or wait; ZITADEL Cloud takes some 50 requests a second of one address over a \
                 minute: keep below that with zitadel.max_per_second",
            ),
            Outage::UnexpectedStatus => unexpected_status(explainer, source.as_ref(), seen),
            Outage::TooManyInFlight | Outage::OverBudget | Outage::CircuitOpen => {
                finding(format!("ZITADEL was not asked: {source}"), "ask again in a moment")
            }
        },
        IntrospectionError::ClientRefused { .. } => {
            client_refused(explainer, source.as_ref(), seen)
        }
        IntrospectionError::Misconfigured { reason: Misconfiguration::IssuerMismatch, .. } => {
            finding(
                source.to_string(),
                "set zitadel.domain to the issuer of the instance, with the same scheme, host and port; \
             if that is what it says, a proxy in between changes the host",
            )
        }
        IntrospectionError::Misconfigured { reason: Misconfiguration::ForeignEndpoint, .. } => {
            finding(
                source.to_string(),
                "if that endpoint is the right one, set zitadel.introspection_endpoint to it; if not, \
             this is not your ZITADEL",
            )
        }
        IntrospectionError::Misconfigured { reason: Misconfiguration::Redirected, .. } => finding(
            format!("{target} answers with {source}"),
            &format!(
                "redirects are not followed, for the token would go along: set {address_setting} to \
                 the final address (https instead of http, the public name), or remove the login \
                 page in between"
            ),
        ),
        IntrospectionError::Unwitnessed { .. } => unwitnessed(reason, target, source.as_ref()),
        IntrospectionError::Malformed { .. } => match seen {
            Some(Seen::WebPage) => Finding {
                reason: "web_page",
                found: format!("{target} answers with a web page (HTML) instead of JSON"),
                advice: format!(
                    "another program listens on that port, or a login page or proxy stands in \
                     between: check host and port of {address_setting}"
                ),
            },
            _ => finding(
                format!("{target} answers what cannot be understood: {source}"),
                &format!("check host and port of {address_setting}, and what stands in between"),
            ),
        },
    }
}

fn unexpected_status(explainer: &Explainer, source: &dyn Error, seen: Option<&Seen>) -> Finding {
    let Explainer { target, address_setting, host, .. } = explainer;
    let found = format!("{target} answers with {source}");
    let reason = "unexpected_status";
    match seen {
        Some(Seen::UnknownInstance) => Finding {
            reason: "unknown_instance",
            found: format!(
                "404 \"unable to set instance\": ZITADEL knows no instance by the host {host} that was \
                 sent"
            ),
            advice: format!(
                "set {address_setting} to the public name of the instance, and zitadel.connect_to \
                 where another address leads to it; no proxy in between may change Host or add \
                 Forwarded or X-Forwarded-Host; if it worked before, ZITADEL's database may be down"
            ),
        },
        Some(Seen::OAuth { error: "invalid_request", .. }) => Finding {
            reason,
            found,
            advice:
                "ZITADEL did not get the request as it was sent: something in between drops or \
                     changes its body or its header Authorization"
                    .to_owned(),
        },
        _ => Finding {
            reason,
            found,
            advice: format!(
                "that is not what ZITADEL answers: check host, port and path of {address_setting}, \
                 and what stands in between"
            ),
        },
    }
}

fn unwitnessed(reason: &'static str, target: &str, doubt: &dyn Error) -> Finding {
    Finding {
        reason,
        found: format!("{target} calls the token inactive, and that is not believed: {doubt}"),
        advice:
            "most likely ZITADEL's database fails: look into its log; if other tokens are active, \
                 look at the token that is named here"
                .to_owned(),
    }
}

fn no_connection(explainer: &Explainer, error: &(dyn Error + 'static)) -> Finding {
    let Explainer { target, address_setting, .. } = explainer;
    let proxy = explainer.proxy.as_deref().unwrap_or("of HTTPS_PROXY");
    let finding =
        |reason, found: String, advice: &str| Finding { reason, found, advice: advice.to_owned() };
    match NoConnection::of(error) {
        NoConnection::Name => finding(
            "name_not_resolved",
            format!("the name in {target} is not resolved"),
            &format!(
                "check the spelling of {address_setting} (or zitadel.connect_to), and the DNS of \
                 this machine"
            ),
        ),
        NoConnection::Refused => finding(
            "connection_refused",
            format!("{target} refuses the connection"),
            "nobody listens there: is ZITADEL running, and is the port right?",
        ),
        NoConnection::TlsVersion => finding(
            "tls_version",
            format!("{target} speaks no version of TLS that is spoken here"),
            "turn on TLS 1.2 or 1.3 there",
        ),
        NoConnection::Handshake => finding(
            "tls_handshake",
            format!("{target} ends the TLS handshake"),
            "it may know none of the cipher suites that are spoken here (those with AES-GCM or \
             ChaCha20 and ECDHE, none with CBC): turn one on there; or it wants a client certificate, \
             which cannot be given: turn that off for this API",
        ),
        NoConnection::ClientCertificate => finding(
            "client_certificate_wanted",
            format!("{target} wants a client certificate"),
            "none can be given: turn that off there for this API, or name another origin in \
             zitadel.connect_to",
        ),
        NoConnection::NoTls => finding(
            "no_tls",
            format!("what answers at {target} does not speak TLS"),
            "the port may be one for plain http: check it; behind an ingress that ends TLS set \
             zitadel.connect_to to the http origin",
        ),
        NoConnection::ProxyCredentials => finding(
            "proxy_credentials",
            format!("the proxy {proxy} wants a name and a password (407)"),
            "put them into HTTPS_PROXY, percent-encoded: http://name:password@host:port; or name \
             ZITADEL's host in NO_PROXY",
        ),
        NoConnection::ProxyRefuses => finding(
            "proxy_refuses",
            format!("the proxy {proxy} does not connect us to {target}"),
            "look into its log: its rules may forbid the host or the port (403), or it may not \
             reach it (502, 503, 504), or it is no HTTP proxy; or name ZITADEL's host in NO_PROXY",
        ),
        NoConnection::NoProxy => finding(
            "proxy_unreachable",
            format!("no connection to the proxy {proxy}: {}", innermost(error)),
            "check HTTPS_PROXY, and that an HTTP proxy listens there; or name ZITADEL's host in \
             NO_PROXY",
        ),
        NoConnection::Certificate(fault) => of_certificate(explainer, &fault),
        NoConnection::Other => finding(
            "unreachable",
            format!("no connection to {target}: {}", innermost(error)),
            &format!("check {address_setting}, zitadel.connect_to, and the network in between"),
        ),
    }
}

/// Returns what is wrong with the certificate, and what to do about it.
fn of_certificate(explainer: &Explainer, fault: &CertificateFault) -> Finding {
    let Explainer { target, host, address_setting, .. } = explainer;
    let finding = |reason: &'static str, found: String, advice: &str| Finding {
        reason,
        found,
        advice: advice.into(),
    };
    match fault {
        CertificateFault::UnknownAuthority => finding(
            "certificate_not_trusted",
            format!("the certificate of {target} is not trusted: no known authority signed it"),
            "name your authority's certificate (PEM) in zitadel.ca_file",
        ),
        CertificateFault::OtherName(names) if names.is_empty() => finding(
            "certificate_without_a_name",
            format!("the certificate of {target} names no host: it has no subjectAltName"),
            "get one with the host in subjectAltName: a name in the subject alone (CN) is not read",
        ),
        CertificateFault::AuthoritysOwn => finding(
            "certificate_of_an_authority",
            format!("the certificate of {target} is that of an authority, and no server's"),
            "have the authority sign a certificate for the server, and name the authority's own in \
             zitadel.ca_file",
        ),
        CertificateFault::BadCertificate(cause) => finding(
            "certificate_not_allowed",
            format!("the certificate of {target} cannot be used: {cause}"),
            "get another one for the server",
        ),
        CertificateFault::OtherName(names) => {
            let names = listed(names.iter().map(String::as_str));
            finding(
                "certificate_of_another_name",
                format!("the certificate of {target} is for [{names}] and not for {host}"),
                &format!(
                    "set {address_setting} to a name on the certificate, or get a certificate for \
                     this one"
                ),
            )
        }
        CertificateFault::CertificateTime => finding(
            "certificate_out_of_date",
            format!("the certificate of {target} has expired, or is not valid yet"),
            "renew it; if it is fresh, set the clock of this machine",
        ),
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
