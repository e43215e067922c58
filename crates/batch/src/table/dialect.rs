//! What stands between values and between lines.

/// The signs of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// A line feed, or a carriage return where there are no line feeds.
    pub(super) line_end: u8,
    /// The bytes of a line like `sep=;`, which some spreadsheets write before the header.
    pub(super) preamble: usize,
}

/// What people and programs put between values; the first wins where several fit equally well.
const DELIMITERS: [u8; 8] = [b',', b';', b'\t', b'|', b':', b'^', b'~', 0x1f];
/// How many lines are looked at.
const LOOKED_AT: usize = 50;

impl Dialect {
    /// Finds the signs of a file from how it begins.
    pub(super) fn of(head: &[u8], delimiter: Option<u8>) -> Self {
        let line_end = line_end(head);
        let stated = stated(head);
        let preamble = stated.map_or(0, |_| {
            memchr::memchr(line_end, head).map_or(head.len(), |at| at + 1)
        });
        let delimiter = delimiter
            .or(stated)
            .unwrap_or_else(|| likely_delimiter(&head[preamble..]));
        Self {
            delimiter,
            line_end,
            preamble,
        }
    }

    /// A reader of such lines that takes them as they come.
    pub(super) fn reader<'t>(&self, text: &'t [u8]) -> csv::Reader<&'t [u8]> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text)
    }
}

fn line_end(head: &[u8]) -> u8 {
    let is_old_mac = !head.contains(&b'\n') && head.contains(&b'\r');
    if is_old_mac { b'\r' } else { b'\n' }
}

fn stated(head: &[u8]) -> Option<u8> {
    match head {
        [
            b's' | b'S',
            b'e' | b'E',
            b'p' | b'P',
            b'=',
            delimiter,
            b'\r' | b'\n',
            ..,
        ] => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter that most lines have as often as the first line has it.
fn likely_delimiter(head: &[u8]) -> u8 {
    let mut best = (b',', (0, 0));
    for delimiter in DELIMITERS {
        let fit = fit(head, delimiter);
        if fit > best.1 {
            best = (delimiter, fit);
        }
    }
    best.0
}

/// How well a delimiter fits: the share of lines with as many cells as the first, and how many cells that are.
fn fit(head: &[u8], delimiter: u8) -> (usize, usize) {
    let dialect = Dialect {
        delimiter,
        line_end: b'\n',
        preamble: 0,
    };
    let widths: Vec<usize> = dialect
        .reader(head)
        .into_byte_records()
        .map_while(Result::ok)
        .take(LOOKED_AT)
        .map(|record| record.len())
        .collect();
    let first = widths.first().copied().unwrap_or_default();
    if first < 2 {
        return (0, 0);
    }
    let alike = widths.iter().filter(|width| **width == first).count();
    (alike * 1_000 / widths.len(), first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(head: &str) -> char {
        char::from(Dialect::of(head.as_bytes(), None).delimiter)
    }

    #[test]
    fn the_delimiter_is_found() {
        for (head, found) in [
            ("phone,name\n1,Ann\n", ','),
            ("phone;name\n1;Smith, Jo\n2;Carter, Bob\n", ';'),
            ("phone\tname\n1\tAnn; Bob\n", '\t'),
            ("phone|name\r\n1|Ann\r\n", '|'),
            ("phone;name;x\r1;Ann;\r", ';'),
            ("phone\n1\n", ','),
            ("\"a;b\",phone\n\"c;d\",1\n", ','),
            ("phone,name\ntel:+1,Ann\n", ','),
            ("phone;name\n1;\"Smith,\nJo\"\n", ';'),
        ] {
            assert_eq!(delimiter(head), found, "{head}");
        }
    }

    #[test]
    fn a_stated_delimiter_is_believed_and_its_line_passed_over() {
        let dialect = Dialect::of(b"sep=;\r\nphone,x;name\r\n", None);
        assert_eq!((dialect.delimiter, dialect.preamble), (b';', 7));
    }

    #[test]
    fn lines_may_end_in_carriage_returns_alone() {
        assert_eq!(Dialect::of(b"phone\r1\r", None).line_end, b'\r');
        assert_eq!(Dialect::of(b"phone\r\n1\r\n", None).line_end, b'\n');
    }
}
