//! The formats in which contacts, and what else there is many of, are taken: JSON, lines of JSON, and CSV. The media type
//! decides.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use super::intake::{self, Stopped, Taker};
use super::row::{CONTACT, Form, Row};
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
        self.read_each(body, &CONTACT, &mut |row| taker.take(row))
    }

    /// Passes everything of this form on that the body holds.
    pub(crate) fn read_each(
        self,
        body: Meter,
        form: &'static Form,
        take: Take<'_>,
    ) -> Result<(), Unreadable> {
        match self {
            Self::Csv => csv::read(body, form, take),
            Self::Lines => lines::read(body, form, take),
            Self::Json => {
                let gauge = body.gauge();
                json::read(body, Any(ReadDocument { form, take, gauge }))
            }
        }
    }
}

/// Whoever takes what a body holds, one by one.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&mut Row) -> Result<(), Stopped>;

struct ReadDocument<'a> {
    form: &'static Form,
    take: Take<'a>,
    gauge: Gauge,
}

impl<'de> Read<'de> for ReadDocument<'_> {
    type Value = ();

    fn array<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        intake::read_elements_of(self.form, array, &self.gauge, self.take)
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut seen = false;
        let Self { form, take, gauge } = self;
        let mut alone = Row::of(form);
        while let Some(key) = object.next_key_seed(Any(ReadKey(form)))? {
            match key {
                Key::Array if std::mem::replace(&mut seen, true) => {
                    let message = format!("{} is given twice", form.array);
                    return Err(A::Error::custom(message));
                }
                Key::Array => object.next_value_seed(Any(ReadArray {
                    form,
                    take: &mut *take,
                    gauge: &gauge,
                }))?,
                Key::Property(place) => alone.read_value(place, &mut object)?,
                Key::Unknown => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        if !seen && alone.is_given() {
            take(&mut alone).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn other<E: Error>(self) -> Result<(), E> {
        let Form { array, called, .. } = self.form;
        Err(E::custom(format!(
            "the body must be an array of {called}, or an object with such an array under {array}"
        )))
    }
}

/// What a key of an object stands for.
enum Key {
    Array,
    /// One of an element, by its place: the object may be one by itself.
    Property(usize),
    Unknown,
}

struct ReadKey(&'static Form);

impl Read<'_> for ReadKey {
    type Value = Key;

    fn text<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(match name {
            name if name == self.0.array => Key::Array,
            name => self.0.place_of(name).map_or(Key::Unknown, Key::Property),
        })
    }

    fn other<E: Error>(self) -> Result<Key, E> {
        Ok(Key::Unknown)
    }
}

struct ReadArray<'a> {
    form: &'static Form,
    take: Take<'a>,
    gauge: &'a Gauge,
}

impl<'de> Read<'de> for ReadArray<'_> {
    type Value = ();

    fn array<A: SeqAccess<'de>>(self, array: A) -> Result<(), A::Error> {
        intake::read_elements_of(self.form, array, self.gauge, self.take)
    }

    fn other<E: Error>(self) -> Result<(), E> {
        Err(E::custom(format!("{} must be an array", self.form.array)))
    }
}
