//! Contacts, or what else there is many of, as lines of JSON. An empty line is none.

use serde::de::DeserializeSeed;

use super::format::Take;
use super::row::{Form, ReadRow, Row};
use crate::body::value::Any;
use crate::body::{Meter, Unreadable};

/// Passes everything in the body on.
pub(super) fn read(mut body: Meter, form: &'static Form, take: Take<'_>) -> Result<(), Unreadable> {
    let gauge = body.gauge();
    let mut row = Row::of(form);
    let mut line = Vec::new();
    let mut index = 0;
    loop {
        gauge.element(form.array, index);
        let number = gauge.line();
        let is_more = read_line(&mut body, &mut line).map_err(|e| Unreadable::bytes(e, &gauge))?;
        if !line.trim_ascii().is_empty() {
            read_row(&line, &mut row)
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

fn read_row(line: &[u8], row: &mut Row) -> serde_json::Result<()> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    Any(ReadRow(row)).deserialize(&mut reader)?;
    reader.end()
}
