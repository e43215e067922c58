//! CSV and its relatives: one contact a line, its values between delimiters, a value with delimiters or line ends in
//! quotes.

mod columns;
mod dialect;
mod likeness;

use std::borrow::Cow;

use clarion_domain::contact::ContactDraft;
use csv::ByteRecord;
use memchr::{memchr, memrchr};

pub use columns::Column;

use crate::blocks::{Blocks, Cut};
use crate::checked::RowFault;
use crate::contact_file::{ReadOptions, Row};
use crate::error::FileError;
use crate::field::Field;
use columns::Columns;
use dialect::Dialect;

/// How a file of this kind is laid out.
pub(crate) struct Table {
    dialect: Dialect,
    columns: Columns,
}

impl Table {
    /// Finds out delimiter and columns, and passes over the header line.
    pub(crate) fn open(blocks: &mut Blocks<'_>, options: &ReadOptions) -> Result<Self, FileError> {
        let dialect = Dialect::of(&blocks.ahead, options.delimiter);
        blocks.skip(dialect.preamble, dialect.line_end);
        let blank = blocks
            .ahead
            .iter()
            .take_while(|byte| b"\r\n".contains(byte))
            .count();
        blocks.skip(blank, dialect.line_end);
        let mut reader = dialect.reader(&blocks.ahead);
        let mut first = ByteRecord::new();
        // Reading from memory does not fail.
        let _ = reader.read_byte_record(&mut first);
        let header = usize::try_from(reader.position().byte()).unwrap_or_default();
        let columns = Columns::of(&first, options, blocks.line)?;
        if columns.has_header() {
            blocks.skip(header, dialect.line_end);
        }
        Ok(Self { dialect, columns })
    }

    pub(crate) fn line_end(&self) -> u8 {
        self.dialect.line_end
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = (Field, usize, Option<&str>)> {
        self.columns.found()
    }

    /// Cuts behind the last line that is known to be whole.
    pub(crate) fn cut(&self, text: &[u8], is_read: bool, line: u64) -> Result<Cut, FileError> {
        let lines = self.dialect.whole_lines(text);
        match lines.open_quote {
            None if is_read => Ok(Cut::Last(text.len())),
            Some(quote) if is_read => {
                let end = self.dialect.line_end;
                let before = memchr::memchr_iter(end, &text[..quote]).count() as u64;
                Err(FileError::OpenQuote {
                    line: line + before,
                })
            }
            _ => Ok(lines.end.map_or(Cut::Beyond, Cut::At)),
        }
    }

    pub(crate) fn read(&self, text: &[u8], each: &mut dyn FnMut(Row<'_>)) {
        let mut reader = self.dialect.reader(text);
        let mut record = ByteRecord::new();
        while let Ok(true) = reader.read_byte_record(&mut record) {
            if record.iter().any(|cell| !cell.is_empty()) {
                each(self.row(&record, text));
            }
        }
    }

    fn row<'r>(&self, record: &'r ByteRecord, text: &[u8]) -> Row<'r> {
        let mut row = Row {
            at: begin(record, text),
            draft: ContactDraft::default(),
            fault: self.surplus(record),
        };
        for (field, column) in self.columns.places() {
            let cell = record.get(column).filter(|cell| !cell.is_empty());
            let Some(cell) = cell else { continue };
            let value = std::str::from_utf8(cell).map_or_else(
                |_| {
                    row.fault = Some(RowFault::NotUtf8 { field });
                    String::from_utf8_lossy(cell)
                },
                Cow::Borrowed,
            );
            *field.of(&mut row.draft) = Some(value);
        }
        row
    }

    /// Missing cells at the end are missing values: spreadsheets leave them out. What is too much was a delimiter without
    /// quotes, so that no cell can be trusted.
    fn surplus(&self, record: &ByteRecord) -> Option<RowFault> {
        let width = self.columns.width();
        let is_surplus = record.iter().skip(width).any(|cell| !cell.is_empty());
        is_surplus.then_some(RowFault::Cells {
            found: record.len(),
            columns: width,
        })
    }
}

/// Where a line begins: the reader's position may still be before the line end of the last one, or before empty lines.
fn begin(record: &ByteRecord, text: &[u8]) -> usize {
    let at = record.position().map_or(0, csv::Position::byte);
    let at = usize::try_from(at).unwrap_or_default();
    let skipped = text[at..]
        .iter()
        .take_while(|byte| b"\r\n".contains(byte))
        .count();
    at + skipped
}

/// The part of a text that is made of whole lines.
struct WholeLines {
    end: Option<usize>,
    /// Where a quoted value begins that does not end in the text.
    open_quote: Option<usize>,
}

impl Dialect {
    /// A quote only opens a value where the value begins; elsewhere it stands for itself. So only quotes are looked at,
    /// which makes this many times faster than reading the lines.
    fn whole_lines(&self, text: &[u8]) -> WholeLines {
        let mut end = None;
        // Everything before `from` is read; there is no quoted value open there.
        let (mut from, mut searched) = (0, 0);
        while let Some(quote) = memchr(b'"', &text[from..]).map(|at| from + at) {
            if !self.opens(text, quote) {
                from = quote + 1;
                continue;
            }
            if let Some(at) = memrchr(self.line_end, &text[searched..quote]) {
                end = Some(searched + at + 1);
            }
            let Some(close) = closing(text, quote + 1) else {
                return WholeLines {
                    end,
                    open_quote: Some(quote),
                };
            };
            (from, searched) = (close + 1, close + 1);
        }
        let last = memrchr(self.line_end, &text[searched..]).map(|at| searched + at + 1);
        WholeLines {
            end: last.or(end),
            open_quote: None,
        }
    }

    fn opens(&self, text: &[u8], quote: usize) -> bool {
        quote == 0 || [self.delimiter, b'\n', b'\r'].contains(&text[quote - 1])
    }
}

/// The quote that ends the value which begins at `from`; two in a row stand for one.
fn closing(text: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr(b'"', &text[from..])?;
        if text.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}
