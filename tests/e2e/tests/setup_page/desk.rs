//! Two terminals in which a user follows the page.

use std::fs;

use tempfile::TempDir;
use zitadel_double::ZitadelDouble;

use crate::{
    console::Console,
    expected::assert_meets,
    page::Step,
    programs::install_programs,
    terminal::{Paste, Shell, Terminal},
};

/// Variables that hold secrets.
const SECRETS: [&str; 4] = ["API_CLIENT_SECRET", "PAT", "SVC_SECRET", "CC_TOKEN"];

pub(crate) struct Desk {
    double: ZitadelDouble,
    console: Console,
    first: Terminal,
    second: Terminal,
    /// The API's address while it runs.
    api: Option<String>,
    /// Variables that held a secret with its value, in chronological order.
    secrets: Vec<(&'static str, String)>,
    home: TempDir,
}

impl Desk {
    pub(crate) fn new(double: ZitadelDouble, shell: Shell, paste: Paste) -> Self {
        let home = tempfile::tempdir().unwrap();
        install_programs(home.path());
        let mut second = Terminal::start(shell, paste, home.path());
        // Each walk has its own port.
        second.run("export APP_SERVER__LISTEN=127.0.0.1:0\n");
        let first = Terminal::start(shell, paste, home.path());
        let console = Console::new(&double);
        Self { double, console, first, second, api: None, secrets: Vec::new(), home }
    }

    /// Carries out a step and returns its output.
    pub(crate) fn take(&mut self, step: &Step) -> String {
        self.console.follow(&step.words, &self.double, self.home.path());
        let code = self.here(&step.code);
        let printed = if step.is_for_second_terminal() {
            self.start_api(&code)
        } else if let Some(name) = step.secret() {
            let secret = self.secret_of(name);
            self.first.run_and_type(&code, &secret)
        } else if code.contains("-- explain") {
            let token = self.secret_of("TOKEN");
            self.first.run_and_type(&code, &token)
        } else {
            self.first.run(&code)
        };
        for name in SECRETS {
            let value = self.variable(name);
            if !value.is_empty() {
                self.secrets.push((name, value));
            }
        }
        printed
    }

    /// Asserts that a step printed the expected output, or nothing.
    #[track_caller]
    pub(crate) fn assert_as_expected(&mut self, step: &Step, printed: &str) {
        let (here, there) = match &step.expected {
            Some(expected) if expected.contains("in the log") => (None, Some(expected)),
            expected => (expected.as_ref(), None),
        };
        for text in there.into_iter().flat_map(|expected| expected.split('`').skip(1).step_by(2)) {
            self.second.wait_for(text);
        }
        match here {
            Some(expected) => assert_meets(printed, &self.here(expected)),
            None => assert_eq!(printed.trim(), "", "of\n{}", step.code),
        }
    }

    /// Returns a variable of the first shell.
    pub(crate) fn variable(&mut self, name: &str) -> String {
        self.first.run(&format!("printf %s \"${name}\" > value\n"));
        fs::read_to_string(self.home.path().join("value")).unwrap()
    }

    /// Exits both shells, and asserts that no secret was displayed, kept in the history, or passed
    /// as an argument.
    pub(crate) fn leave(mut self) {
        if self.api.is_some() {
            self.second.interrupt();
        }
        let shown = self.first.screen.clone() + &self.second.screen;
        self.second.exit();
        self.first.exit();
        let read = |name: &str| fs::read_to_string(self.home.path().join(name)).unwrap_or_default();
        let (history, arguments) = (read("history"), read("arguments"));
        assert!(history.contains("umask 077"), "no history: {history}");
        assert!(arguments.contains("/api/private-scoped"), "no arguments: {arguments}");
        self.secrets.push(("reader_token", read("reader_token")));
        for name in SECRETS.into_iter().chain(["reader_token"]) {
            assert!(self.secrets.iter().any(|(known, _)| *known == name), "no {name}");
        }
        for (name, secret) in &self.secrets {
            assert!(secret.len() > 20, "{name} is too short to be looked for");
            for (place, text) in
                [("shown", &shown), ("in the history", &history), ("an argument", &arguments)]
            {
                assert!(!text.contains(secret.as_str()), "{name} is {place}: {text}");
            }
        }
    }

    /// Inserts this desk's addresses into a text.
    fn here(&self, text: &str) -> String {
        let api = self.api.as_deref().unwrap_or("127.0.0.1:5000");
        text.replace("https://auth.example.com", self.double.issuer())
            .replace("127.0.0.1:5000", api)
    }

    /// Starts the API in the second terminal, after ending an earlier one.
    fn start_api(&mut self, code: &str) -> String {
        let is_restart = self.api.is_some();
        if is_restart {
            self.second.interrupt();
        }
        let printed = self.second.run_until(code, "To try it:");
        let (_, address) = printed.split_once("Listening on http://").unwrap();
        let address = address.lines().next().unwrap().to_owned();
        if is_restart {
            self.first.run(&format!("API=http://{address}\n"));
        }
        self.api = Some(address);
        printed
    }

    /// Returns this desk's secret for a variable.
    fn secret_of(&self, variable: &str) -> String {
        let name = match variable {
            "TOKEN" => "PAT",
            other => other,
        };
        self.console.shown.iter().rfind(|(known, _)| *known == name).unwrap().1.clone()
    }
}
