//! Results of a run, as a table.

use std::fmt;

use crate::server::Server;

/// Outcomes of all cases of a run.
#[derive(Clone, Debug)]
pub struct Report {
    server: String,
    version: Option<String>,
    rows: Vec<Row>,
}

/// Outcome of one case.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name.
    pub case: String,
    /// Outcome.
    pub outcome: Outcome,
}

/// Outcome of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The response has the observed form.
    Same,
    /// Differences as sentences.
    Different(Vec<String>),
    /// Not sent to a real server, for this reason.
    DoubleOnly(&'static str),
    /// Not sent: this server cannot produce the case.
    Skipped(String),
}

impl Report {
    pub(crate) fn new(server: &Server<'_>, version: Option<String>, rows: Vec<Row>) -> Self {
        let kind = if server.is_double() { "the double" } else { "a real server" };
        Self { server: format!("{} ({kind})", server.issuer()), version, rows }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Returns the outcomes, in observed order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns the cases with differences.
    #[must_use]
    pub fn different(&self) -> Vec<&Row> {
        let is_different = |row: &&Row| matches!(row.outcome, Outcome::Different(_));
        self.rows.iter().filter(is_different).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_deref().unwrap_or("unknown");
        writeln!(f, "{}, version {version}", self.server)?;
        let width = self.rows.iter().map(|row| row.case.len().min(60)).max().unwrap_or_default();
        for row in &self.rows {
            writeln!(f, "{:width$}  {}", row.case, row.outcome)?;
        }
        let count = |matches: fn(&Outcome) -> bool| {
            self.rows.iter().filter(|row| matches(&row.outcome)).count()
        };
        write!(
            f,
            "{} same, {} different, {} double-only, {} skipped",
            count(|outcome| *outcome == Outcome::Same),
            count(|outcome| matches!(outcome, Outcome::Different(_))),
            count(|outcome| matches!(outcome, Outcome::DoubleOnly(_))),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("same"),
            Self::Different(found) => write!(f, "DIFFERENT: {}", found.join("; ")),
            Self::DoubleOnly(reason) => write!(f, "double-only: {reason}"),
            Self::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}
