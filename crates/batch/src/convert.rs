//! The job behind `clarion convert`: contacts from one format to another, as they are.

use crate::blocks::Block;
use crate::checked::{RowFault, Unread};
use crate::contact_file::{ContactFile, Layout};
use crate::error::FileError;
use crate::format::Format;
use crate::json::CampaignHeader;
use crate::pipeline;
use crate::writer::{Output, render_draft};

/// How many unreadable lines are told one by one.
const TOLD: usize = 100;

/// Writes the contacts of a file in another format. Their values stay as they are: whether a contact is valid is not asked.
pub struct Conversion<'a> {
    output: Output<'a>,
    campaign: Option<CampaignHeader>,
}

/// What was converted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Converted {
    /// Contacts written.
    pub contacts: u64,
    /// Lines that are no contacts, and were left out.
    pub unreadable: u64,
    /// The first hundred of them: their lines, and what is wrong.
    pub faults: Vec<(u64, String)>,
}

impl<'a> Conversion<'a> {
    /// To this output.
    #[must_use]
    pub fn new(output: Output<'a>) -> Self {
        Self {
            output,
            campaign: None,
        }
    }

    /// What a JSON campaign says besides its contacts; otherwise what the file says.
    #[must_use]
    pub fn campaign(mut self, campaign: CampaignHeader) -> Self {
        self.campaign = Some(campaign);
        self
    }

    /// Converts the whole file.
    ///
    /// # Errors
    /// The file cannot be read to its end, or the outcome cannot be written.
    pub fn run(mut self, file: ContactFile<'_>) -> Result<Converted, FileError> {
        self.output
            .begin(self.campaign.as_ref().or(file.campaign()))?;
        let ContactFile { mut blocks, layout } = file;
        let format = self.output.format();
        let mut converted = Converted::default();
        pipeline::run(
            || blocks.next(&layout),
            |block| Rendered::of(&block, &layout, format),
            |block| {
                self.output.write_all(&block.text, &block.ends)?;
                converted.contacts += block.ends.len() as u64;
                converted.unreadable += block.faults.len() as u64;
                let room = TOLD - converted.faults.len();
                converted.faults.extend(block.faults.into_iter().take(room));
                block.end.map_err(|unread| unread.after(converted.contacts))
            },
        )?;
        self.output.finish()?;
        Ok(converted)
    }
}

/// The contacts of a block in another format.
struct Rendered {
    text: Vec<u8>,
    ends: Vec<usize>,
    faults: Vec<(u64, String)>,
    end: Result<(), Unread>,
}

impl Rendered {
    fn of(block: &Block, layout: &Layout, format: Format) -> Self {
        let mut line_of = block.lines();
        let (mut text, mut ends, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        let end = layout.read(block, &mut |row| match row.fault {
            None => {
                render_draft(&row.draft, format, &mut text);
                ends.push(text.len());
            }
            Some(fault) => faults.push((line_of(row.at), told(&fault))),
        });
        let end = end.map_err(|misread| Unread::new(misread, block));
        Self {
            text,
            ends,
            faults,
            end,
        }
    }
}

fn told(fault: &RowFault) -> String {
    match fault.property() {
        "" => fault.to_string(),
        property => format!("{property} {fault}"),
    }
}
