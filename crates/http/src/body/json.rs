//! Reading one JSON document from a body, and saying where it went wrong.

use serde::de::DeserializeSeed;

use super::{BodyFault, Meter};
use crate::problem::Problem;

/// Why a body is no JSON document of the wanted kind, and how far reading had come.
#[derive(Debug)]
pub(crate) struct Unreadable {
    cause: Cause,
    path: String,
    place: String,
}

#[derive(Debug)]
enum Cause {
    /// Its bytes stopped.
    Bytes(BodyFault),
    /// They are no JSON, or not that of the wanted kind.
    Json(String),
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        let Unreadable { cause, path, place } = unreadable;
        match cause {
            Cause::Bytes(fault) => fault.at(&path, &place),
            Cause::Json(message) => Problem::unreadable(&path, format!("{place}: {message}")),
        }
    }
}

/// Reads the whole body into what `seed` makes of it.
pub(crate) fn read<S: DeserializeSeed<'static>>(
    body: Meter,
    seed: S,
) -> Result<S::Value, Unreadable> {
    let gauge = body.gauge();
    let mut reader = serde_json::Deserializer::from_reader(body);
    let value = seed.deserialize(&mut reader);
    value
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| Unreadable {
            path: gauge.path(),
            place: gauge.place(),
            cause: Cause::of(error),
        })
}

impl Cause {
    fn of(error: serde_json::Error) -> Self {
        if error.is_io() {
            return Self::Bytes(BodyFault::from_io(error.into()));
        }
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self::Json(text.strip_suffix(&place).unwrap_or(&text).to_owned())
    }
}
