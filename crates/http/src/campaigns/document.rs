//! The document of a campaign, read from its body as it comes in: each contact goes on as soon as it is read, and the other
//! properties may stand before or after the contacts.

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::header::{Header, Property};
use crate::body::given::ReadGiven;
use crate::body::value::{Any, Read};
use crate::body::{Gauge, Meter, Unreadable, json};
use crate::contacts::intake::{self, CONTACTS, Stopped};
use crate::contacts::row::Row;

/// Where contacts go, one by one.
pub(super) trait Contacts {
    /// The contacts begin, and these are the properties in front of them.
    fn begin(&mut self, header: &Header);

    /// Takes the contact in the row. `Err` ends the reading.
    fn take(&mut self, row: &mut Row) -> Result<(), Stopped>;
}

/// Reads the whole body. Without `contacts`, those in the document are read over.
pub(super) fn read<'a>(
    body: Meter,
    header: &'a mut Header,
    contacts: Option<&'a mut dyn Contacts>,
) -> Result<(), Unreadable> {
    let gauge = body.gauge();
    let document = ReadDocument {
        header,
        contacts,
        gauge,
    };
    json::read(body, Any(document))
}

struct ReadDocument<'a> {
    header: &'a mut Header,
    contacts: Option<&'a mut dyn Contacts>,
    gauge: Gauge,
}

impl<'de> Read<'de> for ReadDocument<'_> {
    type Value = ();

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let wanted = self.contacts.is_some();
        let mut seen = false;
        while let Some(key) = object.next_key_seed(Any(ReadKey))? {
            match key {
                Key::Property(property) => {
                    let given = object.next_value_seed(Any(ReadGiven::default()))?;
                    self.header.set(property, given);
                }
                Key::Contacts if wanted && seen => {
                    self.header.fault(CONTACTS, "is given twice");
                    object.next_value::<IgnoredAny>()?;
                }
                Key::Contacts => {
                    seen = true;
                    self.begin();
                    object.next_value_seed(Any(self.contacts()))?;
                }
                Key::Unknown => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn other<E: Error>(self) -> Result<(), E> {
        Err(E::custom("the body must be a JSON object"))
    }
}

impl ReadDocument<'_> {
    fn begin(&mut self) {
        if let Some(contacts) = &mut self.contacts {
            contacts.begin(self.header);
        }
    }

    fn contacts(&mut self) -> ReadContacts<'_> {
        ReadContacts {
            header: self.header,
            contacts: match &mut self.contacts {
                Some(contacts) => Some(&mut **contacts),
                None => None,
            },
            gauge: &self.gauge,
        }
    }
}

enum Key {
    Property(Property),
    Contacts,
    Unknown,
}

struct ReadKey;

impl Read<'_> for ReadKey {
    type Value = Key;

    fn text<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(match Property::named(name) {
            Some(property) => Key::Property(property),
            None if name == CONTACTS => Key::Contacts,
            None => Key::Unknown,
        })
    }

    fn other<E: Error>(self) -> Result<Key, E> {
        Ok(Key::Unknown)
    }
}

/// Reads the contacts' array.
struct ReadContacts<'a> {
    header: &'a mut Header,
    contacts: Option<&'a mut dyn Contacts>,
    gauge: &'a Gauge,
}

impl<'de> Read<'de> for ReadContacts<'_> {
    type Value = ();

    fn array<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        let mut contacts = self.contacts;
        intake::read_elements(array, self.gauge, |row| match &mut contacts {
            Some(contacts) => contacts.take(row),
            None => Ok(()),
        })
    }

    /// Like no contacts at all, which is the taker's to judge.
    fn null<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn other<E: Error>(self) -> Result<(), E> {
        if self.contacts.is_some() {
            self.header.fault(CONTACTS, "must be an array");
        }
        Ok(())
    }
}
