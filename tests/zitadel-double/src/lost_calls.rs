//! Management calls that lose their connection.

use std::sync::{Mutex, PoisonError};

/// Moment at which a management call loses its connection, without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostCall {
    /// Before the call took effect.
    Before,
    /// After the call took effect.
    After,
}

/// Number of the call, counted from now.
#[derive(Debug, Default)]
pub(crate) struct LostCalls(Mutex<Option<(usize, LostCall)>>);

impl LostCalls {
    pub(crate) fn set(&self, number: usize, when: LostCall) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, when));
    }

    /// Counts a call; returns the moment if it loses its connection.
    pub(crate) fn next(&self) -> Option<LostCall> {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, when) = lost.as_mut()?;
        *left = left.saturating_sub(1);
        let when = *when;
        if *left > 0 {
            return None;
        }
        *lost = None;
        Some(when)
    }

    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
