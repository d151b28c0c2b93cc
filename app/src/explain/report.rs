//! Formats the report of `explain`, for people and for scripts. Escapes values from the verdict,
//! such as a username.

use std::{
    fmt::{self, Write},
    time::{Duration, SystemTime},
};

use axum_zitadel::{Access, Reason};
use domain::{ActiveToken, Freshness, Principal, RoleGrant};
use serde_json::{Value, json};

use super::{ClosedRoute, ExplainReport, RouteReport, Verdict};
use crate::advice::{Finding, LikelyCause};

impl ExplainReport {
    /// Formats the report as text, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "Asked:    {}", self.asked)?;
        if let Some(fresh) = &self.fresh {
            writeln!(text, "Fresh:    {fresh}")?;
        }
        writeln!(text, "Token:    {}", self.form)?;
        match &self.verdict {
            Verdict::NoToken(error) => writeln!(text, "Verdict:  none was asked for: {error}")?,
            Verdict::Unknown(finding) => {
                writeln!(text, "Verdict:  none: {}", finding.found)?;
                writeln!(text, "          -> {}", finding.advice)?;
            }
            Verdict::Inactive => writeln!(text, "Verdict:  inactive")?,
            Verdict::Active(token) => write_active(text, token)?,
        }
        if let Some(note) = self.note {
            writeln!(text, "Note:     {note}")?;
        }
        if let Some(warning) = &self.warning {
            writeln!(text, "Warning:  {}", warning.found)?;
            writeln!(text, "          -> {}", warning.advice)?;
        }
        writeln!(text, "\nRoutes:")?;
        for route in &self.routes {
            write_route(text, route)?;
        }
        write_causes(text, &self.causes)
    }

    /// Formats the report as JSON, for scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let causes = self.causes.iter().map(|cause| {
            json!({
                "certainty": cause.certainty.as_str(),
                "cause": cause.cause,
                "text": cause.text,
                "logged_as": cause.logged_as,
            })
        });
        let (verdict, fault) = match &self.verdict {
            Verdict::NoToken(error) => (
                "none",
                json!({ "reason": Reason::from(*error).as_str(), "found": error.to_string() }),
            ),
            Verdict::Unknown(finding) => ("none", finding_json(finding)),
            Verdict::Inactive => ("inactive", Value::Null),
            Verdict::Active(_) => ("active", Value::Null),
        };
        let active = match &self.verdict {
            Verdict::Active(token) => active_json(token),
            _ => Value::Null,
        };
        json!({
            "accepted": self.accepted,
            "asked": self.asked,
            "fresh": self.fresh,
            "form": self.form,
            "verdict": verdict,
            "fault": fault,
            "token": active,
            "note": self.note,
            "warning": self.warning.as_ref().map(finding_json),
            "routes": self.routes.iter().map(route_json).collect::<Vec<_>>(),
            "causes": causes.collect::<Vec<_>>(),
        })
    }
}

fn write_active(text: &mut String, token: &ActiveToken) -> fmt::Result {
    let principal = &*token.principal;
    write!(text, "Verdict:  active")?;
    if let Some(expires_at) = token.expires_at {
        write!(text, ", until {}", time(expires_at))?;
    }
    writeln!(text)?;
    for (name, value) in names(principal) {
        if let Some(value) = value {
            writeln!(text, "          {name} {value:?}")?;
        }
    }
    if principal.roles.iter().len() == 0 {
        writeln!(text, "          no role in this API's project")?;
    }
    for grant in principal.roles.iter() {
        let by = |grant: &RoleGrant| {
            let organizations = grant.organizations().iter();
            let shown = organizations.map(|organization| {
                format!("{:?} ({:?})", organization.id.as_str(), organization.primary_domain)
            });
            shown.collect::<Vec<_>>().join(", ")
        };
        writeln!(text, "          role {:?}, granted by {}", grant.role().as_str(), by(grant))?;
    }
    Ok(())
}

