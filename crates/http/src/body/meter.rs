//! Counts what the reader of a body has read: the line and column for its faults, and the bytes of the element it is in, which
//! bound what it can be made to keep.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use super::fault::BodyFault;

const BUFFER: usize = 64 << 10;

/// A body's plain bytes, counted.
pub(crate) struct Meter {
    inner: BufReader<Box<dyn Read>>,
    gauge: Gauge,
    most: u64,
}

/// The counts; shared with those who need them while the reader owns the meter.
#[derive(Clone, Default)]
pub(crate) struct Gauge(Rc<Counts>);

#[derive(Default)]
struct Counts {
    lines: Cell<u64>,
    columns: Cell<u64>,
    /// Bytes since the element began.
    element: Cell<u64>,
    /// The line of its first character that is more than white space and a comma; 0 while there is none.
    began: Cell<u64>,
    /// The array and index of the element; `None` outside of elements.
    inside: Cell<Option<(&'static str, u64)>>,
}

impl Meter {
    pub(super) fn new(inner: Box<dyn Read>, most: u64) -> Self {
        Self {
            inner: BufReader::with_capacity(BUFFER, inner),
            gauge: Gauge::default(),
            most,
        }
    }

    /// The next byte; `None` at the end.
    pub(crate) fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((self.read(&mut byte)? > 0).then_some(byte[0]))
    }

    /// The counts, to be kept when the meter is given away.
    pub(crate) fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }

    #[cfg(test)]
    pub(crate) fn of(text: &'static [u8]) -> Self {
        Self::new(Box::new(text), u64::MAX)
    }

    fn count(&self, bytes: &[u8]) -> Result<(), BodyFault> {
        let counts = &self.gauge.0;
        for byte in bytes {
            if counts.began.get() == 0 && !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',') {
                counts.began.set(self.gauge.line());
            }
            if *byte == b'\n' {
                counts.lines.set(counts.lines.get() + 1);
                counts.columns.set(0);
            } else {
                counts.columns.set(counts.columns.get() + 1);
            }
        }
        counts
            .element
            .set(counts.element.get() + bytes.len() as u64);
        if counts.element.get() > self.most {
            return Err(BodyFault::ElementTooLarge(self.most));
        }
        Ok(())
    }
}

impl Gauge {
    /// An element of an array begins here.
    pub(crate) fn element(&self, array: &'static str, index: u64) {
        self.0.element.set(0);
        self.0.began.set(0);
        self.0.inside.set(Some((array, index)));
    }

    /// The array is read.
    pub(crate) fn outside(&self) {
        self.0.element.set(0);
        self.0.inside.set(None);
    }

    /// The JSON path of the element that is being read, or of the document.
    pub(super) fn path(&self) -> String {
        match self.0.inside.get() {
            Some((array, index)) => format!("{array}[{index}]"),
            None => "$".to_owned(),
        }
    }

    /// The number of the line that is being read, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.0.lines.get() + 1
    }

    /// The number of the line in which the element begins, from 1.
    pub(crate) fn first_line(&self) -> u64 {
        match self.0.began.get() {
            0 => self.line(),
            line => line,
        }
    }

    /// How far reading has come, for people.
    pub(super) fn place(&self) -> String {
        format!("line {}, column {}", self.line(), self.0.columns.get())
    }
}

/// The JSON reader asks for one byte at a time.
impl Read for Meter {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count(&buffer[..read])?;
        Ok(read)
    }
}
