//! One contact, or whatever else a body holds many of, as it stands there. A single row serves all of them, so that reading
//! a million allocates no more than reading one.

use std::borrow::Cow;

use clarion_domain::contact::{ContactDraft, ContactRefusal};
use serde::de::{Error, IgnoredAny, MapAccess};

use super::intake::CONTACTS;
use crate::body::value::{Any, Read};

/// What a body holds many of.
#[derive(Debug)]
pub(crate) struct Form {
    /// What faults and reasons call them, and where an object has them.
    pub(crate) array: &'static str,
    /// What people call them.
    pub(crate) called: &'static str,
    /// Their properties. A table must have a column for the first.
    pub(crate) properties: &'static [&'static str],
}

/// Contacts.
pub(crate) static CONTACT: Form = Form {
    array: CONTACTS,
    called: "contacts",
    properties: &[
        "phoneNumber",
        "name",
        "custom1",
        "custom2",
        "contactGroupId",
        "timeZone",
    ],
};

/// The one last read.
pub(crate) struct Row {
    form: &'static Form,
    fields: Vec<Field>,
    refusal: Option<ContactRefusal>,
}

struct Field {
    property: &'static str,
    text: String,
    seen: bool,
    present: bool,
}

impl Row {
    /// For what has this form.
    pub(crate) fn of(form: &'static Form) -> Self {
        Self {
            form,
            fields: form.properties.iter().copied().map(Field::of).collect(),
            refusal: None,
        }
    }

    /// The contact, or why it has not the form of one. The first fault counts.
    pub(crate) fn take(&mut self) -> Result<ContactDraft<'_>, ContactRefusal> {
        self.check()?;
        Ok(ContactDraft {
            phone_number: self.get(0),
            name: self.get(1),
            custom1: self.get(2),
            custom2: self.get(3),
            contact_group_id: self.get(4),
            time_zone: self.get(5),
        })
    }

    /// Whether it has its form. The first fault counts.
    pub(crate) fn check(&mut self) -> Result<(), ContactRefusal> {
        self.refusal.take().map_or(Ok(()), Err)
    }

    /// The value of a property, by its place in the form.
    pub(crate) fn get(&self, property: usize) -> Option<Cow<'_, str>> {
        self.fields.get(property)?.get()
    }

    /// Nothing is known of it yet.
    pub(super) fn clear(&mut self) {
        self.refusal = None;
        for field in &mut self.fields {
            field.text.clear();
            field.seen = false;
            field.present = false;
        }
    }

    /// Takes the value of a property, by its place in the form.
    pub(super) fn set(&mut self, property: usize, text: &str) {
        let field = &mut self.fields[property];
        field.text.push_str(text);
        field.present = true;
    }

    /// Whether any property was there, with whatever value.
    pub(super) fn is_given(&self) -> bool {
        self.fields.iter().any(|field| field.seen)
    }

    /// Reads the value of a property of an object, by its place in the form.
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

/// Reads the next one into the row.
pub(super) struct ReadRow<'a>(pub(super) &'a mut Row);

impl<'de> Read<'de> for ReadRow<'_> {
    type Value = ();

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        self.0.clear();
        while let Some(property) = object.next_key_seed(Any(ReadName(self.0.form)))? {
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

/// Reads the name of a property; its place in the form, `None` for an unknown one.
struct ReadName(&'static Form);

impl Read<'_> for ReadName {
    type Value = Option<usize>;

    fn text<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.place_of(name))
    }

    fn other<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl Form {
    /// The place of a property.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        let mut properties = self.properties.iter();
        properties.position(|property| *property == name)
    }
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
