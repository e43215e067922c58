//! Contacts checked by the domain: block by block in the worker threads, and then gone through in the file's order, which
//! is when it shows who stands in the file twice.

use clarion_domain::contact::{Contact, ContactDraft, ContactRefusal};
use clarion_domain::phone::{NumberKind, PhoneNumber, PhoneRules};

use crate::blocks::Block;
use crate::contact_file::{ContactFile, Layout, Misread, Row};
use crate::error::FileError;
use crate::field::Field;
use crate::number_set::NumberSet;
use crate::pipeline;
use crate::summary::Summary;

/// Why a line of a file is refused. Reads after the property's name, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RowFault {
    /// By the rules for contacts.
    #[error("{0}")]
    Contact(#[from] ContactRefusal),
    /// Bytes that are no UTF-8, in a file that otherwise is.
    #[error("is not UTF-8 like the rest of the file")]
    NotUtf8 {
        /// Where.
        field: Field,
    },
    /// More values than columns.
    #[error(
        "the line has {found} values for {columns} columns; is a value with a delimiter not in quotes?"
    )]
    Cells {
        /// How many values.
        found: usize,
        /// How many columns.
        columns: usize,
    },
    /// No JSON.
    #[error("the line is no JSON: {0}")]
    NotJson(String),
}

impl RowFault {
    /// The property at fault, as the API names it; empty where it is the line as a whole.
    pub(crate) fn property(&self) -> &'static str {
        match self {
            Self::Contact(refusal) => refusal.property(),
            Self::NotUtf8 { field } => field.name(),
            Self::Cells { .. } | Self::NotJson(_) => "",
        }
    }
}

/// What became of a contact.
#[derive(Debug)]
pub(crate) enum Verdict {
    Accepted(PhoneNumber, Option<NumberKind>),
    /// Valid, but its number stands in the file before.
    Duplicate,
    Refused(RowFault),
}

/// A contact in the hands of a worker.
pub(crate) enum Checked<'c> {
    Accepted(&'c Contact),
    Refused(&'c ContactDraft<'c>),
}

/// A contact whose turn it is.
pub(crate) struct Turn<'t, T> {
    /// The line it begins at, from 1.
    pub(crate) line: u64,
    /// Its place among the contacts, from 0.
    pub(crate) index: u64,
    pub(crate) verdict: &'t Verdict,
    /// What the worker made of it, and wrote.
    pub(crate) made: &'t T,
    pub(crate) written: &'t [u8],
}

/// What the workers and the turns share.
pub(crate) struct Check<'p> {
    pub(crate) phones: &'p PhoneRules,
    /// Whether to look for duplicates.
    pub(crate) dedupe: bool,
}

impl Check<'_> {
    /// Checks all contacts of a file. `make` is called in the workers and may write what is worth writing of a contact;
    /// `turn` is called in this thread, in the file's order.
    pub(crate) fn run<T: Send>(
        &self,
        file: ContactFile<'_>,
        make: impl Fn(Checked<'_>, &mut Vec<u8>) -> T + Sync,
        mut turn: impl FnMut(Turn<'_, T>) -> Result<(), FileError>,
    ) -> Result<Summary, FileError> {
        let ContactFile { mut blocks, layout } = file;
        let mut seen = self.dedupe.then(NumberSet::new);
        let mut summary = Summary::default();
        pipeline::run(
            || blocks.next(&layout),
            |block| CheckedBlock::of(&block, &layout, self.phones, &make),
            |block| {
                let mut from = 0;
                for mut row in block.rows {
                    row.find_twice(seen.as_mut());
                    turn(Turn {
                        line: row.line,
                        index: summary.contacts,
                        verdict: &row.verdict,
                        made: &row.made,
                        written: &block.written[from..row.end],
                    })?;
                    from = row.end;
                    summary.add(&row.verdict);
                }
                block.end.map_err(|unread| unread.after(summary.contacts))
            },
        )?;
        Ok(summary)
    }
}

struct CheckedBlock<T> {
    rows: Vec<CheckedRow<T>>,
    written: Vec<u8>,
    end: Result<(), Unread>,
}

struct CheckedRow<T> {
    line: u64,
    verdict: Verdict,
    made: T,
    /// Where the next one's part of what was written begins.
    end: usize,
}

/// Where a block could not be read further.
pub(crate) struct Unread {
    line: u64,
    detail: String,
}

impl Unread {
    pub(crate) fn new(misread: Misread, block: &Block) -> Self {
        Self {
            line: block.lines()(misread.at),
            detail: misread.detail,
        }
    }

    /// The contact behind so many others.
    pub(crate) fn after(self, contacts: u64) -> FileError {
        FileError::Contact {
            index: contacts,
            line: self.line,
            detail: self.detail,
        }
    }
}

impl<T> CheckedBlock<T> {
    fn of(
        block: &Block,
        layout: &Layout,
        phones: &PhoneRules,
        make: impl Fn(Checked<'_>, &mut Vec<u8>) -> T,
    ) -> Self {
        let mut line_of = block.lines();
        let (mut rows, mut written) = (Vec::new(), Vec::new());
        let end = layout.read(block, &mut |row| {
            let line = line_of(row.at);
            let (verdict, made) = check(row, phones, |checked| make(checked, &mut written));
            rows.push(CheckedRow {
                line,
                verdict,
                made,
                end: written.len(),
            });
        });
        Self {
            rows,
            written,
            end: end.map_err(|misread| Unread::new(misread, block)),
        }
    }
}

impl<T> CheckedRow<T> {
    fn find_twice(&mut self, seen: Option<&mut NumberSet>) {
        if let (Verdict::Accepted(phone, _), Some(seen)) = (&self.verdict, seen)
            && !seen.insert(phone.digits())
        {
            self.verdict = Verdict::Duplicate;
        }
    }
}

fn check<T>(
    row: Row<'_>,
    phones: &PhoneRules,
    make: impl FnOnce(Checked<'_>) -> T,
) -> (Verdict, T) {
    let Row { draft, fault, .. } = row;
    let checked = match fault {
        None => draft.clone().check(phones).map_err(RowFault::Contact),
        Some(fault) => Err(fault),
    };
    match checked {
        Ok(contact) => (
            Verdict::Accepted(contact.phone, contact.phone.kind()),
            make(Checked::Accepted(&contact)),
        ),
        Err(fault) => (Verdict::Refused(fault), make(Checked::Refused(&draft))),
    }
}
