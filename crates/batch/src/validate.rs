//! The job behind `clarion validate`: which contacts of a file are valid, and what is wrong with the others.

use std::io::{BufWriter, Write};

use clarion_domain::phone::PhoneRules;

use crate::checked::{Check, Checked, Turn, Verdict};
use crate::contact_file::ContactFile;
use crate::error::FileError;
use crate::field::Field;
use crate::format::Format;
use crate::summary::Summary;
use crate::writer::{Output, render_contact, render_csv, render_draft};

/// What is told of a refused contact before its values.
const REFUSAL_COLUMNS: &str = "line,index,property,reason";

/// Checks the contacts of a file, and writes them down where that is wanted.
pub struct Validation<'a> {
    check: Check<'a>,
    accepted: Option<Output<'a>>,
    refused: Option<BufWriter<Box<dyn Write + 'a>>>,
}

impl<'a> Validation<'a> {
    /// By these rules for numbers.
    #[must_use]
    pub fn new(phones: &'a PhoneRules) -> Self {
        Self {
            check: Check {
                phones,
                dedupe: false,
            },
            accepted: None,
            refused: None,
        }
    }

    /// Whether to leave out contacts whose number stands in the file before.
    #[must_use]
    pub fn dedupe(mut self, dedupe: bool) -> Self {
        self.check.dedupe = dedupe;
        self
    }

    /// Where to write the accepted contacts, in canonical form.
    #[must_use]
    pub fn write_accepted(mut self, output: Output<'a>) -> Self {
        self.accepted = Some(output);
        self
    }

    /// Where to write the others, as CSV with line, index, property and reason. It can be mended and read again: its other
    /// columns are those of a file of contacts.
    #[must_use]
    pub fn write_refused(mut self, sink: impl Write + 'a) -> Self {
        self.refused = Some(BufWriter::new(Box::new(sink)));
        self
    }

    /// Checks the whole file.
    ///
    /// # Errors
    /// The file cannot be read to its end, or the outcome cannot be written.
    pub fn run(self, file: ContactFile<'_>) -> Result<Summary, FileError> {
        let Self {
            check,
            mut accepted,
            mut refused,
        } = self;
        if let Some(output) = &mut accepted {
            output.begin(file.campaign())?;
        }
        if let Some(sink) = &mut refused {
            begin_refused(sink)?;
        }
        let pen = Pen {
            accepted: accepted.as_ref().map(Output::format),
            refused: refused.is_some(),
            duplicates: refused.is_some() && check.dedupe,
        };
        let summary = check.run(
            file,
            |checked, into| pen.write(&checked, into),
            |turn| match (turn.verdict, &mut accepted, &mut refused) {
                (Verdict::Accepted(..), Some(output), _) => {
                    output.write(&turn.written[..*turn.made])
                }
                (Verdict::Accepted(..), None, _) | (_, _, None) => Ok(()),
                (_, _, Some(sink)) => write_refusal(&turn, sink),
            },
        )?;
        accepted.map_or(Ok(()), Output::finish)?;
        let flushed = refused.map_or(Ok(()), |mut sink| sink.flush());
        flushed.map_err(FileError::Write)?;
        Ok(summary)
    }
}

/// What of a contact has to be written down, before it is known whether it is a duplicate.
struct Pen {
    accepted: Option<Format>,
    refused: bool,
    duplicates: bool,
}

impl Pen {
    /// Writes its canonical form, and then its form among the refused; returns how long the first is.
    fn write(&self, checked: &Checked<'_>, into: &mut Vec<u8>) -> usize {
        let start = into.len();
        match checked {
            Checked::Refused(draft) if self.refused => {
                render_draft(draft, Format::Csv, into);
                0
            }
            Checked::Refused(_) => 0,
            Checked::Accepted(contact) => {
                if let Some(format) = self.accepted {
                    render_contact(contact, format, into);
                }
                let length = into.len() - start;
                if self.duplicates {
                    render_contact(contact, Format::Csv, into);
                }
                length
            }
        }
    }
}

fn begin_refused(sink: &mut impl Write) -> Result<(), FileError> {
    let columns = Field::ALL.map(Field::name).join(",");
    writeln!(sink, "{REFUSAL_COLUMNS},{columns}").map_err(FileError::Write)
}

fn write_refusal(turn: &Turn<'_, usize>, sink: &mut impl Write) -> Result<(), FileError> {
    let (property, reason) = match turn.verdict {
        Verdict::Refused(fault) => (fault.property(), fault.to_string()),
        Verdict::Duplicate | Verdict::Accepted(..) => (
            Field::PhoneNumber.name(),
            "stands in the file before".to_owned(),
        ),
    };
    let place = [turn.line, turn.index].map(|number| number.to_string());
    let mut line = Vec::new();
    render_csv([&*place[0], &*place[1], property, &*reason], &mut line);
    line.pop();
    line.push(b',');
    line.extend_from_slice(&turn.written[*turn.made..]);
    sink.write_all(&line).map_err(FileError::Write)
}
