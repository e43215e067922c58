//! The file jobs: streams of contacts through the domain, without database and network.
//!
//! A [`ContactFile`] is read in blocks of whole contacts; the blocks are worked on by all cores and come out in the file's
//! order. Memory holds the blocks on their way, and four bytes for each number where duplicates are looked for, however
//! long the file is. Nothing here sends, stores or serves, and nothing here knows a terminal.

mod blocks;
mod checked;
mod contact_file;
mod convert;
mod error;
mod field;
mod format;
mod json;
mod number_set;
mod pipeline;
mod preview;
mod source;
mod summary;
mod table;
mod validate;
mod writer;

pub use contact_file::{ContactFile, ReadOptions};
pub use convert::{Conversion, Converted};
pub use encoding_rs::Encoding as FileEncoding;
pub use error::FileError;
pub use field::Field;
pub use format::Format;
pub use json::CampaignHeader;
pub use preview::{Previewed, Previewing};
pub use summary::{Reason, Summary};
pub use table::Column;
pub use validate::Validation;
pub use writer::{Output, render_csv};
