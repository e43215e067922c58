//! The simple values of a document's properties, whatever their type.

use serde::de::Error;

use super::value::Read;

/// The value of a property, as far as any of them can use it.
pub(crate) enum Given {
    Null,
    Text(String),
    Integer(i64),
    Other,
}

/// Reads a [`Given`].
pub(crate) struct ReadGiven;

impl Read<'_> for ReadGiven {
    type Value = Given;

    fn null<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn text<E: Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn integer<E: Error>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Integer(value))
    }

    fn other<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Other)
    }
}

/// Reads a text, which may be missing.
pub(crate) fn text(given: Given) -> Result<Option<String>, &'static str> {
    match given {
        Given::Null => Ok(None),
        Given::Text(text) => Ok(Some(text)),
        Given::Integer(_) | Given::Other => Err("must be a string"),
    }
}
