//! Reading JSON values of which the type is not known in advance, so that a wrong type is a fault with a name and a path
//! instead of the end of the reading.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What becomes of a value, by its type. A type without a method of its own is `other`, and read over.
pub(crate) trait Read<'de>: Sized {
    /// What is made of it.
    type Value;

    /// A value of any type that is not wanted.
    fn other<E: Error>(self) -> Result<Self::Value, E>;

    /// `null`
    fn null<E: Error>(self) -> Result<Self::Value, E> {
        self.other()
    }

    /// A string.
    fn text<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        self.other()
    }

    /// `true` or `false`
    fn boolean<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        self.other()
    }

    /// A number without fraction; beyond 64 bits the nearest that there is.
    fn integer<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        self.other()
    }

    /// An array.
    fn array<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        self.other()
    }

    /// An object.
    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.other()
    }
}

/// Lets serde do the reading.
pub(crate) struct Any<R>(pub(crate) R);

impl<'de, R: Read<'de>> DeserializeSeed<'de> for Any<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Read<'de>> Visitor<'de> for Any<R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<R::Value, E> {
        self.0.null()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<R::Value, E> {
        self.0.boolean(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<R::Value, E> {
        self.0.integer(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<R::Value, E> {
        self.0.integer(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<R::Value, E> {
        self.0.other()
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<R::Value, E> {
        self.0.text(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<R::Value, A::Error> {
        self.0.array(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<R::Value, A::Error> {
        self.0.object(object)
    }
}
