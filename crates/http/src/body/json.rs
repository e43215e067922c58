//! Reading one JSON document from a body, and saying where it went wrong.

use serde::de::DeserializeSeed;

use super::{Meter, Unreadable};

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
        .map_err(|error| Unreadable::json(error, &gauge))
}
