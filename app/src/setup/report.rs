//! Prints the state at ZITADEL, the plan of `setup` and its results. It prints no secret.

use std::io::{self, Write};

use axum_zitadel::Route;
use serde_json::{Value, json};

use super::{
    args::SetupArgs,
    error::PerformError,
    found::Found,
    here::Here,
    orphans,
    pending::{self, quoted},
    plan::{Plan, Step},
    proof::ProvenApi,
    roles,
    rows::{self, Row},
    target::{Target, TargetUser},
};

pub(super) struct Report<'a> {
    pub(super) args: &'a SetupArgs,
    pub(super) target: &'a Target,
    pub(super) found: &'a Found,
    pub(super) here: &'a Here,
    pub(super) plan: &'a Plan,
    pub(super) program: &'a str,
}

impl Report<'_> {
    pub(super) fn print_plan(&self, as_json: bool) {
        if as_json {
            print(&format!("{:#}\n", self.json()));
        } else {
            print(&self.text());
        }
    }

    fn text(&self) -> String {
        let Found { organization, administrator, .. } = self.found;
        let Plan { steps, refused, lost, notes, .. } = self.plan;
        let mut lines = vec![format!(
            "ZITADEL at {}, organization {:?} ({}), as {administrator}",
            self.args.domain, organization.name, organization.id
        )];
        if steps.is_empty() && refused.is_empty() && lost.is_empty() {
            lines.push("  everything is there".to_owned());
        }
        lines.extend(rows::lines(self.plan, self.args, self.target));
        for (mark, texts) in [("note", notes), ("LOST", lost), ("REFUSED", refused)] {
            lines.extend(texts.iter().map(|text| format!("  {mark:<7} {text}")));
        }
        if self.plan.lacks_webhook {
            lines.push(format!("  LEFT    {}", self.pending()));
        }
        if !refused.is_empty() {
            lines.push("Nothing was done.".to_owned());
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> Value {
        let mut rows: Vec<_> =
            self.plan.steps.iter().map(|step| Row::of(step, self.args, self.target)).collect();
        if !rows.is_empty() || self.args.adopt {
            rows.push(Row::of_lock());
        }
        let steps = rows.into_iter().map(|Row { verb, object, detail, user }| match user {
            None => json!({ "do": verb, "object": object, "detail": detail }),
            Some(TargetUser { name, .. }) => {
                json!({ "do": verb, "object": object, "detail": detail, "user": name })
            }
        });
        json!({
            "domain": self.args.domain,
            "organization": self.found.organization.id,
            "administrator": self.found.administrator,
            "steps": steps.collect::<Vec<_>>(),
            "notes": self.plan.notes,
            "lost": self.plan.lost,
            "refused": self.plan.refused,
            "mcp_client_id": self.found.mcp_client_id(),
            "left": self.plan.lacks_webhook.then(|| self.pending()),
        })
    }

    pub(super) fn print_done(&self, step: &Step, as_json: bool) {
        if !as_json {
            print(&Row::of(step, self.args, self.target).marked("done"));
        }
    }

    /// Prints which step failed and why, and that the same command continues from that step.
    pub(super) fn print_failed(
        &self,
        step: &Step,
        error: &PerformError,
        hints: &[String],
        as_json: bool,
    ) {
        if !as_json {
            print(&Row::of(step, self.args, self.target).marked("FAILED"));
        }
        let steps = &self.plan.steps;
        let done = steps.iter().position(|it| it == step).unwrap_or_default();
        let again = format!(
            "{done} of {} steps are done and stay; run the same line again: what was made is found, \
             and not made again",
            steps.len()
        );
        for text in [&error.to_string()].into_iter().chain(hints).chain([&again]) {
            complain(&format!("{}: {text}\n", self.program));
        }
    }

    /// Prints two sample calls of the API, settings for MCP clients, and the advice to delete the
    /// administrator's token.
    pub(super) fn print_end(
        &self,
        as_json: bool,
        table: &[Route],
        proven: ProvenApi,
        mcp_client_id: Option<&str>,
    ) {
        if as_json {
            return;
        }
        let ProvenApi { mut listen, resource } = proven;
        if listen.ip().is_unspecified() {
            listen.set_ip([127, 0, 0, 1].into());
        }
        let works = "It works: the credentials introspect a token.".to_owned();
        let for_clients = mcp_client_id.map(|id| self.for_mcp_clients(id, resource.as_deref()));
        if self.plan.steps.is_empty() {
            let paragraphs: Vec<_> = [works].into_iter().chain(for_clients).collect();
            return print(&format!("{}\n", paragraphs.join("\n\n")));
        }
        let mut paragraphs = vec![works];
        let mut callers = self.target.users.iter().filter(|user| !user.reads_events).peekable();
        if callers.peek().is_none() && self.plan.steps.contains(&Step::CreateApplication) {
            paragraphs.push(
                "With --callers NAME the same line makes a caller, with a token to try.".to_owned(),
            );
        }
        let is_here = |file| self.here.directory.join(file).exists();
        let path = callers
            .find(|user| is_here(&user.file))
            .and_then(|user| Some((user.file.display(), roles::open_to(table, &user.roles)?)));
        if let Some((file, path)) = path {
            paragraphs.push(format!(
                "Start the API, and call it in a second terminal, without a token and with one:\n  curl \
                 -i http://{listen}{path}\n  (printf 'Authorization: Bearer '; cat {file}) | curl -i -H \
                 @- http://{listen}{path}"
            ));
        }
        paragraphs.extend(for_clients);
        paragraphs.extend(self.old_key());
        let here = self.args.token_file.as_ref();
        let here =
            here.map_or_else(|| ".".to_owned(), |it| format!(", and here:\n  rm {}", it.display()));
        paragraphs.push(format!(
            "The administrator's token is not needed any more: delete it at ZITADEL, at the user \
             {:?}{here}",
            self.found.administrator
        ));
        print(&format!("{}\n", paragraphs.join("\n\n")));
    }

    fn for_mcp_clients(&self, client_id: &str, resource: Option<&str>) -> String {
        let Some(resource) = resource else {
            let setting = self.target.prefix.variable("resource.url");
            return format!(
                "MCP clients need the client id {client_id}, which is no secret, and the address of this \
                 API: set {setting} to it, and run this again for the lines to enter."
            );
        };
        let (name, url) = (quoted(&self.target.project.to_lowercase()), quoted(resource));
        format!(
            "MCP clients log people in with this, which is no secret:\n  address    {resource}\n  client id  \
             {client_id}\nIn Claude Code, for instance:\n  claude mcp add --transport http --client-id \
             {client_id} {name} {url}"
        )
    }

    /// Returns a hint to remove the application's old key, if this run made a new key.
    fn old_key(&self) -> Option<String> {
        let Found { project, application, keys, .. } = self.found;
        let old = self.here.key.as_ref().filter(|_| self.plan.steps.contains(&Step::CreateKey))?;
        let old = keys.iter().find(|key| key.id == old.key_id)?;
        let path = orphans::key(&project.as_ref()?.id, &application.as_ref()?.id, &old.id);
        Some(format!(
            "The old key {} goes on working. When every instance of the API has the new one, remove it \
             by\n  {}",
            old.id,
            orphans::line(self.args, &path)
        ))
    }

    /// Prints that a manager of the instance must create the webhook, with the command to run.
    pub(super) fn print_pending(&self) {
        complain(&format!("{}: {}\n", self.program, self.pending()));
    }

    fn pending(&self) -> String {
        let organization = &self.found.organization.id;
        pending::text(self.program, organization, self.args, self.target)
    }
}

/// Prints `text`, and ignores an error, since the exit status shows the result too.
pub(super) fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
