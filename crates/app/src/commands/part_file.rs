//! A file that is there as a whole or not at all: it has another name until it is done.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::file_jobs::CouldNotRun;

/// A file on its way. Dropped before [`PartFile::keep`], it leaves nothing behind.
pub(super) struct PartFile {
    /// `None` is standard output.
    names: Option<Names>,
}

struct Names {
    part: PathBuf,
    whole: PathBuf,
    is_kept: bool,
}

/// Whether a path means standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

impl PartFile {
    /// Begins to write a file.
    pub(super) fn create(path: &Path) -> anyhow::Result<(Self, Box<dyn Write>)> {
        if is_stdout(path) {
            return Ok((Self { names: None }, Box::new(io::stdout())));
        }
        let mut part = path.to_owned().into_os_string();
        part.push(".part");
        let names = Names {
            part: part.into(),
            whole: path.to_owned(),
            is_kept: false,
        };
        let file = File::create(&names.part).with_context(|| names.failure())?;
        Ok((Self { names: Some(names) }, Box::new(file)))
    }

    /// Gives it its name: it is done.
    pub(super) fn keep(mut self) -> anyhow::Result<()> {
        if let Some(names) = &mut self.names {
            fs::rename(&names.part, &names.whole).with_context(|| names.failure())?;
            names.is_kept = true;
        }
        Ok(())
    }
}

impl Names {
    fn failure(&self) -> CouldNotRun {
        CouldNotRun::new(format!("{} cannot be written", self.whole.display()))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if let Some(names) = self.names.as_ref().filter(|names| !names.is_kept) {
            // What is gone already need not be removed.
            let _ = fs::remove_file(&names.part);
        }
    }
}
