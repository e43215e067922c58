//! A file in blocks of whole contacts, each with the line it begins at.

use crate::contact_file::Layout;
use crate::error::FileError;
use crate::source::Source;

/// Large enough that handing a block over costs nothing, small enough that a dozen of them are no memory to speak of.
const BLOCK: usize = 256 * 1024;
/// No contact is longer than this.
pub(crate) const LONGEST_CONTACT: usize = 8 * 1024 * 1024;

/// Some contacts, whole.
pub(crate) struct Block {
    pub(crate) text: Vec<u8>,
    /// The line at which the text begins, from 1.
    pub(crate) first_line: u64,
    line_end: u8,
}

/// The blocks of a file, in its order.
pub(crate) struct Blocks<'a> {
    pub(crate) source: Source<'a>,
    /// What has been read and belongs to no block yet.
    pub(crate) ahead: Vec<u8>,
    /// No more is to come from the source.
    pub(crate) is_read: bool,
    /// The line at which `ahead` begins.
    pub(crate) line: u64,
    is_done: bool,
}

/// Where the next block ends.
pub(crate) enum Cut {
    /// Behind this many bytes.
    At(usize),
    /// There, and it is the last; what follows is something else.
    Last(usize),
    /// Not within what has been read so far.
    Beyond,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self {
            source,
            ahead: Vec::new(),
            is_read: false,
            line: 1,
            is_done: false,
        }
    }

    /// Reads one more chunk.
    pub(crate) fn fill(&mut self) -> Result<(), FileError> {
        self.is_read = !self.source.fill(&mut self.ahead).map_err(FileError::Read)?;
        Ok(())
    }

    /// Reads on until at least so many bytes lie ahead, or all that there are.
    pub(crate) fn fill_to(&mut self, length: usize) -> Result<(), FileError> {
        while self.ahead.len() < length && !self.is_read {
            self.fill()?;
        }
        Ok(())
    }

    /// Passes over what belongs to no contact.
    pub(crate) fn skip(&mut self, length: usize, line_end: u8) {
        self.line += lines(&self.ahead[..length], line_end);
        self.ahead.drain(..length);
    }

    /// The next block; `None` behind the last contact.
    pub(crate) fn next(&mut self, layout: &Layout) -> Result<Option<Block>, FileError> {
        let mut wanted = BLOCK;
        while !self.is_done {
            self.fill_to(wanted)?;
            match layout.cut(&self.ahead, self.is_read, self.line)? {
                Cut::At(end) => return Ok(Some(self.take(end, layout.line_end()))),
                Cut::Last(end) => {
                    self.is_done = true;
                    let block = self.take(end, layout.line_end());
                    self.finish(layout)?;
                    return Ok(Some(block));
                }
                Cut::Beyond if self.ahead.len() > LONGEST_CONTACT => {
                    return Err(FileError::Endless {
                        line: self.line,
                        limit: LONGEST_CONTACT,
                    });
                }
                Cut::Beyond => wanted = self.ahead.len() * 2,
            }
        }
        Ok(None)
    }

    fn take(&mut self, length: usize, line_end: u8) -> Block {
        let rest = self.ahead[length..].to_vec();
        self.ahead.truncate(length);
        let text = std::mem::replace(&mut self.ahead, rest);
        let first_line = self.line;
        self.line += lines(&text, line_end);
        Block {
            text,
            first_line,
            line_end,
        }
    }

    /// Checks what stands behind the last contact.
    fn finish(&mut self, layout: &Layout) -> Result<(), FileError> {
        self.fill_to(LONGEST_CONTACT)?;
        layout.check_end(&self.ahead, self.line)
    }
}

impl Block {
    /// Tells the lines of places in this block; they are asked for in their order.
    pub(crate) fn lines(&self) -> impl FnMut(usize) -> u64 + '_ {
        let (mut from, mut line) = (0, self.first_line);
        move |at| {
            line += lines(&self.text[from..at], self.line_end);
            from = at;
            line
        }
    }
}

fn lines(text: &[u8], line_end: u8) -> u64 {
    memchr::memchr_iter(line_end, text).count() as u64
}