fn names(principal: &Principal) -> [(&'static str, Option<&str>); 4] {
    [
        ("subject", principal.subject.as_ref().map(domain::Subject::as_str)),
        ("username", principal.username.as_ref().map(domain::Username::as_str)),
        ("client_id", principal.client_id.as_ref().map(domain::ClientId::as_str)),
        ("organization", principal.organization.as_ref().map(domain::OrganizationId::as_str)),
    ]
}

fn write_route(
    text: &mut String,
    RouteReport { route, closed, within }: &RouteReport,
) -> fmt::Result {
    let rule = rule(route.access, route.freshness);
    let outcome = if closed.is_some() { "shut" } else { "open" };
    writeln!(text, "  {outcome}  {:<6} {:<28} {rule}", route.shown_method(), route.path)?;
    if let Some(closed) = closed {
        writeln!(text, "        {} {}: {}", closed.status, closed.reason, closed.why)?;
    }
    for (policy, closed) in within {
        let outcome = if closed.is_some() { "shut" } else { "open" };
        writeln!(text, "  {outcome}         within it: {policy}")?;
    }
    Ok(())
}

fn rule(access: Access, freshness: Freshness) -> String {
    let asked = match freshness {
        Freshness::Kept => "",
        Freshness::Asked => ", asked for each request",
    };
    match access {
        Access::Public => "anyone".to_owned(),
        Access::Optional(policy) => format!("anyone, or {policy}{asked}"),
        Access::Guarded(policy) => format!("{policy}{asked}"),
    }
}

/// Writes the likely causes of a denial. The text in brackets after a cause, if any, is the one
/// that ZITADEL logs for it in the field `err`.
fn write_causes(text: &mut String, causes: &[LikelyCause]) -> fmt::Result {
    if causes.is_empty() {
        return Ok(());
    }
    let is_logged = causes.iter().any(|cause| cause.logged_as.is_some());
    let log = if is_logged {
        "; in brackets the err of the line \"oidc introspection\" in ZITADEL's own log"
    } else {
        ""
    };
    writeln!(text, "\nWhy, most likely first{log}:")?;
    for cause in causes {
        write!(text, "  {:<9} {}", cause.certainty.as_str(), cause.text)?;
        match cause.logged_as {
            Some(err) => writeln!(text, " [{err}]")?,
            None => writeln!(text)?,
        }
    }
    Ok(())
}

fn finding_json(finding: &Finding) -> Value {
    json!({ "reason": finding.reason, "found": finding.found, "advice": finding.advice })
}

fn active_json(token: &ActiveToken) -> Value {
    let principal = &*token.principal;
    let names = names(principal).map(|(name, value)| (name.to_owned(), json!(value)));
    let roles = principal.roles.iter().map(|grant| {
        let organizations = grant.organizations().iter().map(|organization| {
            json!({ "id": organization.id.as_str(), "domain": organization.primary_domain })
        });
        json!({
            "role": grant.role().as_str(),
            "organizations": organizations.collect::<Vec<_>>(),
        })
    });
    let audience = principal.audience.iter().map(domain::Audience::as_str);
    let scope = principal.scope.iter().map(domain::ScopeToken::as_str);
    let mut json = serde_json::Map::from_iter(names);
    json.insert("audience".to_owned(), audience.collect());
    json.insert("scope".to_owned(), scope.collect());
    json.insert("roles".to_owned(), roles.collect());
    json.insert("expires_at".to_owned(), token.expires_at.map(time).into());
    Value::Object(json)
}

fn route_json(RouteReport { route, closed, within }: &RouteReport) -> Value {
    let judged = |rule: String, closed: &Option<ClosedRoute>| {
        json!({
            "rule": rule,
            "open": closed.is_none(),
            "status": closed.as_ref().map(|closed| closed.status),
            "reason": closed.as_ref().map(|closed| closed.reason),
            "why": closed.as_ref().map(|closed| &closed.why),
        })
    };
    let mut json = judged(rule(route.access, route.freshness), closed);
    if let Some(members) = json.as_object_mut() {
        members.insert("method".to_owned(), route.shown_method().into());
        members.insert("path".to_owned(), route.path.into());
        if !within.is_empty() {
            let within = within.iter().map(|(policy, closed)| judged(policy.to_string(), closed));
            members.insert("within".to_owned(), within.collect());
        }
    }
    json
}

/// Formats a time by RFC 3339 if it is in the years 1970 to 9999, and otherwise in words.
fn time(time: SystemTime) -> String {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since <= LAST => humantime::format_rfc3339_seconds(time).to_string(),
        Ok(_) => "after the year 9999".to_owned(),
        Err(_) => "before 1970".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::Policy;

    use super::*;

    #[test]
    fn a_rule_that_asks_for_each_request_says_so() {
        let guarded = Access::Guarded(&Policy::Authenticated);
        assert_eq!(rule(guarded, Freshness::Kept), "an active verdict");
        assert_eq!(rule(guarded, Freshness::Asked), "an active verdict, asked for each request");
        let optional = Access::Optional(&Policy::Authenticated);
        let shown = "anyone, or an active verdict, asked for each request";
        assert_eq!(rule(optional, Freshness::Asked), shown);
    }

    #[test]
    fn every_time_that_a_clock_can_show_is_shown() {
        let epoch = SystemTime::UNIX_EPOCH;
        let never = epoch + Duration::from_secs(253_402_300_799);
        assert_eq!(time(never), "9999-12-31T23:59:59Z");
        assert_eq!(time(never + Duration::from_secs(1)), "after the year 9999");
        assert_eq!(time(epoch), "1970-01-01T00:00:00Z");
        assert_eq!(time(epoch - Duration::from_secs(1)), "before 1970");
    }
}
