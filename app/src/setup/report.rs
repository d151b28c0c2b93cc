//! Says what is there, what would be done and what was done; for people and for scripts. No secret
//! is in it.

use std::io::{self, Write};

use adapters::SystemClock;
use axum_zitadel::Route;
use domain::Clock;
use serde_json::{Value, json};

use super::{
    found::Found,
    here::{ENV_FILE, Here, KEY_FILE},
    lock, orphans, pending,
    plan::{Plan, READER_ROLE, Step},
    roles,
    target::Target,
    webhook,
    wish::{Auth, Wish},
};

/// Everything that there is to say about.
pub(super) struct Report<'a> {
    pub(super) wish: &'a Wish,
    pub(super) target: &'a Target,
    pub(super) found: &'a Found,
    pub(super) here: &'a Here,
    pub(super) plan: &'a Plan,
    /// The name of the program.
    pub(super) program: &'a str,
}

/// A line of the plan.
struct Row {
    verb: &'static str,
    object: &'static str,
    detail: String,
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
        let mut lines = vec![format!(
            "ZITADEL at {}, organization {:?} ({}), as {administrator}",
            self.wish.domain, organization.name, organization.id
        )];
        let rows = self.rows();
        if rows.is_empty() && self.plan.refused.is_empty() && self.plan.lost.is_empty() {
            lines.push("  everything is there".to_owned());
        }
        lines.extend(
            rows.iter()
                .map(|Row { verb, object, detail }| format!("  {verb:<7} {object:<17} {detail}")),
        );
        let said = |mark: &str, texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| format!("  {mark:<7} {text}")).collect()
        };
        lines.extend(said("note", &self.plan.notes));
        lines.extend(said("LOST", &self.plan.lost));
        lines.extend(said("REFUSED", &self.plan.refused));
        if self.plan.lacks_webhook {
            lines.extend(said("LEFT", &[self.pending()]));
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> Value {
        let rows = self.rows();
        let steps = rows.iter().map(|Row { verb, object, detail }| {
            json!({ "do": verb, "object": object, "detail": detail })
        });
        json!({
            "domain": self.wish.domain,
            "organization": self.found.organization.id,
            "administrator": self.found.administrator,
            "steps": steps.collect::<Vec<_>>(),
            "notes": self.plan.notes,
            "lost": self.plan.lost,
            "refused": self.plan.refused,
            "left": self.plan.lacks_webhook.then(|| self.pending()),
        })
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<_> = self.plan.steps.iter().map(|step| self.row(step)).collect();
        if !rows.is_empty() || self.wish.adopt {
            rows.push(Row {
                verb: "write",
                object: lock::FILE,
                detail: "ids, no secret: commit it".to_owned(),
            });
        }
        rows
    }

    fn row(&self, step: &Step) -> Row {
        let row = |verb, object, detail: String| Row { verb, object, detail };
        let user = |place: &usize| self.target.users.get(*place);
        let name = |place: &usize| user(place).map_or_else(String::new, |user| user.name.clone());
        let list = |roles: &[String]| roles.join(", ");
        match step {
            Step::CreateProject => row("create", "project", self.target.project.clone()),
            Step::CreateRoles(keys) => {
                let rules = self.target.rules;
                row("create", "role", format!("{} (from {rules} rules of this API)", list(keys)))
            }
            Step::CreateApplication => {
                let method = match self.target.auth {
                    Auth::Basic => "client_secret_basic",
                    Auth::Key => "private_key_jwt",
                };
                row("create", "API application", format!("{}, {method}", self.target.application))
            }
            Step::CreateKey => {
                let until = SystemClock.now() + self.wish.key_expires;
                let until = humantime::format_rfc3339_seconds(until).to_string();
                let day = until.split('T').next().unwrap_or_default();
                row("create", "key", format!("until {day} -> ./{KEY_FILE}"))
            }
            Step::GenerateSecret => {
                row("create", "client secret", "the old one stops at once".to_owned())
            }
            Step::WriteEnv => row("write", ENV_FILE, "domain, credentials, project".to_owned()),
            Step::CreateUser(place) => row("create", "service user", name(place)),
            Step::CreateGrant(place) => {
                let roles = user(place).map_or(&[][..], |user| &user.roles);
                row("create", "role assignment", format!("{}: {}", name(place), list(roles)))
            }
            Step::ChangeGrant { user, roles, .. } => {
                row("change", "role assignment", format!("{}: {}", name(user), list(roles)))
            }
            Step::CreateToken(place) => {
                let file =
                    user(place).map_or_else(String::new, |user| user.file.display().to_string());
                row("create", "token", format!("{} -> ./{file}", name(place)))
            }
            Step::AddInstanceRole(place) => row(
                "create",
                "manager role",
                format!("{}: {READER_ROLE} on the instance", name(place)),
            ),
            Step::CreateTarget => {
                let url = self.wish.webhook.as_ref().map_or("", |url| url.as_str());
                let (name, file) = (&self.target.project, webhook::KEY_FILE);
                row("create", "webhook", format!("{name}: {url}, its key -> ./{file}"))
            }
            Step::WriteSigningKey => {
                row("write", webhook::KEY_FILE, "the signing key of the webhook".to_owned())
            }
            Step::SetConditions(called) => row(
                "set",
                "conditions",
                format!("the webhook is called at {} events", called.len()),
            ),
            Step::WriteWebhookEnv => row("write", ENV_FILE, "listener of the webhook".to_owned()),
        }
    }

    pub(super) fn print_done(&self, step: &Step, as_json: bool) {
        if !as_json {
            let Row { verb, object, detail } = self.row(step);
            print(&format!("  done    {verb} {object} {detail}\n"));
        }
    }

    /// Two calls to try, and how the administrator's token is got rid of.
    pub(super) fn print_end(&self, as_json: bool, table: &[Route]) {
        if as_json {
            return;
        }
        let works = "It works: the credentials introspect a token.\n";
        if self.plan.steps.is_empty() {
            return print(works);
        }
        let file = self.wish.token_file.as_ref();
        let file = file.map_or_else(String::new, |file| format!("rm {}, and ", file.display()));
        print(&format!(
            "{works}{}{}\nThe administrator's token is not needed any more: {file}delete it at ZITADEL, \
             at the user {}.\n",
            self.calls(table),
            self.old_key(),
            self.found.administrator
        ));
    }

    /// Names two calls of a route that a caller may use.
    fn calls(&self, table: &[Route]) -> String {
        let caller = self.target.users.iter().find(|user| !user.reads_events);
        let open = caller.and_then(|user| Some((user, roles::open_to(table, &user.roles)?)));
        let Some((user, path)) = open else { return String::new() };
        format!(
            "\nStart the API with `{}`, and call it:\n  curl -i http://127.0.0.1:5000{path}\n  \
             (printf 'Authorization: Bearer '; cat {}) | curl -i -H @- http://127.0.0.1:5000{path}\n",
            self.program,
            user.file.display()
        )
    }

    /// Names the key in whose place another one came.
    fn old_key(&self) -> String {
        let Found { project, application, keys, .. } = self.found;
        let old = self.here.key.as_ref().filter(|_| self.plan.steps.contains(&Step::CreateKey));
        let old = old.filter(|old| keys.iter().any(|key| key.id == old.key_id));
        let (Some(old), Some(project), Some(application)) = (old, project, application) else {
            return String::new();
        };
        format!(
            "\nThe old key {} goes on working. When every instance of the API has the new one, remove \
             it by\n  {}\n",
            old.key_id,
            orphans::line(self.wish, &orphans::key(&project.id, &application.id, &old.key_id))
        )
    }

    /// Says that the webhook is left to a manager of the instance.
    pub(super) fn print_pending(&self) {
        self.print_hints(&[self.pending()]);
    }

    fn pending(&self) -> String {
        let organization = &self.found.organization.id;
        pending::text(self.program, organization, self.wish, self.target)
    }

    pub(super) fn print_hints(&self, hints: &[String]) {
        for hint in hints {
            complain(&format!("{}: {hint}\n", self.program));
        }
    }
}

/// The reader may be gone; the exit status says the same.
pub(super) fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
