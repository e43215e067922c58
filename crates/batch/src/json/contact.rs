//! One contact in JSON. What has the wrong type is a fault of this contact with a name, as the API tells it, and not the
//! end of the reading.

use std::borrow::Cow;
use std::fmt;

use clarion_domain::contact::{ContactDraft, ContactRefusal};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::checked::RowFault;
use crate::contact_file::Row;
use crate::field::Field;

/// A contact as far as it could be read.
#[derive(Default)]
pub(super) struct ReadContact<'a> {
    draft: ContactDraft<'a>,
    fault: Option<RowFault>,
}

impl<'a> ReadContact<'a> {
    pub(super) fn unreadable(fault: RowFault) -> Self {
        Self {
            draft: ContactDraft::default(),
            fault: Some(fault),
        }
    }

    pub(super) fn at(self, at: usize) -> Row<'a> {
        Row {
            at,
            draft: self.draft,
            fault: self.fault,
        }
    }

    fn set(&mut self, field: Field, value: Value<'a>) {
        let property = field.name();
        let place = field.of(&mut self.draft);
        let fault = match value {
            Value::Text(_) if place.is_some() => ContactRefusal::Twice { property },
            Value::Text(text) => {
                *place = Some(text);
                return;
            }
            Value::Null => return,
            Value::Other => ContactRefusal::NotText { property },
        };
        self.fault.get_or_insert(RowFault::Contact(fault));
    }
}

impl<'de> Deserialize<'de> for ReadContact<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(Object))
    }
}

/// A property's value.
enum Value<'a> {
    Text(Cow<'a, str>),
    Null,
    Other,
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(Property))
    }
}

/// A property's name: borrowed, unless something in it is escaped.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(name) => Ok(Self(name)),
            Value::Null | Value::Other => Err(D::Error::custom("a name must be a string")),
        }
    }
}

/// What becomes of a value; of what is not wanted here, `other`.
trait Wanted<'de>: Sized {
    type Made;

    fn other(self) -> Self::Made;

    fn null(self) -> Self::Made {
        self.other()
    }

    fn text(self, _: Cow<'de, str>) -> Self::Made {
        self.other()
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Made, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.other())
    }
}

struct Object;

impl<'de> Wanted<'de> for Object {
    type Made = ReadContact<'de>;

    fn other(self) -> Self::Made {
        ReadContact::unreadable(RowFault::Contact(ContactRefusal::NotAnObject))
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Made, A::Error> {
        let mut contact = ReadContact::default();
        while let Some(Name(name)) = object.next_key()? {
            match Field::of_name(&name) {
                Some(field) => contact.set(field, object.next_value()?),
                None => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(contact)
    }
}

struct Property;

impl<'de> Wanted<'de> for Property {
    type Made = Value<'de>;

    fn other(self) -> Self::Made {
        Value::Other
    }

    fn null(self) -> Self::Made {
        Value::Null
    }

    fn text(self, text: Cow<'de, str>) -> Self::Made {
        Value::Text(text)
    }
}

/// Lets serde do the reading.
struct Any<W>(W);

impl<'de, W: Wanted<'de>> Visitor<'de> for Any<W> {
    type Value = W::Made;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<W::Made, E> {
        Ok(self.0.null())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<W::Made, E> {
        Ok(self.0.other())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<W::Made, E> {
        Ok(self.0.other())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<W::Made, E> {
        Ok(self.0.other())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<W::Made, E> {
        Ok(self.0.other())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<W::Made, E> {
        Ok(self.0.text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<W::Made, E> {
        Ok(self.0.text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<W::Made, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.0.other())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<W::Made, A::Error> {
        self.0.object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (ContactDraft<'_>, Option<String>) {
        let ReadContact { draft, fault } = serde_json::from_str(json).unwrap();
        (
            draft,
            fault.map(|fault| format!("{} {fault}", fault.property())),
        )
    }

    #[test]
    fn a_contact_is_read_by_the_api_s_names() {
        let (draft, fault) = read(
            r#"{"phoneNumber":"07700 900001","n\u0061me":"Zo\u00eb","custom1":null,"Custom2":"x","age":{"is":[3]}}"#,
        );
        let wanted = ContactDraft {
            phone_number: Some("07700 900001".into()),
            name: Some("Zoë".into()),
            ..ContactDraft::default()
        };
        assert_eq!((draft, fault), (wanted, None));
    }

    #[test]
    fn the_first_wrong_type_is_the_contact_s_fault() {
        for (json, fault) in [
            (
                r#"{"phoneNumber":447700900001,"name":[]}"#,
                "phoneNumber must be a string",
            ),
            (r#"{"name":{"first":"A"}}"#, "name must be a string"),
            (r#"{"custom1":true}"#, "custom1 must be a string"),
            (r#"{"name":"A","name":"B"}"#, "name is given twice"),
            ("[]", " must be an object"),
            ("7", " must be an object"),
            ("null", " must be an object"),
        ] {
            assert_eq!(read(json).1.as_deref(), Some(fault), "{json}");
        }
    }
}
