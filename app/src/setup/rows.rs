//! Formats the steps of a plan as lines of a report.

use std::time::Duration;

use adapters::SystemClock;
use domain::Clock;

use super::{
    args::{AuthMethod, SetupArgs},
    here::{ENV_FILE, KEY_FILE},
    lock,
    plan::{Plan, Step},
    target::{READER_ROLE, Target, TargetUser},
    webhook_url,
};

/// Line about one step in the printed report.
pub(super) struct Row<'a> {
    pub(super) verb: &'static str,
    pub(super) object: &'static str,
    pub(super) detail: String,
    /// Service user that the step creates or changes.
    pub(super) user: Option<&'a TargetUser>,
}

impl<'a> Row<'a> {
    pub(super) fn of(step: &Step, args: &SetupArgs, target: &'a Target) -> Self {
        let row = |verb, object, detail| Row { verb, object, detail, user: None };
        let of = |place: &usize, verb, object, detail: &dyn Fn(&TargetUser) -> String| {
            let user = target.users.get(*place);
            Row { verb, object, detail: user.map_or_else(String::new, detail), user }
        };
        match step {
            Step::CreateProject => row("create", "project", target.project.clone()),
            Step::CreateRoles(keys) => {
                let rules = match target.rules {
                    1 => "1 rule".to_owned(),
                    rules => format!("{rules} rules"),
                };
                row("create", "role", format!("{} (from {rules} of this API)", keys.join(", ")))
            }
            Step::CreateApplication => {
                let method = match target.auth {
                    AuthMethod::Basic => "client_secret_basic",
                    AuthMethod::Key => "private_key_jwt",
                };
                row("create", "API application", format!("{}, {method}", target.application))
            }
            Step::CreateKey => row("create", "key", until(args.key_expires)),
            Step::GenerateSecret => {
                row("create", "client secret", "the old one stops at once".to_owned())
            }
            Step::WriteEnv => row("write", ENV_FILE, "domain, credentials, project".to_owned()),
            Step::CreateMcpClient => {
                let detail = target.mcp_client.as_ref().map(|client| {
                    format!("{}, native, PKCE: {}", client.name, client.redirect_uris.join(", "))
                });
                row("create", "MCP client", detail.unwrap_or_default())
            }
            Step::ExtendMcpClient(missing) if missing.is_empty() => {
                row("change", "MCP client", "add the grants of code and refresh token".to_owned())
            }
            Step::ExtendMcpClient(missing) => {
                row("change", "MCP client", format!("add {}", missing.join(", ")))
            }
            Step::CreateUser(place) => {
                of(place, "create", "service user", &|user| user.name.clone())
            }
            Step::CreateGrant(place) => {
                of(place, "create", "role assignment", &|user| user.roles.join(", "))
            }
            Step::ChangeGrant { user, roles, .. } => {
                of(user, "change", "role assignment", &|_| roles.join(", "))
            }
            Step::CreateToken(place) => of(place, "create", "token", &|user| {
                format!("{} -> ./{}", until(user.token_lifetime()), user.file.display())
            }),
            Step::AddInstanceRole(place) => {
                let detail = format!("{READER_ROLE} on the instance");
                of(place, "create", "manager role", &|_| detail.clone())
            }
            Step::CreateTarget => row("create", "webhook", target.project.clone()),
            Step::WriteSigningKey => {
                row("write", webhook_url::KEY_FILE, "its signing key".to_owned())
            }
            Step::SetConditions(called) => row(
                "set",
                "conditions",
                format!("the webhook is called at {} events", called.len()),
            ),
            Step::WriteWebhookEnv => row("write", ENV_FILE, "listener of the webhook".to_owned()),
        }
    }

    /// Returns the line which says that `setup` writes `setup.lock.json`.
    pub(super) fn of_lock() -> Self {
        let detail = "ids, no secret: commit it".to_owned();
        Self { verb: "write", object: lock::FILE, detail, user: None }
    }

    /// Formats the line: a mark such as `done`, the object, the user's name, the detail.
    pub(super) fn marked(&self, mark: &str) -> String {
        let Row { object, detail, user, .. } = self;
        let user = user.filter(|user| user.name != *detail);
        let user = user.map_or_else(String::new, |user| format!("{}: ", user.name));
        let line = format!("  {mark:<7} {object:<17} {user}{detail}");
        format!("{}\n", line.trim_end())
    }
}

/// Returns the lines of the plan: objects of the API, files, objects of each user, and the webhook.
pub(super) fn lines(plan: &Plan, args: &SetupArgs, target: &Target) -> Vec<String> {
    let steps = &plan.steps;
    if steps.is_empty() && !args.adopt {
        return Vec::new();
    }
    let rows = |of_webhook: bool| {
        let steps = steps.iter().filter(move |step| step.is_of_webhook() == of_webhook);
        steps.map(|step| Row::of(step, args, target)).filter(|row| row.verb != "write")
    };
    let line =
        |Row { verb, object, detail, .. }: Row<'_>| format!("  {verb:<7} {object:<17} {detail}");
    let mut lines: Vec<_> = rows(false).filter(|row| row.user.is_none()).map(line).collect();
    let makes = |any: &[Step]| any.iter().any(|step| steps.contains(step));
    let files = [
        (KEY_FILE, makes(&[Step::CreateKey])),
        (ENV_FILE, makes(&[Step::WriteEnv, Step::WriteWebhookEnv])),
        (webhook_url::KEY_FILE, makes(&[Step::CreateTarget, Step::WriteSigningKey])),
        (lock::FILE, true),
    ];
    let files = files.iter().filter(|(_, is_written)| *is_written);
    let files: Vec<_> = files.map(|(file, _)| format!("./{file}")).collect();
    lines.push(format!("  write   {}", files.join(", ")));
    for user in &target.users {
        let rows: Vec<_> = rows(false).filter(|row| row.user == Some(user)).map(line).collect();
        if !rows.is_empty() {
            let flag = if user.reads_events { "--changes" } else { "--callers" };
            lines.push(format!("  {flag} {}:", user.name));
            lines.extend(rows);
        }
    }
    if let (Some(url), Some(_)) = (&args.webhook, rows(true).next()) {
        lines.push(format!("  --webhook {}:", url.as_str()));
        lines.extend(rows(true).map(line));
    }
    lines
}

/// Returns the last day of a lifetime that begins now, as in `until 2027-01-31`.
fn until(lifetime: Duration) -> String {
    let time = humantime::format_rfc3339_seconds(SystemClock.now() + lifetime).to_string();
    format!("until {}", time.split('T').next().unwrap_or_default())
}
