//! Says what is there, what would be done and what was done; for people and for scripts. No secret
//! is in it.

use std::io::{self, Write};

use adapters::{
    SystemClock,
    zitadel::management::{Management, ManagementError},
};
use axum_zitadel::Route;
use domain::Clock;
use serde_json::{Value, json};

use super::{
    found::Found,
    here::{ENV_FILE, Here, KEY_FILE},
    lock::{self, Lock},
    perform::PerformError,
    plan::{Plan, READER_ROLE, Step},
    roles,
    target::Target,
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
        })
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<_> = self.plan.steps.iter().map(|step| self.row(step)).collect();
        if !rows.is_empty() {
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
        let mut text = "It works: the new credentials introspect a token.\n".to_owned();
        let caller = self.target.users.iter().find(|user| !user.reads_events);
        let path = caller.and_then(|user| Some((user, roles::open_to(table, &user.roles)?)));
        if let Some((user, path)) = path {
            text += &format!(
                "\nStart the API with `{}`, and call it:\n  curl -i http://127.0.0.1:5000{path}\n  \
                 (printf 'Authorization: Bearer '; cat {}) | curl -i -H @- http://127.0.0.1:5000{path}\n",
                self.program,
                user.file.display()
            );
        }
        if let (true, Some(key)) = (self.wish.renew, &self.here.key) {
            text += &format!(
                "\nThe old key {} goes on working: remove it at ZITADEL, at the application {:?}, when \
                 every instance of the API has the new one.\n",
                key.key_id, self.target.application
            );
        }
        let file = self.wish.token_file.as_ref();
        let file = file.map_or_else(String::new, |file| format!("rm {}, and ", file.display()));
        text += &format!(
            "\nThe administrator's token is not needed any more: {file}delete it at ZITADEL, at the user \
             {}.\n",
            self.found.administrator
        );
        print(&text);
    }

    pub(super) fn print_hints(&self, hints: &[String]) {
        for hint in hints {
            complain(&format!("{}: {hint}\n", self.program));
        }
    }
}

/// Says what is worth knowing after a step failed: secrets that may have been made without being here.
pub(super) async fn after_an_error(
    management: &Management,
    error: &PerformError,
    step: &Step,
    found: &Found,
    lock: &Lock,
) -> Vec<String> {
    let mut hints = Vec::new();
    let PerformError::Call(call) = error else { return hints };
    if let (ManagementError::Forbidden { .. }, Step::AddInstanceRole(_)) = (call, step) {
        hints.push(format!(
            "only a manager of the instance (IAM_OWNER) may give the role {READER_ROLE}: let one run \
             the same line with a token of theirs"
        ));
    }
    if call.may_have_taken_effect() {
        hints.extend(appeared(management, step, found, lock).await.unwrap_or_default());
        hints.push("run the same line again: what was made is found".to_owned());
    }
    hints
}

/// Names keys and tokens that are there since the plan was made.
async fn appeared(
    management: &Management,
    step: &Step,
    found: &Found,
    lock: &Lock,
) -> Option<Vec<String>> {
    match step {
        Step::CreateKey => {
            let project = &lock.project.as_ref()?.id;
            let application = &lock.application.as_ref()?.id;
            let keys = management.keys(project, application).await.ok()?;
            let new = keys.iter().filter(|key| !found.keys.iter().any(|old| old.id == key.id));
            let hint = |id: &String| {
                format!(
                    "the key {id} may have been made, and nobody has it: remove it with DELETE \
                     /management/v1/projects/{project}/apps/{application}/keys/{id}"
                )
            };
            Some(new.map(|key| hint(&key.id)).collect())
        }
        Step::CreateToken(place) => {
            let user = lock.users.values().find(|user| {
                found
                    .users
                    .get(*place)
                    .and_then(|found| found.user.as_ref())
                    .is_none_or(|it| it.id == user.id)
            })?;
            let before = &found.users.get(*place)?.tokens;
            let tokens = management.tokens(&user.id).await.ok()?;
            let new = tokens.iter().filter(|token| !before.iter().any(|old| old.id == token.id));
            let hint = |id: &String| {
                format!(
                    "the token {id} may have been made, and nobody has it: remove it with DELETE \
                     /management/v1/users/{}/pats/{id}",
                    user.id
                )
            };
            Some(new.map(|token| hint(&token.id)).collect())
        }
        _ => None,
    }
}

/// The reader may be gone; the exit status says the same.
pub(super) fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
