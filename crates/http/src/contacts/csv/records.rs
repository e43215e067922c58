//! CSV's records, cut out of a body byte by byte, so that a fault is told with its place and a cell is no longer than what
//! the body's meter lets pass.

use crate::body::{Gauge, Meter, Unreadable};

/// The cells of a line. A single record serves all lines.
#[derive(Default)]
pub(super) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.text[start..*end])
    }

    /// Nothing stands in any cell.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// Where in a cell the reading is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing of it is read yet.
    Begin,
    /// In a cell without quotes, where a quote stands for itself.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote: it ends the cell, or is the first of two that stand for one.
    Quote,
}

/// The lines of a body.
pub(super) struct Records {
    body: Meter,
    gauge: Gauge,
}

impl Records {
    pub(super) fn new(body: Meter) -> Self {
        let gauge = body.gauge();
        Self { body, gauge }
    }

    /// Reads the next line; `false` where there is none.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        record.clear();
        let mut at = At::Begin;
        loop {
            let byte = self.body.byte();
            let Some(byte) = byte.map_err(|error| Unreadable::bytes(error, &self.gauge))? else {
                return self.end(record, at);
            };
            at = match (at, byte) {
                (At::Begin | At::Plain | At::Quote, b'\n') => {
                    record.end_cell();
                    return Ok(true);
                }
                (At::Begin | At::Plain | At::Quote, b',') => {
                    record.end_cell();
                    At::Begin
                }
                // Of a line end; elsewhere it is white space.
                (at, b'\r') if at != At::Quoted => at,
                (At::Begin, b'"') => At::Quoted,
                (At::Quoted, b'"') => At::Quote,
                (At::Quote, b'"') | (At::Quoted, _) => {
                    record.text.push(byte);
                    At::Quoted
                }
                (At::Begin | At::Plain, _) => {
                    record.text.push(byte);
                    At::Plain
                }
                (At::Quote, _) => {
                    let message = "only a comma or the line's end may follow a closing quote";
                    return Err(Unreadable::text(message, &self.gauge));
                }
            };
        }
    }

    /// The body ends: a last line may go without a line end.
    fn end(&self, record: &mut Record, at: At) -> Result<bool, Unreadable> {
        if at == At::Quoted {
            return Err(Unreadable::text("a quote is never closed", &self.gauge));
        }
        let is_line = at != At::Begin || !record.ends.is_empty();
        if is_line {
            record.end_cell();
        }
        Ok(is_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &'static str) -> Result<Vec<Vec<String>>, Unreadable> {
        let mut records = Records::new(Meter::of(text.as_bytes()));
        let mut record = Record::default();
        let mut lines = Vec::new();
        while records.next(&mut record)? {
            let cells = record.cells();
            let texts = cells.map(|cell| String::from_utf8_lossy(cell).into_owned());
            lines.push(texts.collect());
        }
        Ok(lines)
    }

    #[test]
    fn cells_are_cut_as_the_standard_says() {
        for (text, wanted) in [
            ("", vec![]),
            ("a", vec![vec!["a"]]),
            ("a\n", vec![vec!["a"]]),
            ("a,b\r\nc,\n", vec![vec!["a", "b"], vec!["c", ""]]),
            ("\n\n", vec![vec![""], vec![""]]),
            ("a,", vec![vec!["a", ""]]),
            ("\"\"", vec![vec![""]]),
            ("\"a,\"\"b\"\"\r\nc\",d", vec![vec!["a,\"b\"\r\nc", "d"]]),
            ("5\" pipe,x", vec![vec!["5\" pipe", "x"]]),
        ] {
            assert_eq!(
                lines(text).ok(),
                Some(
                    wanted
                        .iter()
                        .map(|line| { line.iter().map(|cell| (*cell).to_owned()).collect() })
                        .collect()
                ),
                "{text:?}"
            );
        }
    }

    #[test]
    fn quotes_that_are_out_of_place_are_faults() {
        for text in ["\"a", "\"a\"b", "x,\"", "\"a\" ,b"] {
            assert!(lines(text).is_err(), "{text:?}");
        }
    }
}
