//! One contact as it stands in a body. A single row serves all contacts, so that reading a million of them allocates
//! no more than reading one.

use std::borrow::Cow;

use clarion_domain::contact::{ContactDraft, ContactRefusal};
use serde::de::{Error, IgnoredAny, MapAccess};

use crate::body::value::{Any, Read};

pub(super) const PROPERTIES: [&str; 6] = [
    "phoneNumber",
    "name",
    "custom1",
    "custom2",
    "contactGroupId",
    "timeZone",
];

/// The contact last read.
pub(crate) struct ContactRow {
    fields: [Field; PROPERTIES.len()],
    refusal: Option<ContactRefusal>,
}

struct Field {
    property: &'static str,
    text: String,
    seen: bool,
    present: bool,
}

impl Default for ContactRow {
    fn default() -> Self {
        Self {
            fields: PROPERTIES.map(Field::of),
            refusal: None,
        }
    }
}

impl ContactRow {
    /// The contact, or why it has not the form of one. The first fault counts.
    pub(crate) fn take(&mut self) -> Result<ContactDraft<'_>, ContactRefusal> {
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        let [
            phone_number,
            name,
            custom1,
            custom2,
            contact_group_id,
            time_zone,
        ] = self.fields.each_ref().map(Field::get);
        Ok(ContactDraft {
            phone_number,
            name,
            custom1,
            custom2,
            contact_group_id,
            time_zone,
        })
    }

    /// Nothing is known of the contact yet.
    pub(super) fn clear(&mut self) {
        self.refusal = None;
        for field in &mut self.fields {
            field.text.clear();
            field.seen = false;
            field.present = false;
        }
    }

    /// Takes the value of a property, by its place among [`PROPERTIES`].
    pub(super) fn set(&mut self, property: usize, text: &str) {
        let field = &mut self.fields[property];
        field.text.push_str(text);
        field.present = true;
    }

    /// Whether any property was there, with whatever value.
    pub(super) fn is_given(&self) -> bool {
        self.fields.iter().any(|field| field.seen)
    }

    /// Reads the value of a property of an object, by its place among [`PROPERTIES`].
    pub(super) fn read_value<'de, A: MapAccess<'de>>(
        &mut self,
        property: usize,
        object: &mut A,
    ) -> Result<(), A::Error> {
        let field = &mut self.fields[property];
        let property = field.property;
        let twice = std::mem::replace(&mut field.seen, true);
        let is_text = object.next_value_seed(Any(ReadText(field)))?;
        if twice {
            self.refuse(ContactRefusal::Twice { property });
        } else if !is_text {
            self.refuse(ContactRefusal::NotText { property });
        }
        Ok(())
    }

    fn refuse(&mut self, refusal: ContactRefusal) {
        self.refusal.get_or_insert(refusal);
    }
}

impl Field {
    fn of(property: &'static str) -> Self {
        Self {
            property,
            text: String::new(),
            seen: false,
            present: false,
        }
    }

    fn get(&self) -> Option<Cow<'_, str>> {
        self.present.then_some(Cow::Borrowed(&self.text))
    }
}

/// Reads the next contact into the row.
pub(super) struct ReadContact<'a>(pub(super) &'a mut ContactRow);

impl<'de> Read<'de> for ReadContact<'_> {
    type Value = ();

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        self.0.clear();
        while let Some(property) = object.next_key_seed(Any(ReadName))? {
            match property {
                Some(property) => self.0.read_value(property, &mut object)?,
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn other<E: Error>(self) -> Result<(), E> {
        self.0.clear();
        self.0.refuse(ContactRefusal::NotAnObject);
        Ok(())
    }
}

/// Reads the name of a property; its place among [`PROPERTIES`], `None` for an unknown one.
struct ReadName;

impl Read<'_> for ReadName {
    type Value = Option<usize>;

    fn text<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(place_of(name))
    }

    fn other<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// The place of a property among [`PROPERTIES`].
pub(super) fn place_of(name: &str) -> Option<usize> {
    PROPERTIES.iter().position(|property| *property == name)
}

/// Reads a text into its field; whether it was one, or null.
struct ReadText<'a>(&'a mut Field);

impl Read<'_> for ReadText<'_> {
    type Value = bool;

    fn null<E: Error>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn text<E: Error>(self, text: &str) -> Result<bool, E> {
        self.0.text.clear();
        self.0.text.push_str(text);
        self.0.present = true;
        Ok(true)
    }

    fn other<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }
}
