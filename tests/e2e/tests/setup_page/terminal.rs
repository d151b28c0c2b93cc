//! A terminal with an interactive shell.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    mem,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    process::{Child, Command},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use tokio::time::Instant;

/// Bound on a step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Mark that a shell prints before it reads a line.
const PROMPT: &str = "<prompt>";
/// Mark that a shell prints before it runs a command.
const OUTPUT: &str = "<output>";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    Bash,
    Zsh,
}

/// Form in which the terminal sends pasted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paste {
    Plain,
    /// Between marks, if the shell requests them.
    Bracketed,
}

/// Part of an escape sequence read so far.
enum Sequence {
    None,
    Begun,
    Control(String),
}

pub(crate) struct Terminal {
    shell: Child,
    keyboard: File,
    arriving: Receiver<Vec<u8>>,
    /// Displayed text, without control sequences.
    pub(crate) screen: String,
    sequence: Sequence,
    /// True if the shell requests marks around pasted text.
    asks_for_marks: bool,
    paste: Paste,
    marks: usize,
}

impl Terminal {
    /// Starts a shell whose history is in `home` and whose `PATH` is `home/programs`.
    pub(crate) fn start(shell: Shell, paste: Paste, home: &Path) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        // Wide enough that no line wraps.
        let size = Winsize { ws_row: 50, ws_col: 1000, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let arguments: &[&str] = match shell {
            Shell::Bash => &["bash", "--norc", "-i"],
            Shell::Zsh => &["zsh", "-f", "-i"],
        };
        let child = Command::new("setsid")
            .arg("--ctty")
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", home)
            .env("HISTFILE", home.join("history"))
            .env("INPUTRC", "/dev/null")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .env("PS0", OUTPUT)
            .env("PS1", PROMPT)
            .env("PS2", PROMPT)
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        let mut terminal = Self {
            shell: child,
            arriving: output_of(master.try_clone().unwrap()),
            keyboard: File::from(master),
            screen: String::new(),
            sequence: Sequence::None,
            asks_for_marks: false,
            paste: Paste::Plain,
            marks: 0,
        };
        terminal.wait_for(PROMPT);
        let bracketed = paste == Paste::Bracketed;
        let settings = match shell {
            Shell::Bash => {
                let on_or_off = if bracketed { "on" } else { "off" };
                format!("set -o history; bind 'set enable-bracketed-paste {on_or_off}'\n")
            }
            Shell::Zsh => {
                // Without `rcs`, which `-f` turns off, no history is written.
                let off = if bracketed { "" } else { "; unset zle_bracketed_paste" };
                let output = "preexec() { printf '<%s>' output }";
                format!(
                    "{output}; HISTSIZE=1000 SAVEHIST=1000; setopt rcs; unsetopt prompt_sp{off}\n"
                )
            }
        };
        terminal.run(&settings);
        terminal.run(&format!("PATH='{}'\n", home.join("programs").display()));
        terminal.paste = paste;
        terminal
    }

    /// Pastes lines, and returns their output once all have run.
    pub(crate) fn run(&mut self, lines: &str) -> String {
        let before = self.screen.len();
        self.paste(lines);
        self.printed_since(before)
    }

    /// Pastes a line that reads a secret, types the secret once echo is off, and returns the
    /// output.
    pub(crate) fn run_and_type(&mut self, line: &str, secret: &str) -> String {
        let before = self.screen.len();
        self.paste(line);
        self.type_unseen(before, secret);
        self.printed_since(before)
    }

    /// Pastes a line that asks for an optional secret and then for an answer, types both, and
    /// returns the output.
    pub(crate) fn run_and_answer(
        &mut self,
        line: &str,
        secret: Option<&str>,
        (question, answer): (&str, &str),
    ) -> String {
        let before = self.screen.len();
        self.paste(line);
        if let Some(secret) = secret {
            self.type_unseen(before, secret);
        }
        self.wait_beyond(before, question);
        self.keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
        self.printed_since(before)
    }

    /// Types a secret once the pasted line runs and echo is off.
    fn type_unseen(&mut self, before: usize, secret: &str) {
        // The shell's line editor turns echo off too, but has finished once this mark is displayed.
        self.wait_beyond(before, OUTPUT);
        let began = Instant::now();
        while self.shows_keys() {
            assert!(began.elapsed() < PATIENCE, "nothing is read: {}", self.end_of_screen());
            let _ = self.receive(Duration::from_millis(5));
        }
        self.keyboard.write_all(format!("{secret}\n").as_bytes()).unwrap();
    }

    /// Pastes lines that keep running, and returns the output up to `text`.
    pub(crate) fn run_until(&mut self, lines: &str, text: &str) -> String {
        let before = self.screen.len();
        self.paste(lines);
        self.wait_beyond(before, text);
        self.screen[before..].to_owned()
    }

