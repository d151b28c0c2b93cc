//! Nothing but the tests in `tests/`, which run every interleaving that the memory model allows.
