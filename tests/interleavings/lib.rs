//! Empty crate for the tests in `tests/`, which run every interleaving of the memory model.
