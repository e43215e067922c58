//! The formats in which contacts are taken: JSON, lines of JSON, and CSV. The media type decides.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::intake::{self, CONTACTS, Stopped, Taker};
use super::row::{ContactRow, place_of};
use super::{csv, lines};
use crate::body::value::{Any, Read};
use crate::body::{self, Body, Gauge, Meter, Unreadable, json, media_type};
use crate::problem::Problem;

/// How contacts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// An array of contacts, an object with one under `contacts`, or a contact by itself.
    Json,
    /// A contact a line.
    Lines,
    /// A line of names, then a contact a line.
    Csv,
}

/// A body of contacts that has not been read yet.
pub(crate) struct ContactsBody {
    pub(crate) format: Format,
    pub(crate) body: Body,
}

impl FromRequest for ContactsBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Self::announced(request, payload))
    }
}

impl ContactsBody {
    fn announced(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Problem> {
        let is_untold = body::is_missing(request) && media_type::of(request).is_empty();
        let format = match is_untold {
            true => Format::Json,
            false => Format::of(request)?,
        };
        let body = Body::announced(request, payload)?;
        Ok(Self { format, body })
    }
}

impl Format {
    const TAKEN: &str = "application/json, application/x-ndjson and text/csv in UTF-8 are";

    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let given = media_type::of(request);
        if !media_type::is_utf8(given) {
            return Err(media_type::refuse(given, Self::TAKEN));
        }
        match media_type::essence(given).as_str() {
            "text/csv" => Ok(Self::Csv),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Self::Lines),
            essence if media_type::is_json(essence) => Ok(Self::Json),
            _ => Err(media_type::refuse(given, Self::TAKEN)),
        }
    }

    /// Passes every contact of the body on.
    pub(crate) fn read(self, body: Meter, taker: &mut Taker) -> Result<(), Unreadable> {
        match self {
            Self::Csv => csv::read(body, &mut |row| taker.take(row)),
            Self::Lines => lines::read(body, &mut |row| taker.take(row)),
            Self::Json => {
                let gauge = body.gauge();
                json::read(body, Any(ReadDocument { taker, gauge }))
            }
        }
    }
}

/// Whoever takes the contacts of a body that is read line by line.
pub(super) type Take<'a> = &'a mut dyn FnMut(&mut super::row::ContactRow) -> Result<(), Stopped>;

struct ReadDocument<'a> {
    taker: &'a mut Taker,
    gauge: Gauge,
}

impl<'de> Read<'de> for ReadDocument<'_> {
    type Value = ();

    fn array<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        intake::read_elements(array, &self.gauge, |row| self.taker.take(row))
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut seen = false;
        let mut alone = ContactRow::default();
        while let Some(key) = object.next_key_seed(Any(ReadKey))? {
            match key {
                Key::Contacts if std::mem::replace(&mut seen, true) => {
                    return Err(A::Error::custom("contacts is given twice"));
                }
                Key::Contacts => object.next_value_seed(Any(ReadContacts {
                    taker: self.taker,
                    gauge: &self.gauge,
                }))?,
                Key::Property(place) => alone.read_value(place, &mut object)?,
                Key::Unknown => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        if !seen && alone.is_given() {
            self.taker.take(&mut alone).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn other<E: Error>(self) -> Result<(), E> {
        Err(E::custom(
            "the body must be an array of contacts, or an object with such an array under contacts",
        ))
    }
}

/// What a key of an object stands for.
enum Key {
    Contacts,
    /// One of a contact, by its place: the object may be one by itself.
    Property(usize),
    Unknown,
}

struct ReadKey;

impl Read<'_> for ReadKey {
    type Value = Key;

    fn text<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(match name {
            CONTACTS => Key::Contacts,
            name => place_of(name).map_or(Key::Unknown, Key::Property),
        })
    }

    fn other<E: Error>(self) -> Result<Key, E> {
        Ok(Key::Unknown)
    }
}

struct ReadContacts<'a> {
    taker: &'a mut Taker,
    gauge: &'a Gauge,
}

impl<'de> Read<'de> for ReadContacts<'_> {
    type Value = ();

    fn array<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        intake::read_elements(array, self.gauge, |row| self.taker.take(row))
    }

    fn other<E: Error>(self) -> Result<(), E> {
        Err(E::custom("contacts must be an array"))
    }
}
