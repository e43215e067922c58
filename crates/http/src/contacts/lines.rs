//! Contacts as lines of JSON. An empty line is none.

use serde::de::DeserializeSeed;

use super::format::Take;
use super::intake::CONTACTS;
use super::row::{ContactRow, ReadContact};
use crate::body::value::Any;
use crate::body::{Meter, Unreadable};

/// Passes every contact of the body on.
pub(super) fn read(mut body: Meter, take: Take<'_>) -> Result<(), Unreadable> {
    let gauge = body.gauge();
    let mut row = ContactRow::default();
    let mut line = Vec::new();
    let mut index = 0;
    loop {
        gauge.element(CONTACTS, index);
        let number = gauge.line();
        let is_more = read_line(&mut body, &mut line).map_err(|e| Unreadable::bytes(e, &gauge))?;
        if !line.trim_ascii().is_empty() {
            read_contact(&line, &mut row)
                .map_err(|error| Unreadable::in_line(&error, number, &gauge))?;
            take(&mut row).map_err(|stopped| Unreadable::text(stopped, &gauge))?;
            index += 1;
        }
        if !is_more {
            return Ok(());
        }
    }
}

/// Reads up to the end of the line; whether there may be another.
fn read_line(body: &mut Meter, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    while let Some(byte) = body.byte()? {
        if byte == b'\n' {
            return Ok(true);
        }
        line.push(byte);
    }
    Ok(false)
}

fn read_contact(line: &[u8], row: &mut ContactRow) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    Any(ReadContact(row)).deserialize(&mut reader)?;
    reader.end()
}