    /// Ends the foreground program.
    pub(crate) fn interrupt(&mut self) {
        let before = self.screen.len();
        self.keyboard.write_all(b"\x03").unwrap();
        self.wait_beyond(before, PROMPT);
    }

    /// Exits the shell, which writes its history.
    pub(crate) fn exit(mut self) {
        self.keyboard.write_all(b"exit\n").unwrap();
        let began = Instant::now();
        while self.shell.try_wait().unwrap().is_none() {
            assert!(
                began.elapsed() < PATIENCE,
                "the shell does not exit: {}",
                self.end_of_screen()
            );
            let _ = self.receive(Duration::from_millis(10));
        }
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_beyond(0, text);
    }

    fn paste(&mut self, lines: &str) {
        let bytes = match self.paste {
            Paste::Plain => lines.to_owned(),
            Paste::Bracketed => {
                self.wait_until("the shell asks for marks", |terminal| terminal.asks_for_marks);
                format!("\x1b[200~{}\x1b[201~\n", lines.trim_end_matches('\n'))
            }
        };
        self.keyboard.write_all(bytes.as_bytes()).unwrap();
    }

    /// Returns the output since `before`, once all input has run.
    fn printed_since(&mut self, before: usize) -> String {
        self.marks += 1;
        let mark = format!("printf 'end-of-%s\\n' {}", self.marks);
        self.keyboard.write_all(format!("{mark}\n").as_bytes()).unwrap();
        let end = format!("end-of-{}\n", self.marks);
        self.wait_beyond(before, &end);
        let found = self.screen[before..].find(&end).unwrap() + before;
        self.wait_beyond(found, PROMPT);
        let shown = self.screen[before..found].to_owned();
        for error in ["bash: ", "zsh: "] {
            assert!(!shown.contains(error), "an error in\n{shown}");
        }
        let printed = shown.split(OUTPUT).skip(1).map(|part| part.split(PROMPT).next().unwrap());
        // A mark that arrives while a program runs is displayed twice.
        printed.collect::<String>().replace(&format!("{mark}\n"), "")
    }

    /// True if the terminal echoes input.
    fn shows_keys(&self) -> bool {
        tcgetattr(self.keyboard.as_fd()).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    fn wait_beyond(&mut self, start: usize, text: &str) {
        self.wait_until(text, |terminal| terminal.screen[start..].contains(text));
    }

    /// Processes output until `condition` holds.
    fn wait_until(&mut self, name: &str, condition: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !condition(self) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let more = !left.is_zero() && self.receive(left);
            assert!(more, "in vain: {name:?} at the end of {}", self.end_of_screen());
        }
    }

    /// Displays a byte. All text is ASCII except for a few dashes.
    fn show(&mut self, byte: u8) {
        self.sequence = match (mem::replace(&mut self.sequence, Sequence::None), byte) {
            (Sequence::None, b'\x1b') => Sequence::Begun,
            (Sequence::None, b'\r' | b'\x07') => Sequence::None,
            (Sequence::None, shown) => {
                self.screen.push(char::from(shown));
                Sequence::None
            }
            (Sequence::Begun, b'[') => Sequence::Control(String::new()),
            (Sequence::Begun, _) => Sequence::None,
            (Sequence::Control(parameters), b'@'..=b'~') => {
                if parameters == "?2004" {
                    self.asks_for_marks = byte == b'h';
                }
                Sequence::None
            }
            (Sequence::Control(parameters), _) => {
                Sequence::Control(parameters + &char::from(byte).to_string())
            }
        };
    }

    fn end_of_screen(&self) -> String {
        let skipped = self.screen.chars().count().saturating_sub(2_000);
        self.screen.chars().skip(skipped).collect()
    }

    /// Processes the next output; false if there is none.
    fn receive(&mut self, patience: Duration) -> bool {
        match self.arriving.recv_timeout(patience) {
            Ok(bytes) => {
                for byte in bytes {
                    self.show(byte);
                }
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Terminal {
    /// Sends Ctrl-C to the foreground program, and kills the shell.
    fn drop(&mut self) {
        let _ = self.keyboard.write_all(b"\x03");
        let began = Instant::now();
        let before = self.screen.len();
        while began.elapsed() < PATIENCE && !self.screen[before..].contains(PROMPT) {
            if !self.receive(PATIENCE) {
                break;
            }
        }
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Receives the terminal's output piece by piece.
fn output_of(master: OwnedFd) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut master = File::from(master);
        let mut piece = [0; 4096];
        // Reading fails once the terminal's last program has ended.
        while let Ok(length @ 1..) = master.read(&mut piece) {
            if sender.send(piece.iter().copied().take(length).collect()).is_err() {
                return;
            }
        }
    });
    receiver
}
