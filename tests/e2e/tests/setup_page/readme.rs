//! The README's two commands in a clean clone, from an empty ZITADEL to a 200.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use zitadel_double::ZitadelDouble;

use crate::{
    programs::install_programs,
    terminal::{Paste, Shell, Terminal},
};

const QUESTION: &str = "Do this? [y/N] ";

/// Place of the administrator's token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    InAFile,
    TypedIn,
}

/// Home directory with a clean clone of this repository.
struct CleanClone(TempDir);

impl CleanClone {
    /// Copies the files that git tracks to a new work tree.
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        install_programs(home.path());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output();
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        let clone = Self(home);
        for file in listed.split('\0').filter(|file| !file.is_empty() && root.join(file).exists()) {
            let path = clone.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(root.join(file), path).unwrap();
        }
        clone.git(&["init", "--quiet"]);
        clone.git(&["add", "--all"]);
        let person = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        clone.git(&[&person[..], &["commit", "--quiet", "--message", "a"]].concat());
        clone
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.home().join("clone").join(file)
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        let output = git.arg("-C").arg(self.path("")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Returns the README's two commands.
    fn commands(&self) -> [String; 2] {
        let readme = self.text("README.md");
        let (_, section) = readme.split_once("\n## With your ZITADEL\n").unwrap();
        let mut blocks = section.split("```sh\n").skip(1);
        [(); 2].map(|()| blocks.next().unwrap().split("```").next().unwrap().to_owned())
    }

    /// Opens a terminal in the clone.
    fn terminal(&self, shell: Shell, paste: Paste) -> Terminal {
        let mut terminal = Terminal::start(shell, paste, self.home());
        terminal.run("cd clone\n");
        terminal
    }

    /// Returns the secrets of the files.
    fn secrets(&self) -> Vec<String> {
        let key: serde_json::Value = serde_json::from_str(&self.text("key.json")).unwrap();
        let key = key.get("key").unwrap().as_str().unwrap();
        let lines = key.lines().filter(|line| !line.starts_with("--"));
        lines.map(str::to_owned).chain([self.text("caller.pat").trim().to_owned()]).collect()
    }
}

async fn walk(shell: Shell, paste: Paste, token: Token) {
    let double = ZitadelDouble::start().await;
    let clone = CleanClone::new();
    let administrator = double.administrator();
    let [setup, start] = clone.commands();
    let setup = setup.replace("https://auth.example.com", double.issuer());
    let (setup, typed) = match token {
        Token::InAFile => {
            fs::write(clone.path("admin.pat"), format!("{administrator}\n")).unwrap();
            (setup, None)
        }
        Token::TypedIn => {
            (setup.replace(" --token-file admin.pat", ""), Some(administrator.as_str()))
        }
    };
    let mut first = clone.terminal(shell, paste);
    let printed = first.run_and_answer(&setup, typed, (QUESTION, "n"));
    assert!(printed.contains("Nothing was done."), "{printed}");
    assert!(!clone.path(".env").exists());
    let printed = first.run_and_answer(&setup, typed, (QUESTION, "y"));
    assert!(printed.contains("It works"), "{printed}");
    assert_eq!(printed.contains("(not shown)"), token == Token::TypedIn, "{printed}");
    assert_eq!(clone.git(&["status", "--porcelain"]), "?? setup.lock.json\n");

    let mut second = clone.terminal(shell, paste);
    // Each walk has its own port.
    second.run("export APP_SERVER__LISTEN=127.0.0.1:0\n");
    let listening = second.run_until(&start, "To try it:");
    let (_, address) = listening.split_once("Listening on http://").unwrap();
    let address = address.lines().next().unwrap();
    let calls = printed.lines().filter(|line| line.contains("curl -i"));
    let calls: Vec<_> = calls.map(|line| line.replace("127.0.0.1:5000", address)).collect();
    assert_eq!(calls.len(), 2, "{printed}");
    for (call, status) in calls.iter().zip(["HTTP/1.1 401 ", "HTTP/1.1 200 "]) {
        let answer = first.run(&format!("{}\n", call.trim()));
        assert!(answer.starts_with(status), "{call}: {answer}");
    }

    let last = printed.trim_end().lines().last().unwrap().trim();
    if token == Token::InAFile {
        first.run(&format!("{last}\n"));
    } else {
        assert!(last.ends_with("delete it at ZITADEL, at the user \"setup\"."), "{last}");
    }
    assert!(!clone.path("admin.pat").exists());

    second.interrupt();
    let shown = first.screen.clone() + &second.screen;
    second.exit();
    first.exit();
    let read = |name: &str| fs::read_to_string(clone.home().join(name)).unwrap();
    let (history, arguments) = (read("history"), read("arguments"));
    for (place, text) in [("history", &history), ("arguments", &arguments)] {
        assert!(text.contains("setup --domain"), "no {place}: {text}");
    }
    for secret in clone.secrets().iter().chain([&administrator]) {
        assert!(secret.len() > 20, "too short to be looked for");
        for text in [&shown, &history, &arguments] {
            assert!(!text.contains(secret.as_str()), "a secret is in {text}");
        }
    }
}

#[tokio::test]
async fn bash_takes_the_two_commands_as_they_are_typed() {
    walk(Shell::Bash, Paste::Plain, Token::InAFile).await;
}

#[tokio::test]
async fn bash_takes_the_two_commands_as_they_are_pasted() {
    walk(Shell::Bash, Paste::Bracketed, Token::InAFile).await;
}

#[tokio::test]
async fn zsh_takes_the_two_commands_as_they_are_typed() {
    walk(Shell::Zsh, Paste::Plain, Token::InAFile).await;
}

#[tokio::test]
async fn zsh_takes_the_two_commands_as_they_are_pasted() {
    walk(Shell::Zsh, Paste::Bracketed, Token::InAFile).await;
}

#[tokio::test]
async fn bash_asks_for_the_token_where_no_file_has_it() {
    walk(Shell::Bash, Paste::Bracketed, Token::TypedIn).await;
}

#[tokio::test]
async fn zsh_asks_for_the_token_where_no_file_has_it() {
    walk(Shell::Zsh, Paste::Plain, Token::TypedIn).await;
}
