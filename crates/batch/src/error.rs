//! Why a file cannot be worked on, as opposed to contacts in it that are refused.

use std::io;

use crate::field::Field;

/// Why a file cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot be read")]
    Read(#[source] io::Error),
    /// The outcome cannot be written.
    #[error("the outcome cannot be written")]
    Write(#[source] io::Error),
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// No column of the header line resembles a property that is needed.
    #[error("line {line} names no column of phone numbers; its columns are: {columns}")]
    NoNumbers {
        /// Where the header line stands.
        line: u64,
        /// The columns it has.
        columns: String,
    },
    /// Several columns resemble one property equally well.
    #[error("line {line} names several columns that could be {field}: {columns}")]
    Ambiguous {
        /// Where the header line stands.
        line: u64,
        /// The property.
        field: Field,
        /// The columns.
        columns: String,
    },
    /// The caller asked for a column that is not there.
    #[error("line {line} has no column {asked:?}; its columns are: {columns}")]
    NoColumn {
        /// Where the header line stands.
        line: u64,
        /// As it was asked for.
        asked: String,
        /// The columns it has.
        columns: String,
    },
    /// A quote that no other closes, so that contacts would vanish in one cell.
    #[error("the line that begins at line {line} has a quote that is never closed")]
    OpenQuote {
        /// Where the line with the quote begins.
        line: u64,
    },
    /// One contact larger than any could be.
    #[error("the contact at line {line} is longer than {limit} bytes; is a quote not closed?")]
    Endless {
        /// Where it begins.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// JSON of another shape.
    #[error("line {line}: {detail}")]
    Json {
        /// Where.
        line: u64,
        /// What is wrong.
        detail: String,
    },
    /// A contact in a JSON array that is no JSON.
    #[error("contacts[{index}] at line {line} is no JSON: {detail}")]
    Contact {
        /// Its place in the array, from 0.
        index: u64,
        /// Where it begins.
        line: u64,
        /// What is wrong.
        detail: String,
    },
}
