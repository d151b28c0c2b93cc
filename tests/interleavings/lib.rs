//! Empty crate for the loom tests in `tests/`.
