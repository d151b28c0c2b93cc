use super::*;

mod clauses;
mod log;
