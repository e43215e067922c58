//! Why a body cannot be read, and where that came out.

use std::fmt::Display;
use std::io;

use super::{BodyFault, Gauge};
use crate::problem::Problem;

/// Why a body is not what it should be, and how far reading had come.
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
    /// They are not of the wanted form.
    Form(String),
}

impl Unreadable {
    /// The bytes stopped.
    pub(crate) fn bytes(error: io::Error, gauge: &Gauge) -> Self {
        Self::new(Cause::Bytes(BodyFault::from_io(error)), gauge)
    }

    /// They are not of the wanted form.
    pub(crate) fn text(message: impl Display, gauge: &Gauge) -> Self {
        Self::new(Cause::Form(message.to_string()), gauge)
    }

    /// They are no JSON, or not that of the wanted kind.
    pub(super) fn json(error: serde_json::Error, gauge: &Gauge) -> Self {
        match error.is_io() {
            true => Self::bytes(error.into(), gauge),
            false => Self::text(message(&error), gauge),
        }
    }

    /// The line of that number, which was read as a whole, is no JSON.
    pub(crate) fn in_line(error: &serde_json::Error, line: u64, gauge: &Gauge) -> Self {
        Self {
            place: format!("line {line}, column {}", error.column()),
            ..Self::text(message(error), gauge)
        }
    }

    fn new(cause: Cause, gauge: &Gauge) -> Self {
        Self {
            cause,
            path: gauge.path(),
            place: gauge.place(),
        }
    }
}

/// What is wrong, without the place as the JSON reader knows it.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        let Unreadable { cause, path, place } = unreadable;
        match cause {
            Cause::Bytes(fault) => fault.at(&path, &place),
            Cause::Form(message) => Problem::unreadable(&path, format!("{place}: {message}")),
        }
    }
}
