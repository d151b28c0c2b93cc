use super::*;

mod clauses;
mod log;
mod model;
