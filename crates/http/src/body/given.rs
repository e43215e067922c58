//! The simple values of a document's properties, whatever their type.

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::value::{Any, Read};

/// The value of a property, as far as any of them can use it.
pub(crate) enum Given {
    Null,
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Given>),
    /// The properties in their order.
    Object(Vec<(String, Given)>),
    Other,
}

/// Reads a [`Given`].
pub(crate) struct ReadGiven {
    /// How many levels of arrays and objects are looked into; what is nested deeper is read over.
    levels: u8,
}

/// As deep as any property of ours goes: an array in an object.
const LEVELS: u8 = 2;

impl Default for ReadGiven {
    fn default() -> Self {
        Self { levels: LEVELS }
    }
}

impl<'de> Read<'de> for ReadGiven {
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

    fn boolean<E: Error>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Boolean(value))
    }

    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Given, A::Error> {
        let Some(levels) = self.levels.checked_sub(1) else {
            while array.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Given::Other);
        };
        let mut items = Vec::new();
        while let Some(item) = array.next_element_seed(Any(Self { levels }))? {
            items.push(item);
        }
        Ok(Given::List(items))
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Given, A::Error> {
        let Some(levels) = self.levels.checked_sub(1) else {
            while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Given::Other);
        };
        let mut properties = Vec::new();
        while let Some(name) = object.next_key()? {
            properties.push((name, object.next_value_seed(Any(Self { levels }))?));
        }
        Ok(Given::Object(properties))
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
        _ => Err("must be a string"),
    }
}

/// Reads a list of texts, which may be missing.
pub(crate) fn texts(given: Given) -> Result<Option<Vec<String>>, &'static str> {
    const REFUSAL: &str = "must be an array of strings";
    match given {
        Given::Null => Ok(None),
        Given::List(items) => {
            let texts = items.into_iter().map(|item| match item {
                Given::Text(text) => Ok(text),
                _ => Err(REFUSAL),
            });
            texts.collect::<Result<_, _>>().map(Some)
        }
        _ => Err(REFUSAL),
    }
}
