//! Lists: queries by text, and pages.

use serde_json::{Map, Value, json};

use super::details::put;
use super::request::{Outcome, Request, at, text_of};
use crate::event_log::of_protobuf;
use crate::refusal::Refusal;

pub(super) const MOST_OF_A_PAGE: usize = 100;

impl Request<'_> {
    /// Returns the page that `query` requests, of at most 100 rows.
    pub(super) fn page(&self, rows: Vec<Value>) -> Value {
        let number = |name: &str| {
            let member = at(at(&self.body, "query"), name);
            let number = member.as_u64().or_else(|| member.as_str()?.parse().ok());
            usize::try_from(number.unwrap_or_default()).unwrap_or(usize::MAX)
        };
        let limit = match number("limit") {
            limit @ 1..=MOST_OF_A_PAGE => limit,
            _ => MOST_OF_A_PAGE,
        };
        let mut details = Map::new();
        if !rows.is_empty() {
            details.insert("totalResult".to_owned(), rows.len().to_string().into());
        }
        let seen = of_protobuf(self.world.log.newest());
        details.insert("viewTimestamp".to_owned(), seen.into());
        self.world.log.rows.count_read();
        let page: Vec<Value> = rows.into_iter().skip(number("offset")).take(limit).collect();
        let mut answer = Map::new();
        answer.insert("details".to_owned(), details.into());
        put(&mut answer, "result", page);
        answer.into()
    }

    /// Returns the page of the rows that match all queries; unsupported queries are refused.
    pub(super) fn page_of<T>(
        &self,
        known: &[&str],
        mut rows: Vec<T>,
        finds: impl Fn(&str, &Value, &T) -> bool,
        show: impl Fn(T) -> Value,
    ) -> Outcome {
        let queries = self.list("queries").iter();
        for (name, query) in queries.filter_map(Value::as_object).flatten() {
            if !known.contains(&name.as_str()) {
                return Err(Refusal::malformed(format!("proto: unknown query {name}")));
            }
            rows.retain(|row| finds(name, query, row));
        }
        Ok(self.page(rows.into_iter().map(show).collect()))
    }
}

/// Compares a text with the query's member `name`, by the query's `method`.
pub(super) fn matches(query: &Value, name: &str, text: &str) -> bool {
    let (method, wanted) = (text_of(query, "method"), text_of(query, name));
    let (text, wanted) = match method.strip_suffix("_IGNORE_CASE") {
        Some(_) => (text.to_lowercase(), wanted.to_lowercase()),
        None => (text.to_owned(), wanted.to_owned()),
    };
    match method.strip_suffix("_IGNORE_CASE").unwrap_or(method) {
        "TEXT_QUERY_METHOD_STARTS_WITH" => text.starts_with(&wanted),
        "TEXT_QUERY_METHOD_CONTAINS" => text.contains(&wanted),
        "TEXT_QUERY_METHOD_ENDS_WITH" => text.ends_with(&wanted),
        _ => text == wanted,
    }
}

/// Compares names like ZITADEL, ignoring case.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        put(&mut object, name, value);
    }
    json!(object)
}
