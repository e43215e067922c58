//! A file of contacts: what it is, found out from how it begins, and its contacts one by one. Whether a contact is valid
//! is the domain's to say.

use std::collections::BTreeMap;
use std::io::Read;

use clarion_domain::contact::ContactDraft;
use encoding_rs::Encoding;

use crate::blocks::{Block, Blocks, Cut, LONGEST_CONTACT};
use crate::checked::{RowFault, Unread};
use crate::error::FileError;
use crate::field::Field;
use crate::format::Format;
use crate::json::{self, CampaignHeader, JsonArray};
use crate::source::Source;
use crate::table::{Column, Table};

/// How much of a file is looked at to find out what it is.
const HEAD: usize = 64 * 1024;

/// What is known about a file beforehand; all the rest is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Its format.
    pub format: Option<Format>,
    /// Its encoding.
    pub encoding: Option<&'static Encoding>,
    /// What stands between the values of a CSV file.
    pub delimiter: Option<u8>,
    /// Columns of a CSV file that are not to be found by likeness.
    pub columns: Vec<(Field, Column)>,
    /// A CSV file begins with a contact, not with a line of names.
    pub no_header: bool,
}

/// A file of contacts, read up to its first contact.
pub struct ContactFile<'a> {
    pub(crate) blocks: Blocks<'a>,
    pub(crate) layout: Layout,
}

/// How contacts lie in a file.
pub(crate) enum Layout {
    Table(Table),
    Lines,
    Array(JsonArray),
}

/// A contact as it stands in a block, as far as it can be read.
pub(crate) struct Row<'r> {
    /// Where in the block it begins.
    pub(crate) at: usize,
    pub(crate) draft: ContactDraft<'r>,
    /// What is wrong with its form.
    pub(crate) fault: Option<RowFault>,
}

/// Where a block stopped to be readable.
pub(crate) struct Misread {
    pub(crate) at: usize,
    pub(crate) detail: String,
}

impl<'a> ContactFile<'a> {
    /// Finds out what kind of file this is: packed or not, its encoding, its format, its delimiter and columns.
    ///
    /// # Errors
    /// It cannot be read, is empty, or has no place for phone numbers.
    pub fn open(file: impl Read + Send + 'a, options: &ReadOptions) -> Result<Self, FileError> {
        let source = Source::open(file, options.encoding).map_err(FileError::Read)?;
        let mut blocks = Blocks::new(source);
        blocks.fill_to(HEAD)?;
        let found = Format::of(&blocks.ahead).ok_or(FileError::Empty)?;
        let layout = match options.format.unwrap_or(found) {
            Format::Csv => Layout::Table(Table::open(&mut blocks, options)?),
            Format::Ndjson => Layout::Lines,
            Format::Json => Layout::Array(open_array(&mut blocks)?),
        };
        Ok(Self { blocks, layout })
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> Format {
        match self.layout {
            Layout::Table(_) => Format::Csv,
            Layout::Lines => Format::Ndjson,
            Layout::Array(_) => Format::Json,
        }
    }

    /// What a JSON campaign says before its contacts.
    #[must_use]
    pub fn campaign(&self) -> Option<&CampaignHeader> {
        match &self.layout {
            Layout::Array(array) => Some(array.header()),
            Layout::Table(_) | Layout::Lines => None,
        }
    }

    /// Which column of a CSV file was taken for which property: the property, the column's number from 1, and its name
    /// where it has one.
    #[must_use]
    pub fn columns(&self) -> Vec<(Field, usize, Option<&str>)> {
        match &self.layout {
            Layout::Table(table) => table.columns().collect(),
            Layout::Lines | Layout::Array(_) => Vec::new(),
        }
    }

    /// Hands over every contact, in the file's order and in this thread. A line that is no contact comes as far as it can
    /// be read.
    ///
    /// # Errors
    /// The file cannot be read further.
    pub fn for_each(mut self, mut each: impl FnMut(ContactDraft<'_>)) -> Result<(), FileError> {
        let mut index = 0;
        while let Some(block) = self.blocks.next(&self.layout)? {
            let misread = self.layout.read(&block, &mut |row| {
                index += 1;
                each(row.draft);
            });
            misread.map_err(|misread| Unread::new(misread, &block).after(index))?;
        }
        Ok(())
    }

    /// The lines at which the contacts at these places begin, from 1. Places count from 0 as in the outcome of a
    /// [`Conversion`](crate::Conversion), which leaves out lines that are no contacts.
    ///
    /// # Errors
    /// The file cannot be read further.
    pub fn lines_of(mut self, places: &[u64]) -> Result<BTreeMap<u64, u64>, FileError> {
        let mut lines = BTreeMap::new();
        let mut place = 0;
        while lines.len() < places.len() {
            let Some(block) = self.blocks.next(&self.layout)? else {
                break;
            };
            let mut line_of = block.lines();
            let misread = self.layout.read(&block, &mut |row| {
                if row.fault.is_some() {
                    return;
                }
                if places.contains(&place) {
                    lines.insert(place, line_of(row.at));
                }
                place += 1;
            });
            misread.map_err(|misread| Unread::new(misread, &block).after(place))?;
        }
        Ok(lines)
    }
}

fn open_array(blocks: &mut Blocks<'_>) -> Result<JsonArray, FileError> {
    loop {
        let line = blocks.line;
        if let Some(start) =
            json::contacts_start(&blocks.ahead).map_err(|e| e.at_line(&blocks.ahead, line))?
        {
            let array = JsonArray::open(&blocks.ahead[..start], line)?;
            blocks.skip(start, b'\n');
            return Ok(array);
        }
        if blocks.is_read || blocks.ahead.len() > LONGEST_CONTACT {
            return Err(FileError::Json {
                line,
                detail: "the JSON object has no array contacts".to_owned(),
            });
        }
        blocks.fill()?;
    }
}

impl Layout {
    /// What ends a line.
    pub(crate) fn line_end(&self) -> u8 {
        match self {
            Self::Table(table) => table.line_end(),
            Self::Lines | Self::Array(_) => b'\n',
        }
    }

    /// Where the block ends that `ahead` begins with.
    pub(crate) fn cut(&self, ahead: &[u8], is_read: bool, line: u64) -> Result<Cut, FileError> {
        match self {
            Self::Table(table) => table.cut(ahead, is_read, line),
            Self::Lines if is_read => Ok(Cut::Last(ahead.len())),
            Self::Lines => {
                Ok(memchr::memrchr(b'\n', ahead).map_or(Cut::Beyond, |at| Cut::At(at + 1)))
            }
            Self::Array(_) => json::cut(ahead, is_read, line),
        }
    }

    /// Checks what stands behind the last contact.
    pub(crate) fn check_end(&self, rest: &[u8], line: u64) -> Result<(), FileError> {
        match self {
            Self::Array(array) => array.check_end(rest, line),
            Self::Table(_) | Self::Lines => Ok(()),
        }
    }

    /// Reads the contacts of a block.
    pub(crate) fn read(&self, block: &Block, each: &mut dyn FnMut(Row<'_>)) -> Result<(), Misread> {
        match self {
            Self::Table(table) => table.read(&block.text, each),
            Self::Lines => json::read_lines(&block.text, each),
            Self::Array(_) => return json::read_elements(&block.text, each),
        }
        Ok(())
    }
}
