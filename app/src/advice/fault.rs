//! Explains why there is no verdict on a token, and names the remedy.

use std::error::Error;

use adapters::zitadel::{FaultDetail, SettingsSummary};
use domain::{IntrospectionError, Misconfiguration, Outage};

use super::{
    Finding, address_setting, by_proxy, no_connection::no_connection, refused::client_refused,
};

/// Returns the problem behind `fault`, which prevents a verdict, and its remedy.
pub(crate) fn finding(summary: &SettingsSummary, fault: &IntrospectionError) -> Finding {
    let (IntrospectionError::Unavailable { source, .. }
    | IntrospectionError::ClientRefused { source }
    | IntrospectionError::Misconfigured { source, .. }
    | IntrospectionError::Unwitnessed { source }
    | IntrospectionError::Malformed { source }) = fault;
    let detail = FaultDetail::of(source.as_ref());
    let reason = fault.reason();
    let finding = |found: String, advice: &str| Finding::new(reason, found, advice);
    let (target, address_setting) = (&summary.target, address_setting(summary));
    match fault {
        IntrospectionError::Unavailable { reason, .. } => match reason {
            Outage::Unreachable => no_connection(summary, source.as_ref()),
            Outage::TimedOut => finding(
                format!(
                    "no complete answer from {target} within {}{}",
                    humantime::format_duration(summary.timeout),
                    by_proxy(summary),
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
            Outage::UnexpectedStatus => unexpected_status(summary, source.as_ref(), detail),
            Outage::TooManyInFlight | Outage::OverBudget | Outage::CircuitOpen => {
                finding(format!("ZITADEL was not asked: {source}"), "ask again in a moment")
            }
        },
        IntrospectionError::ClientRefused { .. } => {
            client_refused(summary, source.as_ref(), detail)
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
        IntrospectionError::Unwitnessed { .. } => finding(
            format!("{target} calls the token inactive, and that is not believed: {source}"),
            "most likely ZITADEL's database fails: look into its log; if other tokens are active, \
             look at the token that is named here",
        ),
        IntrospectionError::Malformed { .. } if detail == Some(FaultDetail::WebPage) => {
            Finding::new(
                "web_page",
                format!("{target} answers with a web page (HTML) instead of JSON"),
                format!(
                    "another program listens on that port, or a login page or proxy stands in \
                     between: check host and port of {address_setting}"
                ),
            )
        }
        IntrospectionError::Malformed { .. } => finding(
            format!("{target} answers what cannot be understood: {source}"),
            &format!("check host and port of {address_setting}, and what stands in between"),
        ),
    }
}

fn unexpected_status(
    summary: &SettingsSummary,
    source: &dyn Error,
    detail: Option<FaultDetail>,
) -> Finding {
    let SettingsSummary { target, host, .. } = summary;
    let address_setting = address_setting(summary);
    let found = format!("{target} answers with {source}");
    let reason = "unexpected_status";
    match detail {
        Some(FaultDetail::UnknownInstance) => Finding::new(
            "unknown_instance",
            format!(
                "404 \"unable to set instance\": ZITADEL knows no instance by the host {host} that was \
                 sent"
            ),
            format!(
                "set {address_setting} to the public name of the instance, and zitadel.connect_to \
                 where another address leads to it; no proxy in between may change Host or add \
                 Forwarded or X-Forwarded-Host; if it worked before, ZITADEL's database may be down"
            ),
        ),
        Some(FaultDetail::InvalidRequest) => Finding::new(
            reason,
            found,
            "ZITADEL did not get the request as it was sent: something in between drops or \
             changes its body or its header Authorization",
        ),
        _ => Finding::new(
            reason,
            found,
            format!(
                "that is not what ZITADEL answers: check host, port and path of {address_setting}, \
                 and what stands in between"
            ),
        ),
    }
}
