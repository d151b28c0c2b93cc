//! A server under test: a child process on its own core.

use std::{
    fs,
    io::{self, Error},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Clock ticks per second in `/proc`, on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Child process, pinned to the first core.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Address on which it listens.
    pub address: SocketAddr,
    /// Time from process start to first connection.
    pub start: Duration,
}

impl Server {
    /// Starts a program that listens on the address in the variable `listen`.
    ///
    /// # Errors
    /// If it does not start, or does not listen within ten seconds.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
    pub fn start(program: &Path, listen: &str, environment: &[(&str, &str)]) -> io::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let began = Instant::now();
        let child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(program)
            .env(listen, address.to_string())
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .spawn()?;
        for _ in 0..50_000 {
            if TcpStream::connect(address).is_ok() {
                return Ok(Self { child, address, start: began.elapsed() });
            }
            sleep(Duration::from_micros(200));
        }
        Err(Error::other("it does not listen"))
    }

    /// Returns its CPU time so far, in seconds.
    ///
    /// # Errors
    /// If it has ended.
    pub fn cpu_seconds(&self) -> io::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Fields 14 and 15 are user and system time; the name before may contain spaces.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks =
            fields.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
        Ok(ticks.sum::<f64>() / TICKS_PER_SECOND)
    }

    /// Returns its resident memory, in MiB.
    ///
    /// # Errors
    /// If it has ended.
    pub fn resident_mib(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
