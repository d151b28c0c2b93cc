//! A turn of load by wrk on its own core, and its cost for the server.

use std::{
    fs,
    io::{self, Error},
    path::PathBuf,
    process::Command,
};

use tempfile::TempDir;

use crate::server::Server;

/// Result of one turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Answered requests.
    pub requests: f64,
    /// Requests per second.
    pub rate: f64,
    /// Server CPU time per request, in microseconds.
    pub cpu_micros: f64,
    /// Utilization of the server's core, from 0 to 1.
    pub busy: f64,
    /// Responses that were not 2xx.
    pub refused: f64,
}

/// wrk, whose requests carry a list of tokens in turn.
#[derive(Debug)]
pub struct Load {
    _directory: TempDir,
    script: PathBuf,
}

impl Load {
    /// Creates load with these tokens.
    ///
    /// # Errors
    /// If the script cannot be written.
    pub fn new(tokens: &[String]) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let list = directory.path().join("tokens");
        fs::write(&list, tokens.join("\n"))?;
        let script = directory.path().join("script.lua");
        // Requests are prepared, because the generator must be faster than the server.
        let text = format!(
            "local requests, number = {{}}, 0\n\
             function init()\n\
             for line in io.lines('{}') do\n\
             wrk.headers['Authorization'] = 'Bearer ' .. line\n\
             requests[#requests + 1] = wrk.format('GET')\n\
             end\n\
             end\n\
             function request()\n\
             number = number % #requests + 1\n\
             return requests[number]\n\
             end\n\
             function done(summary)\n\
             io.write(string.format('RESULT %d %d %d\\n', summary.requests, summary.duration, \
             summary.errors.status))\n\
             end\n",
            list.display(),
        );
        fs::write(&script, text)?;
        Ok(Self { _directory: directory, script })
    }

    /// Runs one turn against a server's path.
    ///
    /// # Errors
    /// If wrk is not installed, or the server has ended.
    pub fn turn(
        &self,
        server: &Server,
        path: &str,
        connections: u32,
        seconds: u32,
    ) -> io::Result<Turn> {
        let url = format!("http://{}{path}", server.address);
        let before = server.cpu_seconds()?;
        let output = Command::new("taskset")
            .args(["-c", "1", "wrk", "-t1"])
            .arg(format!("-c{connections}"))
            .arg(format!("-d{seconds}s"))
            .arg("-s")
            .arg(&self.script)
            .arg(&url)
            .output()?;
        let cpu = server.cpu_seconds()? - before;
        let text = String::from_utf8_lossy(&output.stdout);
        let result = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        let numbers: Vec<f64> = result
            .unwrap_or_default()
            .split(' ')
            .filter_map(|number| number.parse().ok())
            .collect();
        let [requests, micros, refused] = numbers[..] else {
            return Err(Error::other(format!("wrk gave no result: is it installed?\n{text}")));
        };
        Ok(Turn {
            requests,
            rate: requests / micros * 1e6,
            cpu_micros: cpu / requests * 1e6,
            busy: cpu / micros * 1e6,
            refused,
        })
    }
}
