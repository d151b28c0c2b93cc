//! Kinds of valid tokens reported as inactive while a table is missing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::world::Token;

/// Kind of the affected tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Session tokens.
    Session,
    /// Personal access tokens.
    Pat,
    /// Every token.
    All,
}

#[derive(Debug, Default)]
struct Hidden {
    sessions: bool,
    pats: bool,
}

/// Faults in force; the event log does not show them.
#[derive(Debug, Default)]
pub(crate) struct InactiveByFault(Mutex<Hidden>);

impl InactiveByFault {
    pub(crate) fn set(&self, kind: TokenKind, inactive: bool) {
        let mut hidden = self.lock();
        if matches!(kind, TokenKind::Session | TokenKind::All) {
            hidden.sessions = inactive;
        }
        if matches!(kind, TokenKind::Pat | TokenKind::All) {
            hidden.pats = inactive;
        }
    }

    pub(crate) fn hides(&self, token: Option<&Token>) -> bool {
        let hidden = self.lock();
        match token {
            Some(Token::Session(_)) => hidden.sessions,
            Some(Token::Pat(_)) => hidden.pats,
            None => false,
        }
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Hidden::default();
    }

    fn lock(&self) -> MutexGuard<'_, Hidden> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
