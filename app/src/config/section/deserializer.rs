//! Deserializes a section that is no setting, such as `[database]`, into the type that the program
//! asks for: a variable's text becomes a number or list if the type requires it.

use std::fmt;

use figment::value::{Num, Value};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::node::Node;
use crate::config::list;

/// Error of deserializing a value; `place` is the value's key with its origin.
#[derive(Debug)]
pub(super) struct SectionError {
    pub(super) place: String,
    pub(super) text: String,
}

impl fmt::Display for SectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

impl std::error::Error for SectionError {}

impl de::Error for SectionError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self { place: String::new(), text: text.to_string() }
    }

    // Serde's default texts for this and the two errors below repeat the value, which may be a
    // secret.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("it has another type; expected {expected}"))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("it cannot have this value; expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("expected one of {}", expected.join(", ")))
    }
}

/// Value or table of a section; `place` is its dotted key, such as `database.url`.
pub(super) struct PlacedNode {
    pub(super) node: Node,
    pub(super) place: String,
}

impl PlacedNode {
    /// Adds `place`, the key of the deserialized value, to an error that names no key yet. An error
    /// about a value inside a table names that value's key already, and is not changed.
    fn blame<T>(place: &str, result: Result<T, SectionError>) -> Result<T, SectionError> {
        result.map_err(|problem| match problem.place.as_str() {
            "" => SectionError { place: place.to_owned(), text: problem.text },
            _ => problem,
        })
    }

    /// Returns this node's key with its origin, such as `database.url (APP_DATABASE__URL in .env)`,
    /// and the node's value. A table has no value, and is an error.
    fn leaf(self) -> Result<(String, Value), SectionError> {
        match self.node {
            Node::Leaf { value, origin } => Ok((format!("{} ({origin})", self.place), value)),
            Node::Table(_) => Err(SectionError {
                place: self.place,
                text: "it is a table, or missing".to_owned(),
            }),
        }
    }

    /// Deserializes a number or a `bool`. A text, such as that of a variable, is parsed and passed
    /// to `visit`; a value that TOML has typed already is passed to `other`.
    fn parsed<'de, V: Visitor<'de>, T: std::str::FromStr>(
        self,
        visitor: V,
        expected: &str,
        visit: impl FnOnce(V, T) -> Result<V::Value, SectionError>,
        other: impl FnOnce(V, Value) -> Result<V::Value, SectionError>,
    ) -> Result<V::Value, SectionError> {
        let (place, value) = self.leaf()?;
        Self::blame(
            &place,
            match value {
                Value::String(_, text) => match text.trim().parse() {
                    Ok(parsed) => visit(visitor, parsed),
                    Err(_) => Err(de::Error::custom(format_args!("expected {expected}"))),
                },
                value => other(visitor, value),
            },
        )
    }
}

fn visit<'de, V: Visitor<'de>>(visitor: V, value: Value) -> Result<V::Value, SectionError> {
    match value {
        Value::String(_, text) => visitor.visit_string(text),
        Value::Char(_, character) => visitor.visit_char(character),
        Value::Bool(_, flag) => visitor.visit_bool(flag),
        Value::Num(_, Num::I64(number)) => visitor.visit_i64(number),
        Value::Num(_, Num::F64(number)) => visitor.visit_f64(number),
        Value::Num(..) | Value::Empty(..) | Value::Array(..) | Value::Dict(..) => {
            Err(de::Error::custom("it has another type"))
        }
    }
}

/// Defines the methods that deserialize a number or a `bool`.
macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SectionError> {
                self.parsed(visitor, $expected, |v, number: $type| v.$visit(number), visit)
            }
        )*
    };
}

impl<'de> de::Deserializer<'de> for PlacedNode {
    type Error = SectionError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SectionError> {
        match self.node {
            Node::Table(_) => self.deserialize_map(visitor),
            Node::Leaf { value: Value::Array(..), .. } => self.deserialize_seq(visitor),
            Node::Leaf { .. } => {
                let (place, value) = self.leaf()?;
                Self::blame(&place, visit(visitor, value))
            }
        }
    }

    numbers! {
        deserialize_u8 visit_u8 u8, "a whole number";
        deserialize_u16 visit_u16 u16, "a whole number";
        deserialize_u32 visit_u32 u32, "a whole number";
        deserialize_u64 visit_u64 u64, "a whole number";
        deserialize_i8 visit_i8 i8, "a whole number";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
        deserialize_bool visit_bool bool, "true or false";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SectionError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, SectionError> {
        visitor.visit_newtype_struct(self)
    }

    /// Deserializes a list of TOML, or a comma-separated text.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SectionError> {
        let name = self.place.clone();
        let (place, value) = self.leaf()?;
        let items = match value {
            Value::Array(_, items) => items,
            Value::String(_, text) => match list::items(&text) {
                Ok(items) => items.into_iter().map(Value::from).collect(),
                Err(problem) => return Err(SectionError { place, text: problem.to_owned() }),
            },
            _ => {
                let text = "it has another type; expected a list".to_owned();
                return Err(SectionError { place, text });
            }
        };
        let origin = place.clone();
        let nodes = items.into_iter().map(move |value| {
            let node = Node::of_toml(&name, &origin, value);
            PlacedNode { node, place: name.clone() }
        });
        visitor.visit_seq(Items(nodes.collect::<Vec<_>>().into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, SectionError> {
        let place = self.place;
        match self.node {
            Node::Table(table) => {
                let fields =
                    Fields { rest: table.into_iter(), value: None, section: place.clone() };
                Self::blame(&place, visitor.visit_map(fields))
            }
            Node::Leaf { origin, .. } => Err(SectionError {
                place: format!("{place} ({origin})"),
                text: "it has another type; expected a table".to_owned(),
            }),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SectionError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SectionError> {
        let (place, value) = self.leaf()?;
        let result = match value {
            Value::String(_, text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(de::Error::custom("it has another type; expected a text")),
        };
        Self::blame(&place, result)
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
        i128 u128
    }
}

struct Items(std::vec::IntoIter<PlacedNode>);

impl<'de> SeqAccess<'de> for Items {
    type Error = SectionError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SectionError> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Fields {
    rest: std::collections::btree_map::IntoIter<String, Node>,
    value: Option<PlacedNode>,
    section: String,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = SectionError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, SectionError> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        self.value = Some(PlacedNode { node, place: format!("{}.{key}", self.section) });
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, SectionError> {
        let value = self.value.take().ok_or_else(|| de::Error::custom("it has no value"))?;
        let place = value.place.clone();
        PlacedNode::blame(&place, seed.deserialize(value))
    }
}
