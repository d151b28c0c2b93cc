//! Entry of an observed case: its servers and its request.

use std::future::Future;
use std::pin::Pin;

use crate::Error;
use crate::exchange::Request;
use crate::setup::Stage;

pub(crate) type Bringing<'a> = Pin<Box<dyn Future<Output = Result<Request, Error>> + Send + 'a>>;

pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Reason to skip the case at a real server.
    pub(crate) double_only: Option<&'static str>,
    pub(crate) ask: Ask,
}

/// Source of a case's request.
pub(crate) enum Ask {
    /// As observed.
    Replayed,
    /// As observed, but with an unencoded form.
    WithRawForm,
    /// Made by changes to things of this run.
    By(for<'a> fn(&'a Stage<'a>) -> Bringing<'a>),
    /// As `By`, with an altered copy of a token, which may be active in the older form and is
    /// inactive in the newer.
    Copy(for<'a> fn(&'a Stage<'a>) -> Bringing<'a>),
}

impl Entry {
    pub(crate) const fn replayed(name: &'static str) -> Self {
        Self { name, double_only: None, ask: Ask::Replayed }
    }

    pub(crate) const fn by(
        name: &'static str,
        bring: for<'a> fn(&'a Stage<'a>) -> Bringing<'a>,
    ) -> Self {
        Self { name, double_only: None, ask: Ask::By(bring) }
    }

    pub(crate) const fn copy(
        name: &'static str,
        bring: for<'a> fn(&'a Stage<'a>) -> Bringing<'a>,
    ) -> Self {
        Self { name, double_only: None, ask: Ask::Copy(bring) }
    }

    pub(crate) const fn double_only(self, because: &'static str) -> Self {
        Self { double_only: Some(because), ..self }
    }
}
